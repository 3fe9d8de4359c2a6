import * as z from 'zod';
import { sinks } from '../sinks/index.ts';
import { sources } from '../sources/index.ts';
import { Interval } from './interval.ts';
import { OperatorName } from './names.ts';

const [firstSource, ...moreSources] = sources.map(({ config }) => config);
const [firstSink, ...moreSinks] = sinks.map(({ config }) => config);
if (firstSource === undefined || firstSink === undefined) throw new Error('the registries are empty');

/** Any source, by its `kind`. */
export const SourceConfig = z.discriminatedUnion('kind', [firstSource, ...moreSources]);
/** Any sink, by its `kind`. */
export const SinkConfig = z.discriminatedUnion('kind', [firstSink, ...moreSinks]);

/**
 * The part of the configuration that travels in the function's asset: without what only the stack needs. Not made from
 * the whole schema by leaving out: the function would build the rest in every cold start, a tenth of its CPU time.
 */
export const RuntimeConfig = z.strictObject({
  collector: OperatorName.default('ci-metrics').meta({
    description: 'Name of this deployment. It tells two collectors apart that write to the same place.',
  }),
  interval: Interval,
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .meta({ description: 'Least level that is logged.' }),
  secretCacheMinutes: z
    .int()
    .min(0)
    .max(60)
    .default(5)
    .meta({ description: 'How long a secret value is kept in memory; a refused one is read again at once.' }),
  seriesPerMetric: z
    .int()
    .min(10)
    .max(100_000)
    .default(500)
    .meta({ description: 'Most queues (or pipelines) a source may have in one metric; the rest is one `#other#`.' }),
  collectorNamespace: z
    .string()
    .regex(/^(?!AWS\/)[A-Za-z0-9._\-/#:]{1,255}$/, {
      error: 'must be a CloudWatch namespace that does not start with AWS/',
    })
    .default('CI/Collector')
    .meta({ description: 'CloudWatch namespace of the metrics that the function logs about itself.' }),
  sources: z.array(SourceConfig).min(1).meta({ description: 'What to read.' }),
  sinks: z.array(SinkConfig).min(1).meta({ description: 'Where to publish.' }),
});
export type RuntimeConfig = z.infer<typeof RuntimeConfig>;

/** Another alarm threshold must not change the function, so it is left out. */
export function runtimeConfigOf(config: RuntimeConfig): RuntimeConfig {
  return RuntimeConfig.strip().parse(config);
}
