import { CollectorConfig } from '../config/schema.ts';
import type { DemoSettings } from './demo-settings.ts';

/** The sink whose text the demo serves as its page. */
const pageSink = 'metrics-page';

export interface SimulatedAccount {
  /** Base URL of the simulated agent API. */
  readonly endpoint: string;
  /** One a cluster. */
  readonly agentTokens: readonly string[];
  /** Queues without agent figures. */
  readonly hostedQueues: readonly string[];
}

export interface DemoConfig {
  readonly config: CollectorConfig;
  /** Holds the tokens that the configuration refers to. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What an operator would write for this fleet: the demo has no way of its own into the pipeline. */
export function demoConfig(account: SimulatedAccount, settings: DemoSettings): DemoConfig {
  const { endpoint, agentTokens, hostedQueues } = account;
  const tokens = agentTokens.map((token, index) => ({ env: `DEMO_AGENT_TOKEN_${String(index + 1)}`, token }));
  const config = CollectorConfig.parse({
    collector: 'demo',
    // The least that a configuration allows; the demo decides by itself when it runs.
    interval: '5 seconds',
    sources: [
      { kind: 'buildkite', name: 'demo', endpoint, agentTokens: tokens.map(({ env }) => ({ env })), hostedQueues },
    ],
    sinks: [
      { kind: 'stdout', name: pageSink, format: 'prometheus' },
      ...toUrl(settings.pushUrl, { kind: 'pushgateway', name: 'push' }),
      ...toUrl(settings.remoteWriteUrl, { kind: 'remote-write', name: 'remote-write' }),
    ],
  });
  return { config, variables: Object.fromEntries(tokens.map(({ env, token }) => [env, token])) };
}

/** Simulated figures are no secret, so they may travel readable. */
function toUrl(url: string | undefined, sink: { readonly kind: string; readonly name: string }): readonly object[] {
  return url === undefined ? [] : [{ ...sink, url, plaintext: 'allow' }];
}
