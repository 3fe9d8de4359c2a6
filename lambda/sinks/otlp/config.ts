/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { createHeaderSettings } from '../../http/auth/custom-headers.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { HttpUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';
import { OtlpAuth } from './receiver/auth.ts';
import {
  cloudWatchTraces,
  locationAttributes,
  type Preset,
  presetNames,
  presets,
  projectAttribute,
} from './receiver/presets.ts';

/** Headers that the protocol, the connection or the signature owns. */
const ownHeader =
  /^(content-type|content-encoding|content-length|transfer-encoding|accept-encoding|user-agent|host|authorization|x-amz-.*)$/i;

const attributeKey = z.string().regex(/^\S+$/, { error: 'must not be empty or have blanks' });

export const OtlpConfig = z
  .strictObject({
    kind: z.literal('otlp'),
    name: OperatorName.default('otlp').meta({ description: 'Value of the `sink` label.' }),
    preset: z.enum(presetNames).optional().meta({
      description:
        'A known receiver: sets URL, limits, temporality and the header of `apiKey`, as far as they are known.',
    }),
    url: HttpUrl.optional().meta({
      description:
        'Base URL of the receiver, such as `https://collector.example.com:4318`; `/v1/metrics` is added to it, as to OTEL_EXPORTER_OTLP_ENDPOINT.',
    }),
    plaintext: Plaintext,
    encoding: z.enum(['protobuf', 'json']).default('protobuf').meta({ description: 'How messages are written.' }),
    compression: z.enum(['gzip', 'none']).default('gzip').meta({ description: 'How messages are compressed.' }),
    temporality: z.enum(['cumulative', 'delta']).optional().meta({
      description:
        '`cumulative`: sums and histograms since counting began, which repair themselves; `delta`: what each run added, for receivers that add up. Default: that of the preset, else cumulative.',
    }),
    histograms: z.enum(['explicit', 'exponential']).default('explicit').meta({
      description: 'Buckets with the bounds of the configuration, or exponential ones.',
    }),
    naming: z.enum(['ci', 'semconv']).default('ci').meta({
      description:
        '`ci`: the names of the metric catalogue; `semconv`: those of the OpenTelemetry conventions for CI/CD, and `ci.…` where there are none.',
    }),
    compat: z.boolean().default(false).meta({
      description: 'Whether figures of Buildkite have the OpenTelemetry names of its own tool.',
    }),
    exemplars: z.enum(['send', 'omit']).default('send').meta({
      description: 'Whether histograms carry the address and the commit of one run a bucket.',
    }),
    endedSeries: z.enum(['mark', 'omit']).default('mark').meta({
      description:
        'Whether the end of a series is told by a point without a value (NO_RECORDED_VALUE); `omit` for a receiver that refuses such points.',
    }),
    traces: z.enum(['omit', 'finished-runs']).default('omit').meta({
      description:
        '`finished-runs`: sends each run that finishes as a trace, with a span for each of its jobs whose times are known, to `/v1/traces` of the same receiver.',
    }),
    attributes: z.record(attributeKey, z.string().min(1)).default({}).meta({
      description: 'Attributes added to every point and span that has none of that name.',
    }),
    resource: z.record(attributeKey, z.string().min(1)).default({}).meta({
      description:
        'Attributes of the resource; they win over `service.name`, `service.version` and `service.instance.id`.',
    }),
    metrics: Selection.optional().meta({
      description: 'Which metrics to publish, by the name in the metric catalogue.',
    }),
    pointsPerRequest: z.int().min(1).max(100_000).optional().meta({
      description:
        'Points in one request; default: what the preset allows, else 10,000. Not more than a receiver takes: 1,000 at CloudWatch, 200 at Google Cloud.',
    }),
    bytesPerRequest: z
      .int()
      .min(10_000)
      .max(20 * 1024 * 1024)
      .optional()
      .meta({
        description:
          'Bytes of one request before compression; default: what the preset allows, else 4 MiB. Not more than a receiver takes: 1,000,000 at CloudWatch and New Relic, 512,000 at Datadog.',
      }),
    parallelRequests: z.int().min(1).max(16).default(4).meta({ description: 'Requests side by side.' }),
    apiKey: SecretRef.optional().meta({ description: 'Key of the account, for presets that send it in a header.' }),
    headers: createHeaderSettings(ownHeader, 'use auth for Authorization'),
    auth: OtlpAuth.optional(),
    signingService: z.string().min(1).default('monitoring').meta({
      description: 'Name of the AWS service that `sigv4` signs for; `monitoring` is CloudWatch.',
    }),
    tls: TlsSettings.optional(),
  })
  .superRefine((config, context) => {
    for (const [setting, message] of checkPreset(config))
      context.addIssue({ code: 'custom', path: [setting], message });
  })
  .refine(({ url, plaintext }) => url === undefined || isTlsOrAllowed({ url, plaintext }), plaintextError)
  .meta({
    id: 'OtlpSink',
    description:
      'OTLP over HTTP: an OpenTelemetry Collector, CloudWatch, Google Cloud, Grafana Cloud, New Relic, Datadog and others.',
  });

export type OtlpConfig = z.infer<typeof OtlpConfig>;

type Finding = readonly [setting: keyof OtlpConfig, message: string];

type Checked = Pick<
  OtlpConfig,
  | 'preset'
  | 'url'
  | 'auth'
  | 'apiKey'
  | 'temporality'
  | 'traces'
  | 'signingService'
  | 'resource'
  | 'pointsPerRequest'
  | 'bytesPerRequest'
>;

/** What a preset needs, and what does not go with it. */
function checkPreset(config: Checked): readonly Finding[] {
  return [
    ...checkUrl(config),
    ...checkKey(config),
    ...checkAuth(config),
    ...checkResource(config),
    ...checkTemporality(config),
    ...checkTraces(config),
    ...checkSize(config),
  ];
}

function checkUrl({ preset, url }: Checked): readonly Finding[] {
  const isKnown =
    url !== undefined || preset === 'cloudwatch' || (preset !== undefined && presets[preset].url !== undefined);
  return isKnown ? [] : [['url', 'is needed: the base URL of the receiver, without /v1/metrics']];
}

function checkKey({ preset, apiKey }: Checked): readonly Finding[] {
  const takesKey = preset !== undefined && presets[preset].keyHeader !== undefined;
  if (takesKey === (apiKey !== undefined)) return [];
  return takesKey
    ? [['apiKey', `is needed by the preset ${preset}`]]
    : [['apiKey', 'belongs to the presets datadog and new-relic; use headers or auth']];
}

const neededAuth: Readonly<Record<Exclude<Preset['needs'], 'apiKey' | undefined>, string>> = {
  sigv4: 'CloudWatch takes signed requests only; set auth: { sigv4: { region: … } }',
  basic: 'Grafana Cloud takes the number of the instance and a token; set auth: { basic: { username, password } }',
  google:
    'Google Cloud takes its own tokens only; set auth: { google: { federation: … } }, or serviceAccountKey or bearer in place of federation',
};

function checkAuth({ preset, auth }: Checked): readonly Finding[] {
  const need = preset === undefined ? undefined : presets[preset].needs;
  if (auth !== undefined && 'google' in auth && need !== 'google')
    return [['auth', 'tokens of Google Cloud are for Google Cloud only; set preset: google-cloud']];
  if (need === undefined || need === 'apiKey' || (auth !== undefined && need in auth)) return [];
  return [['auth', neededAuth[need]]];
}

/** Google Cloud takes from the resource where the data belongs. */
function checkResource({ preset, resource }: Checked): readonly Finding[] {
  if (preset !== 'google-cloud') return [];
  const hasProject = resource[projectAttribute] !== undefined;
  const hasLocation = locationAttributes.some((name) => resource[name] !== undefined);
  return [
    ...(hasProject
      ? []
      : [['resource', 'Google Cloud needs to know the project; set resource: { gcp.project_id: … }'] as const]),
    ...(hasLocation
      ? []
      : [['resource', 'Google Cloud rejects points without a place; set resource: { cloud.region: … }'] as const]),
  ];
}

function checkTemporality({ preset, temporality }: Checked): readonly Finding[] {
  if (preset === 'datadog' && temporality === 'cumulative')
    return [['temporality', 'Datadog takes sums and histograms as increases only; leave it out, or set delta']];
  if (preset === 'google-cloud' && temporality === 'delta')
    return [['temporality', 'Google Cloud takes running totals only; leave it out, or set cumulative']];
  return [];
}

/** What is signed for `monitoring` goes to CloudWatch, with a preset and without. */
function checkTraces({ preset, traces, auth, signingService }: Checked): readonly Finding[] {
  if (traces === 'omit') return [];
  const isCloudWatch = auth !== undefined && 'sigv4' in auth && signingService === 'monitoring';
  const reason = preset === undefined ? undefined : presets[preset].tracesElsewhere;
  const elsewhere = reason ?? (isCloudWatch ? cloudWatchTraces : undefined);
  return elsewhere === undefined ? [] : [['traces', elsewhere]];
}

/** What is larger than a receiver takes is refused by it as a whole, so such a setting would lose every large request. */
function checkSize({ preset, ...config }: Checked): readonly Finding[] {
  if (preset === undefined) return [];
  const { limits } = presets[preset];
  return limits.hard.flatMap((limit): readonly Finding[] => {
    const setting = `${limit}PerRequest` as const;
    const most = limits[limit];
    if ((config[setting] ?? most) <= most) return [];
    const message = `is more than the ${String(most)} ${limit} that ${preset} takes in one request; lower it, or leave it out`;
    return [[setting, message]];
  });
}
