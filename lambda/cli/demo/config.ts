/** Writes the configuration of the demo, with the addresses and tokens of the simulated CI systems. */
import { CollectorConfig } from '../../config/schema.ts';
import type { DemoSettings } from './settings.ts';

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

/** Both simulated CI systems as a configuration names them. */
export interface SimulatedSources {
  readonly sources: readonly object[];
  /** By the name that each has among the variables of the environment. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** What an operator would write for these systems; `refer` makes the reference to a token out of its name. */
export function simulatedSources(
  account: SimulatedAccount,
  { url, organization, apiToken: attestationToken }: SimulatedOrganization,
  refer: (name: string) => object,
): SimulatedSources {
  const { endpoint, restEndpoint, graphqlEndpoint, agentTokens, hostedQueues, apiToken } = account;
  const named = agentTokens.map((token, index) => [`DEMO_AGENT_TOKEN_${String(index + 1)}`, token] as const);
  return {
    sources: [
      {
        ...{ kind: 'buildkite', name: 'demo', endpoint, restEndpoint, graphqlEndpoint },
        agentTokens: named.map(([name]) => refer(name)),
        apiToken: refer(apiTokenVariable),
        hostedQueues,
        ...demoLimits,
      },
      { kind: 'chainloop', name: 'attestations', url, organization, token: refer(attestationTokenVariable) },
    ],
    tokens: {
      ...Object.fromEntries(named),
      [apiTokenVariable]: apiToken,
      [attestationTokenVariable]: attestationToken,
    },
  };
}

export interface DemoConfig {
  readonly config: CollectorConfig;
  /** Holds the tokens that the configuration refers to. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The demo has no way of its own into the pipeline. */
export function buildDemoConfig(
  account: SimulatedAccount,
  organization: SimulatedOrganization,
  settings: DemoSettings,
): DemoConfig {
  const { sources, tokens } = simulatedSources(account, organization, (name) => ({ env: name }));
  const config = CollectorConfig.parse({
    collector: 'demo',
    // The least that a configuration allows; the demo decides by itself when it runs.
    interval: '5 seconds',
    sources,
    sinks: [
      { kind: 'scrape-page', name: pageSink, listen: `127.0.0.1:${String(settings.port)}` },
      ...makeUrlSink(settings.pushUrl, { kind: 'pushgateway', name: 'push' }),
      ...makeUrlSink(settings.remoteWriteUrl, { kind: 'remote-write', name: 'remote-write' }),
    ],
  });
  return { config, variables: tokens };
}

/** Adds a sink with this URL; simulated figures are no secret, so plaintext is allowed. */
function makeUrlSink(
  url: string | undefined,
  sink: { readonly kind: string; readonly name: string },
): readonly object[] {
  return url === undefined ? [] : [{ ...sink, url, plaintext: 'allow' }];
}
