/** The settings that the function reads: sources, sinks, the interval and how finished runs are counted. */
import * as z from 'zod';
import { sinks } from '../sinks/index.ts';
import { sources } from '../sources/index.ts';
import { Interval } from '../settings/interval.ts';
import { defaultCollector } from '../model/for-sinks/cloud-watch-shape.ts';
import { durationBounds, waitBounds } from '../model/catalogue/bounds.ts';
import { Prices } from '../settings/prices.ts';
import { OperatorName } from '../settings/operator-name.ts';

const [firstSource, ...moreSources] = sources.map(({ config }) => config);
const [firstSink, ...moreSinks] = sinks.map(({ config }) => config);
if (firstSource === undefined || firstSink === undefined) throw new Error('the registries are empty');

/** Any source, by its `kind`. */
export const SourceConfig = z.discriminatedUnion('kind', [firstSource, ...moreSources]);
/** Any sink, by its `kind`. */
export const SinkConfig = z.discriminatedUnion('kind', [firstSink, ...moreSinks]);

/** Each bound is a series of its own for each label set, so their number is a price. */
const maxBounds = 30;

const buildBoundsSchema = (kind: string, defaults: readonly number[]) =>
  z
    .array(z.number().positive())
    .min(1)
    .max(maxBounds)
    .refine((list) => list.every((bound, index) => index === 0 || bound > (list[index - 1] ?? 0)), {
      error: 'must rise from each bound to the next',
    })
    .default([...defaults])
    .meta({
      description: `Upper bounds of the histograms of ${kind}, in seconds. A change begins all of these histograms anew.`,
    });

/** How finished runs and jobs are counted; only for sources that count any. */
const Counting = z
  .strictObject({
    waitBounds: buildBoundsSchema('waiting times', waitBounds),
    durationBounds: buildBoundsSchema('durations', durationBounds),
    finishedRuns: z.enum(['log', 'omit']).default('omit').meta({
      description: '`log`: one structured log line for each finished run, with its result, times and URL.',
    }),
    backfillHours: z.int().min(0).max(48).default(0).meta({
      description:
        'How many hours before the installation are read in the first run, for sinks that take old timestamps (CloudWatch); running totals always begin at 0.',
    }),
  })
  .prefault({})
  .meta({ description: 'How finished runs and jobs are counted.' });

/**
 * The part of the configuration that travels in the function's asset: without what only the stack needs. Not made from
 * the whole schema by leaving out: the function would build the rest in every cold start, a tenth of its CPU time.
 */
export const RuntimeConfig = z.strictObject({
  collector: OperatorName.default(defaultCollector).meta({
    description:
      'Name of this deployment. It tells two collectors apart that write to the same place: any other name than the default is the dimension `Collector` of its CloudWatch metrics.',
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
  queuesPerMetric: z
    .int()
    .min(10)
    .max(100_000)
    .default(10_000)
    .meta({ description: 'Most queues a source may have in one metric; the rest is one `#other#`, and a problem.' }),
  seriesPerMetric: z.int().min(10).max(100_000).default(500).meta({
    description:
      'Most pipelines, branches or other names without a bound a source may have in one metric; the rest is one `#other#`, and a problem.',
  }),
  counting: Counting,
  prices: Prices.optional(),
  collectorNamespace: z
    .string()
    .regex(/^(?!AWS\/|:)[A-Za-z0-9._\-/#:]{1,255}$/, {
      error: 'must be a CloudWatch namespace that does not start with AWS/ or a colon',
    })
    .default('CI/Collector')
    .meta({ description: 'CloudWatch namespace of the metrics that the function logs about itself.' }),
  sources: z.array(SourceConfig).min(1).meta({ description: 'What to read.' }),
  sinks: z.array(SinkConfig).min(1).meta({ description: 'Where to publish.' }),
});
export type RuntimeConfig = z.infer<typeof RuntimeConfig>;

/** Another alarm threshold must not change the function, so it is left out. */
export function extractRuntimeConfig(config: RuntimeConfig): RuntimeConfig {
  return RuntimeConfig.strip().parse(config);
}
