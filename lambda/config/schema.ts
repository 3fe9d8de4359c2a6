/** The schema of the whole configuration: what the function reads, and what only the stack reads. */
import * as z from 'zod';
import { Alarms, Deployment } from './deployment.ts';
import { RuntimeConfig } from './runtime-config.ts';

/** The one schema: the stack checks it at synth, the function at start-up, editors as JSON Schema. */
export const CollectorConfig = z
  .strictObject({
    ...RuntimeConfig.shape,
    alarms: Alarms.prefault({}),
    deployment: Deployment.prefault({}),
  })
  .meta({ id: 'CollectorConfig', title: 'collector.yaml', description: 'Configuration of the CI metrics collector.' });

export type CollectorConfig = z.infer<typeof CollectorConfig>;
