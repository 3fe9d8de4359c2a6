/** The settings of the source `prometheus`, and their checks. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed, Plaintext } from '../../http/plaintext.ts';
import { HttpUrl, SignableAuth, TlsSettings } from '../../http/settings.ts';
import { formats } from '../../prometheus-text/families/family-rules.ts';
import { formatInstance } from './relabel/instance.ts';
import { LabelName, Measure, MetricName } from './measures/measure-setting.ts';
import { profileNames } from './profiles.ts';

/** A hundred years: whatever a receiver still takes. */
const maxAgeMinutes = 100 * 365 * 24 * 60;

/** More than any page has that fits the function's memory. */
const maxLimit = 10_000_000;

/** Longer patterns are a mistake; the text of a whole allow-list fits. */
const maxPatternLength = 1000;

const RelabelRule = z
  .strictObject({
    action: z.enum(['keep', 'drop', 'replace', 'labelmap', 'labeldrop', 'labelkeep']).default('replace').meta({
      description:
        '`keep` and `drop` whole series, `replace` writes a label, `labelmap` renames, `labeldrop` and `labelkeep` choose labels by name.',
    }),
    sourceLabels: z
      .array(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'must be a label name' }))
      .default([])
      .meta({ description: 'Labels whose values are joined and matched; `__name__` is the name of the metric.' }),
    separator: z.string().default(';').meta({ description: 'Stands between the joined values.' }),
    // Whether it is a pattern at all is checked before it is deployed (check-patterns.ts).
    regex: z.string().max(maxPatternLength).default('(.*)').meta({
      description: 'Matches the whole text, in the syntax of RE2.',
    }),
    targetLabel: z.string().min(1).optional().meta({ description: 'Label that `replace` writes.' }),
    replacement: z.string().default('$1').meta({ description: 'May use `$1`, `${1}` and `${name}`.' }),
  })
  .refine(({ action, targetLabel }) => (action === 'replace') === (targetLabel !== undefined), {
    error: 'targetLabel belongs to replace, and replace needs it',
    path: ['targetLabel'],
  })
  .refine(({ action, sourceLabels }) => !['keep', 'drop'].includes(action) || sourceLabels.length > 0, {
    error: 'keep and drop need labels to look at',
    path: ['sourceLabels'],
  })
  .meta({ id: 'RelabelRule', description: 'One rule of Prometheus’ metric_relabel_configs.' });
export type RelabelRule = z.infer<typeof RelabelRule>;

const Target = z
  .strictObject({
    url: HttpUrl.meta({ description: 'Of the metrics page, for example `https://host:9090/metrics`.' }),
    instance: z.string().min(1).max(128).optional().meta({ description: 'Label `instance`; default: host and port.' }),
    labels: z.record(LabelName, z.string().min(1).max(128)).default({}).meta({ description: 'Added to every series.' }),
  })
  .meta({ id: 'ScrapeTarget', description: 'One metrics page.' });
export type Target = z.infer<typeof Target>;

/** Equal for targets whose series would have the same labels; `job` is the same for all targets of a source. */
function formatLabelsKey({ labels, ...target }: Target): string {
  const own = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.hasOwn(labels, 'instance') ? own : [formatInstance(target), own]);
}

export const PrometheusConfig = z
  .strictObject({
    kind: z.literal('prometheus'),
    name: OperatorName.default('prometheus').meta({ description: 'Value of the `source` label.' }),
    job: z.string().min(1).max(128).optional().meta({ description: 'Label `job`; default: the name of the source.' }),
    profile: z.enum(profileNames).optional().meta({
      description: 'A ready-made allow-list of metrics; `metrics.include` replaces it.',
    }),
    targets: z.array(Target).min(1).max(100).meta({
      description: 'The pages to read, all with the same credential.',
    }),
    plaintext: Plaintext,
    auth: SignableAuth.optional(),
    sigv4Service: z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .default('aps')
      .meta({ description: 'Signing name of the service that `auth.sigv4` signs for.' }),
    tls: TlsSettings.optional(),
    prefer: z.enum(['text', 'openmetrics']).default('text').meta({
      description: 'Format that is asked for first; OpenMetrics has exemplars and start times.',
    }),
    utf8Names: z.enum(['escape', 'keep']).default('escape').meta({
      description: '`keep` asks for the UTF-8 names of Prometheus 3, which not every receiver takes.',
    }),
    fallbackFormat: z.enum(formats).optional().meta({
      description:
        'Format of a page whose `Content-Type` is missing or names no metrics page, as `fallback_scrape_protocol` of Prometheus.',
    }),
    timeoutSeconds: z.int().min(1).max(120).default(10).meta({ description: 'For one target.' }),
    metrics: Selection.optional().meta({ description: 'Which metrics to keep, by the name on the page.' }),
    rename: z.record(MetricName, MetricName).default({}).meta({ description: 'New names of metrics, by old names.' }),
    relabel: z.array(RelabelRule).max(50).default([]).meta({ description: 'As metric_relabel_configs, after rename.' }),
    honorLabels: z.boolean().default(false).meta({
      description: '`true`: a label on the page wins over job, instance and target labels.',
    }),
    honorTimestamps: z.boolean().default(true).meta({ description: '`false`: the time of the run stands for those.' }),
    maxSampleAgeMinutes: z.int().min(1).max(maxAgeMinutes).optional().meta({
      description:
        'Samples whose own time lies further back are left out; default: all are sent, and receivers decide.',
    }),
    limits: z
      .strictObject({
        samples: z.int().min(0).max(maxLimit).default(50_000).meta({ description: 'Series of a target; 0: no limit.' }),
        labels: z.int().min(0).max(maxLimit).default(0).meta({
          description: 'Labels of a series, its name among them; 0: no limit.',
        }),
        labelValueLength: z.int().min(0).max(maxLimit).default(0).meta({
          description: 'Characters of a value; 0: no limit.',
        }),
        megabytes: z.int().min(1).max(128).default(32).meta({ description: 'Of a page, decompressed.' }),
      })
      .prefault({})
      .meta({
        description: 'Counted after relabelling, as in Prometheus; a target that passes one of them fails as a whole.',
      }),
    measures: z
      .union([z.literal('profile'), z.array(Measure).max(100)])
      .default([])
      .meta({
        description:
          'Metrics for sinks that do not get the page as it is, such as `cloudwatch` and `datadog`: levels, and increases of counters.',
      }),
  })
  .refine(({ targets, plaintext }) => targets.every(({ url }) => isTlsOrAllowed({ url, plaintext })), {
    error: 'an http:// URL sends everything readable; use https:// or set plaintext: allow',
    path: ['targets'],
  })
  .refine(
    ({ targets }) => new Set(targets.map(({ url, instance }) => `${url} ${instance ?? ''}`)).size === targets.length,
    {
      error: 'names the same target twice',
      path: ['targets'],
    },
  )
  .superRefine(({ targets }, context) => {
    // One that is no URL has an error of its own, and no host to be told apart by.
    const readable = [...targets.entries()].filter(([, { url }]) => URL.canParse(url));
    for (const [position, [index, target]] of readable.entries()) {
      const [, twin] =
        readable.slice(0, position).find(([, other]) => formatLabelsKey(other) === formatLabelsKey(target)) ?? [];
      if (twin === undefined || twin.url === target.url) continue;
      const message = `has the same labels as another target (instance ${formatInstance(target)}), so that one would overwrite the other; give each an instance of its own`;
      context.addIssue({ code: 'custom', path: ['targets', index, 'instance'], message });
    }
  })
  .refine(({ measures, profile }) => measures !== 'profile' || profile !== undefined, {
    error: 'there is no profile whose measures could be used',
    path: ['measures'],
  })
  .meta({ id: 'PrometheusSource', description: 'Any endpoint with a Prometheus or OpenMetrics page.' });

export type PrometheusConfig = z.infer<typeof PrometheusConfig>;
