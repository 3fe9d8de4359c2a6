/** Opens the demo: the simulated CI systems, the pipeline that reads them and the page that shows them. */
import { createFileStateStore } from '../../counters/stores/file/store.ts';
import { createMemoryStateStore } from '../../counters/stores/memory-store.ts';
import type { StateStore } from '../../counters/stores/store.ts';
import type { LogLevel } from '../../log/lambda-log.ts';
import { ListenError } from '../../runtime/listen.ts';
import type { Logger } from '../../runtime/log.ts';
import { createTerminalLog } from '../../log/terminal-log.ts';
import type { ServedAddresses } from '../../sinks/sink.ts';
import { createRedactor } from '../../secrets/redaction/redactor.ts';
import { type BuiltPipeline, buildPipeline, type Environment } from '../../wiring.ts';
import { buildDemoConfig } from './config.ts';
import type { DisplayOptions } from './display.ts';
import { writeDemoFiles } from '../demo-files.ts';
import type { Program } from '../program.ts';
import { loadLife } from './fleet-life.ts';
import type { DemoSettings } from './settings.ts';
import { openSystems } from './systems/open-systems.ts';
import type { DemoSystem } from './systems/system.ts';
import type { Terminal } from '../terminal.ts';

/** The simulated systems, the pipeline that reads them and the page that shows them. */
export interface Demo extends AsyncDisposable, DisplayOptions {
  readonly settings: DemoSettings;
  readonly built: BuiltPipeline;
}

export async function openDemo(settings: DemoSettings, terminal: Terminal): Promise<Demo> {
  await using opened = new AsyncDisposableStack();
  const { clock } = terminal;
  const life = await loadLife(settings.stateFolder, settings, clock());
  const { systems } = opened.use(await openSystems(life, clock));
  const written = await writtenConfig(settings.configFolder, systems, terminal.program);
  const { stateFolder } = settings;
  let store: StateStore | undefined;
  const { built, pages } = await openPipeline(settings, terminal.signal, async (port) => {
    const { config, variables } = buildDemoConfig(systems, { ...settings, port });
    const environment = createEnvironment(terminal, variables, settings);
    store ??=
      stateFolder === undefined ? createMemoryStateStore() : createFileStateStore(stateFolder, environment.notices);
    const stateStore = Promise.resolve(store);
    return await buildPipeline(config, { ...environment, stateStore: () => stateStore });
  });
  opened.defer(() => built.close());

  const { isLive, hasColoursRefused, speed, seed } = settings;
  const kept = opened.move();
  return {
    settings,
    built,
    title: `Simulated ${listNames(systems)} · ${String(speed)} × real time · seed ${String(seed)}`,
    addresses: [...listAddresses(pages, settings), ...written.map((path) => `config     ${path}`)],
    isLive,
    hasColoursRefused,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** `Buildkite, Bitbucket and Tekton` */
function listNames(systems: readonly DemoSystem[]): string {
  return new Intl.ListFormat('en-GB').format(systems.map(({ name }) => name));
}

/** The file that was asked for, if one was. */
async function writtenConfig(
  folder: string | undefined,
  systems: readonly DemoSystem[],
  program: Program,
): Promise<readonly string[]> {
  return folder === undefined ? [] : [await writeDemoFiles(folder, systems, program)];
}

interface OpenPipeline {
  readonly built: BuiltPipeline;
  /** Where it can be looked at and scraped. */
  readonly pages: readonly ServedAddresses[];
}

/** The pipeline with its page at the port that was asked for, or at any free one where that will do. */
async function openPipeline(
  { port, mayMove }: Pick<DemoSettings, 'port' | 'mayMove'>,
  signal: AbortSignal,
  build: (port: number) => Promise<BuiltPipeline>,
): Promise<OpenPipeline> {
  const built = await build(port);
  try {
    return { built, pages: await built.open(signal) };
  } catch (error) {
    await built.close();
    if (!(error instanceof ListenError) || !error.isTaken) throw error;
    if (!mayMove) throw createPortError(port, error);
  }
  return await openPipeline({ port: 0, mayMove: false }, signal, build);
}

function createPortError(port: number, cause: ListenError): Error {
  const reason = 'is taken or not allowed; choose another one with --port, or 0 for any';
  return new Error(`port ${String(port)} on 127.0.0.1 ${reason}`, { cause });
}

/** As in a terminal, but with the simulated tokens instead of the user's variables, proxies included. */
function createEnvironment(
  { clock, random, stderr }: Terminal,
  variables: Environment['variables'],
  { everyMs }: DemoSettings,
): Environment & { readonly notices: Logger } {
  const redactor = createRedactor();
  const write = (text: string): void => {
    stderr.write(text);
  };
  const createLog = (level: LogLevel): Logger => createTerminalLog({ level, redactor, clock, write, colour: 'never' });
  const [log, notices] = [createLog('error'), createLog('warn')];
  return { variables, runtime: 'terminal', everyMs, clock, random, redactor, log, notices, print: write };
}

function listAddresses(
  pages: readonly ServedAddresses[],
  { pushUrl, remoteWriteUrl }: DemoSettings,
): readonly string[] {
  const also = [pushUrl, remoteWriteUrl].filter((url) => url !== undefined);
  return [
    ...pages.flatMap(({ page }) => (page === undefined ? [] : [`look at    ${page}`])),
    ...pages.map(({ metrics }) => `metrics    ${metrics}`),
    ...also.map((url) => `also to    ${url}`),
  ];
}
