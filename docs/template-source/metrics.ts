import { queueJobs } from '../../lambda/model/catalogue.ts';

/** Everything that this source may ever emit; a neutral metric that is missing belongs into the catalogue first. */
export const exampleMetrics = [queueJobs] as const;
