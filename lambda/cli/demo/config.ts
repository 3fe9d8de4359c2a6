/** Writes the configuration of the demo, with the addresses and tokens of the simulated CI systems. */
import { CollectorConfig } from '../../config/schema.ts';
import type { DemoSettings } from './settings.ts';
import { describeSystems } from './systems/open-systems.ts';
import type { DemoSystem } from './systems/system.ts';

/** The page that the demo serves. */
const pageSink = 'page';

export interface DemoConfig {
  readonly config: CollectorConfig;
  /** Holds the tokens that the configuration refers to. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The demo has no way of its own into the pipeline. */
export function buildDemoConfig(
  systems: readonly DemoSystem[],
  settings: Pick<DemoSettings, 'port' | 'pushUrl' | 'remoteWriteUrl'>,
): DemoConfig {
  const { sources, tokens } = describeSystems(systems, (name) => ({ env: name }));
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
