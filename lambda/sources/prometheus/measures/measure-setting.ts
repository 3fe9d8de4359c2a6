/** The settings of a measure: a metric for sinks that keep no series. */
import * as z from 'zod';

export const MetricName = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, { error: 'must be a Prometheus metric name' });
export const LabelName = z
  .string()
  .regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'must be a Prometheus label name' });

export const Measure = z
  .strictObject({
    metric: MetricName.meta({ description: 'Name of the series; of a histogram without `_bucket`.' }),
    type: z.enum(['gauge', 'counter', 'histogram']).meta({
      description: 'A `counter` or `histogram` is sent as its increase since the last run, a `gauge` as it is.',
    }),
    labels: z
      .array(LabelName.refine((name) => name !== 'job' && name !== 'instance', { error: 'is kept anyhow' }))
      .max(8)
      .default([])
      .meta({ description: 'Labels that are kept as dimensions; series that differ in others are added up.' }),
  })
  .meta({ id: 'Measure', description: 'A metric for sinks that keep no series, such as CloudWatch.' });
export type Measure = z.infer<typeof Measure>;
