/** Opens the demo: the simulated CI systems, the pipeline that reads them and the page that shows them. */
import { fileStateStore } from '../counters/file-store.ts';
import { memoryStore } from '../counters/memory-store.ts';
import { startBuildkiteServer } from '../demo/buildkite-server.ts';
import { createAttestations } from '../demo/chainloop/attestations.ts';
import { startChainloopServer } from '../demo/chainloop/server.ts';
import { createFleet } from '../demo/fleet.ts';
import type { LogLevel } from '../runtime/lambda-log.ts';
import type { Logger } from '../runtime/log.ts';
import { createTerminalLog } from '../runtime/terminal-log.ts';
import { createRedactor } from '../secrets/redaction.ts';
import { type BuiltPipeline, buildPipeline, type Environment } from '../wiring.ts';
import { demoConfig, demoLimits } from './demo-config.ts';
import type { DisplayOptions } from './demo-display.ts';
import { fleetLife } from './demo-life.ts';
import type { DemoSettings } from './demo-settings.ts';
import { serveMetrics } from './metrics-page.ts';
import type { Terminal } from './terminal.ts';

/** A simulated fleet with its attestations, the pipeline that reads them and the page that shows them. */
export interface Demo extends AsyncDisposable, DisplayOptions {
  readonly settings: DemoSettings;
  readonly built: BuiltPipeline;
}

export async function openDemo(settings: DemoSettings, terminal: Terminal): Promise<Demo> {
  await using opened = new AsyncDisposableStack();
  const { clock } = terminal;
  const life = await fleetLife(settings.stateFolder, settings, clock());
  const fleet = createFleet(life);
  // No least time between two polls: a figure that stands still for ten seconds makes a dull demo.
  const server = await startBuildkiteServer({ clock, fleet, pollSeconds: 0, ...demoLimits });
  opened.defer(() => server.close());
  const attestations = createAttestations(life);
  const controlPlane = await startChainloopServer({ clock, attestations });
  opened.defer(() => controlPlane.close());

  const { organization } = attestations.records();
  const chainloop = { url: controlPlane.url, organization, apiToken: attestations.apiToken };
  const { config, variables } = demoConfig({ ...fleet, ...server }, chainloop, settings);
  let page = '';
  const print = (text: string): void => {
    page = text;
  };
  const { stateFolder } = settings;
  const environment = environmentOf(terminal, variables, print);
  const store = stateFolder === undefined ? memoryStore() : fileStateStore(stateFolder, environment.notices);
  const built = await buildPipeline(config, { ...environment, stateStore: () => Promise.resolve(store) });
  opened.defer(() => built.close());
  const served = await serveMetrics({ port: settings.port, mayMove: settings.mayMove, page: () => page });
  opened.defer(() => served.close());

  const { isLive, hasColoursRefused, speed, seed } = settings;
  const kept = opened.move();
  return {
    settings,
    built,
    title: `Simulated Buildkite and Chainloop · ${String(speed)} × real time · seed ${String(seed)}`,
    places: placesOf(served.url, settings),
    isLive,
    hasColoursRefused,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** As in a terminal, but with the simulated tokens instead of the user's variables, proxies included. */
function environmentOf(
  { clock, random, stderr }: Terminal,
  variables: Environment['variables'],
  print: (text: string) => void,
): Environment {
  const redactor = createRedactor();
  const write = (text: string): void => {
    stderr.write(text);
  };
  const logAbove = (level: LogLevel): Logger => createTerminalLog({ level, redactor, clock, write, colour: 'never' });
  const [log, notices] = [logAbove('error'), logAbove('warn')];
  return { variables, place: 'terminal', clock, random, redactor, log, notices, print };
}

function placesOf(pageUrl: string, { pushUrl, remoteWriteUrl }: DemoSettings): readonly string[] {
  const also = [pushUrl, remoteWriteUrl].filter((url) => url !== undefined);
  return [`metrics    ${pageUrl}`, ...also.map((url) => `also to    ${url}`)];
}
