import { CollectorConfig } from '../config/schema.ts';
import type { DemoSettings } from './demo-settings.ts';

/** The page that the demo serves. */
const pageSink = 'page';

const apiTokenVariable = 'DEMO_API_TOKEN';
const attestationTokenVariable = 'DEMO_CHAINLOOP_TOKEN';

/** A run every few seconds needs more than Buildkite allows a user for one a minute. */
export const demoLimits = { requestsPerMinute: 10_000, pointsPerFiveMinutes: 1_000_000 } as const;

export interface SimulatedAccount {
  /** Base URLs of the simulated APIs. */
  readonly endpoint: string;
  readonly restEndpoint: string;
  readonly graphqlEndpoint: string;
  /** A user's. */
  readonly apiToken: string;
  /** One a cluster. */
  readonly agentTokens: readonly string[];
  /** Queues without agent figures. */
  readonly hostedQueues: readonly string[];
}

/** The simulated organization of Chainloop, whose attestations the demo reads beside the builds. */
export interface SimulatedOrganization {
  readonly url: string;
  readonly organization: string;
  readonly apiToken: string;
}

export interface DemoConfig {
  readonly config: CollectorConfig;
  /** Holds the tokens that the configuration refers to. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What an operator would write for this fleet: the demo has no way of its own into the pipeline. */
export function demoConfig(
  account: SimulatedAccount,
  { url, organization, apiToken: attestationToken }: SimulatedOrganization,
  settings: DemoSettings,
): DemoConfig {
  const { endpoint, restEndpoint, graphqlEndpoint, agentTokens, hostedQueues, apiToken } = account;
  const tokens = agentTokens.map((token, index) => ({ env: `DEMO_AGENT_TOKEN_${String(index + 1)}`, token }));
  const config = CollectorConfig.parse({
    collector: 'demo',
    // The least that a configuration allows; the demo decides by itself when it runs.
    interval: '5 seconds',
    sources: [
      {
        kind: 'buildkite',
        name: 'demo',
        endpoint,
        restEndpoint,
        graphqlEndpoint,
        agentTokens: tokens.map(({ env }) => ({ env })),
        apiToken: { env: apiTokenVariable },
        hostedQueues,
        ...demoLimits,
      },
      { kind: 'chainloop', name: 'attestations', url, organization, token: { env: attestationTokenVariable } },
    ],
    sinks: [
      { kind: 'scrape-page', name: pageSink, listen: `127.0.0.1:${String(settings.port)}` },
      ...toUrl(settings.pushUrl, { kind: 'pushgateway', name: 'push' }),
      ...toUrl(settings.remoteWriteUrl, { kind: 'remote-write', name: 'remote-write' }),
    ],
  });
  const variables = {
    ...Object.fromEntries(tokens.map(({ env, token }) => [env, token])),
    [apiTokenVariable]: apiToken,
    [attestationTokenVariable]: attestationToken,
  };
  return { config, variables };
}

/** Simulated figures are no secret, so they may travel readable. */
function toUrl(url: string | undefined, sink: { readonly kind: string; readonly name: string }): readonly object[] {
  return url === undefined ? [] : [{ ...sink, url, plaintext: 'allow' }];
}
