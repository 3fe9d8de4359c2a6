/** Everything that this source may ever send; a neutral metric that is missing belongs into the catalogue first. */
import { queueJobs } from '../../lambda/model/catalogue/queue-metrics.ts';

export const exampleMetrics = [queueJobs] as const;
