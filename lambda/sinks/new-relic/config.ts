/** The settings of the sink, and the addresses that follow from them. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { BaseUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';
import { isAllowedKey } from './encode/clean-attributes.ts';
import type { Api } from './encode/split-requests.ts';
import { maxCommonCharacters, maxValueLength } from './limits.ts';

/**
 * New Relic documentation, "Choose your data center" and "FedRAMP-compliant endpoints". Japan is reached by `url` and
 * `eventsUrl`, because the documentation names two different hosts.
 */
const hosts: Readonly<Record<'us' | 'eu' | 'fedramp', Readonly<Record<Api, string>>>> = {
  us: { metrics: 'https://metric-api.newrelic.com', events: 'https://insights-collector.newrelic.com' },
  eu: { metrics: 'https://metric-api.eu.newrelic.com', events: 'https://insights-collector.eu01.nr-data.net' },
  fedramp: { metrics: 'https://gov-metric-api.newrelic.com', events: 'https://gov-insights-collector.newrelic.com' },
};

const keyError = {
  error:
    'must have letters, digits, colons, dots and underscores only, and must be no name that New Relic keeps for itself, such as value or timestamp',
};

export const NewRelicConfig = z
  .strictObject({
    kind: z.literal('new-relic'),
    name: OperatorName.default('new-relic').meta({ description: 'Value of the `sink` label.' }),
    region: z.enum(['us', 'eu', 'fedramp']).default('us').meta({ description: 'Data center of the account.' }),
    url: BaseUrl.optional().meta({
      description:
        'Base URL of a proxy, or of another data center, in place of that of `region`; `/metric/v1` is added.',
    }),
    eventsUrl: BaseUrl.optional().meta({
      description:
        'The same for events, to which `/v1/accounts/<account>/events` is added; default: `url`, else that of `region`.',
    }),
    plaintext: Plaintext,
    apiKey: SecretRef.meta({ description: 'License key of the account; a user key is not taken.' }),
    account: z.int().min(1).optional().meta({ description: 'Number of the account; needed with `compat`.' }),
    attributes: z
      .record(z.string().refine(isAllowedKey, keyError), z.string().min(1).max(maxValueLength))
      .default({})
      .refine((attributes) => JSON.stringify(attributes).length <= maxCommonCharacters, {
        error: `must have at most ${String(maxCommonCharacters)} characters together`,
      })
      .meta({ description: 'Attributes on every metric that has none of that key, such as `env: production`.' }),
    compat: z.boolean().default(false).meta({
      description:
        'Whether figures of Buildkite are sent as the events of its own tool, `BuildkiteQueueMetrics` and `queue_agent_metrics`, and not as metrics.',
    }),
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by Prometheus name.' }),
    tls: TlsSettings.optional(),
  })
  .refine(({ compat, account }) => !compat || account !== undefined, {
    path: ['account'],
    error: 'is needed with compat: true: the number of the account stands in the address of its events',
  })
  .refine(({ url, plaintext }) => url === undefined || isTlsOrAllowed({ url, plaintext }), plaintextError)
  .refine(({ eventsUrl: url, plaintext }) => url === undefined || isTlsOrAllowed({ url, plaintext }), {
    error: plaintextError.error,
    path: ['eventsUrl'],
  })
  .meta({ id: 'NewRelicSink', description: 'New Relic by its Metric API and its Event API.' });

export type NewRelicConfig = z.infer<typeof NewRelicConfig>;

/** Where requests go. A slash at the end of a path would be answered 404. */
export function buildAddress(api: Api, { region, url, eventsUrl, account }: NewRelicConfig): URL {
  const base = (api === 'events' ? (eventsUrl ?? url) : url) ?? hosts[region][api];
  const path = api === 'events' ? `/v1/accounts/${String(account)}/events` : '/metric/v1';
  return new URL(`${base.replace(/\/+$/, '')}${path}`);
}
