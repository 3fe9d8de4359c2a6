/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { externalIdError, hasRoleForExternalId, roleSettings } from '../../http/auth/role-settings.ts';

const createAsciiText = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/, { error: 'must be printable ASCII and not blank' });

/** CloudWatch API reference, Dimension and PutMetricData: names and namespaces must not start with a colon. */
const asciiName = createAsciiText(255).refine((text) => !text.startsWith(':'), {
  error: 'must not start with a colon',
});

/** CloudWatch user guide, "Namespaces": of what they may consist. */
const namespaceText = /^[A-Za-z0-9._\-/#: ]+$/;

/** In quotes in the searches of the dashboard and in the queries of alarms, which know no way to write a quote. */
const dimensionText = asciiName.refine((text) => !/["\\]/.test(text), { error: 'must have no quote and no backslash' });

/** PutMetricData takes 30 dimensions a metric; ten are kept for the metrics' own. */
const maxExtraDimensions = 20;

export const CloudWatchConfig = z
  .strictObject({
    kind: z.literal('cloudwatch'),
    name: OperatorName.default('cloudwatch').meta({ description: 'Value of the `sink` label.' }),
    region: z.string().min(1).optional().meta({ description: 'AWS Region; default: the Region of the function.' }),
    ...roleSettings,
    namespace: asciiName
      // `/Collector` is added for the collector's own metrics, and 255 characters are the limit.
      .max(245)
      .regex(namespaceText, { error: 'must be of letters, digits, blanks and ._-/#:' })
      .refine((text) => !text.startsWith('AWS/'), { error: 'must not start with AWS/, which belongs to AWS services' })
      .default('CI')
      .meta({
        description:
          'Namespace of the neutral metrics; with `collectorMetrics: api` the collector itself is in `<namespace>/Collector`.',
      }),
    dimensions: z
      .record(dimensionText, createAsciiText(1024))
      .refine((dimensions) => Object.keys(dimensions).length <= maxExtraDimensions, {
        error: `must be at most ${String(maxExtraDimensions)}: CloudWatch takes 30 dimensions a metric`,
      })
      .default({})
      .meta({ description: 'Extra dimensions on every metric that has any, for example `Environment: production`.' }),
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by CloudWatch metric name.' }),
    bareTotals: z
      .enum(['publish', 'omit'])
      .default('publish')
      .meta({ description: 'The totals without dimensions that buildkite-agent-metrics publishes.' }),
    resolution: z.enum(['interval', 'standard']).default('interval').meta({
      description:
        '`interval`: points finer than a minute are kept as such while the interval is below one; `standard`: CloudWatch keeps one a minute, whose alarms cost a third.',
    }),
    collectorMetrics: z.enum(['embedded', 'api']).default('embedded').meta({
      description:
        '`embedded`: the function logs its own metrics in embedded metric format, so that they arrive even when this sink fails; `api`: this sink sends them, for runs outside AWS Lambda.',
    }),
  })
  .refine(hasRoleForExternalId, externalIdError)
  .meta({ id: 'CloudWatchSink', description: 'Amazon CloudWatch by PutMetricData.' });

export type CloudWatchConfig = z.infer<typeof CloudWatchConfig>;
