/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { BaseUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';

/** Datadog's sites; a key belongs to one of them (API reference, "Submit metrics"). */
const sites = [
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
  'ddog-gov.com',
  'us2.ddog-gov.com',
] as const;

const keyError = { error: 'must begin with a letter and have letters, digits, dots, dashes, slashes and underscores' };

export const DatadogConfig = z
  .strictObject({
    kind: z.literal('datadog'),
    name: OperatorName.default('datadog').meta({ description: 'Value of the `sink` label.' }),
    site: z
      .enum(sites)
      .default('datadoghq.com')
      .meta({ description: 'Site of the organisation, to which its keys belong.' }),
    url: BaseUrl.optional().meta({
      description:
        'Base URL of a proxy or of another receiver of this API, in place of `https://api.<site>`; `/api/v2/series` and `/api/v1/distribution_points` are added.',
    }),
    plaintext: Plaintext,
    apiKey: SecretRef.meta({ description: 'API key of the organisation; an application key is not needed.' }),
    tags: z
      .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_./-]*$/, keyError), z.string().min(1))
      .default({})
      .meta({ description: 'Tags on every metric that has none of that key, such as `env: production`.' }),
    resources: z
      .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_./-]*$/, keyError), z.string().min(1))
      .default({})
      .meta({ description: 'What the metrics belong to, by type, such as `host: build-farm`; default: nothing.' }),
    compat: z.boolean().default(false).meta({
      description:
        'Whether figures of Buildkite have the names of its own tool (StatsD with tags), under `buildkite.`.',
    }),
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by Prometheus name.' }),
    tls: TlsSettings.optional(),
  })
  .refine(({ url, plaintext }) => url === undefined || isTlsOrAllowed({ url, plaintext }), plaintextError)
  .meta({ id: 'DatadogSink', description: 'Datadog by its API, without an agent.' });

export type DatadogConfig = z.infer<typeof DatadogConfig>;

/** Where requests go, without a slash at the end. */
export function resolveBaseUrl({ site, url }: Pick<DatadogConfig, 'site' | 'url'>): string {
  return (url ?? `https://api.${site}`).replace(/\/+$/, '');
}
