/** Turns the options of `demo` into checked settings. */
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';
import type { Terminal } from '../terminal.ts';

/** Where OpenTelemetry's Prometheus exporters listen, so that many scrape configurations know it. */
const defaultPort = 9464;

/** Long enough to see a queue fill up, short enough for a CI job or a curious `npm start | cat`. */
const plainForMs = 15_000;

/** What the simulated systems do in an hour is about what one run reads in its time. Seconds. */
const mostSimulatedSeconds = 3600;

export interface DemoSettings {
  readonly everyMs: number;
  readonly speed: number;
  readonly seed: number;
  /** New builds begin only for so long. Absent: always. */
  readonly busyMs: number | undefined;
  /** Absent: until Ctrl-C. */
  readonly forMs: number | undefined;
  readonly port: number;
  /** Whether a free port will do when this one is taken. */
  readonly mayMove: boolean;
  readonly pushUrl: string | undefined;
  readonly remoteWriteUrl: string | undefined;
  /** Absent: counters end with the demo. */
  readonly stateFolder: string | undefined;
  /** Where a configuration for `collect` is written. */
  readonly configFolder: string | undefined;
  readonly isLive: boolean;
  readonly hasColoursRefused: boolean;
}

/** @throws UsageError */
export function parseDemoSettings(
  args: Arguments,
  { stdout, variables }: Pick<Terminal, 'stdout' | 'variables'>,
): DemoSettings {
  const isLive = stdout.isTty && variables['TERM'] !== 'dumb';
  const speed = args.number('speed', { min: 0.1, max: 100 }) ?? 10;
  const port = args.number('port', { min: 0, max: 65_535, whole: true });
  return {
    everyMs: parseEvery(args, speed),
    speed,
    seed: args.number('seed', { min: 0, max: 2 ** 31 - 1, whole: true }) ?? 1,
    busyMs: args.duration('busy'),
    forMs: args.duration('for') ?? (isLive ? undefined : plainForMs),
    port: port ?? defaultPort,
    mayMove: port === undefined,
    pushUrl: parseUrl(args, 'push'),
    remoteWriteUrl: parseUrl(args, 'remote-write'),
    stateFolder: args.text('state'),
    configFolder: args.text('write-config'),
    isLive,
    hasColoursRefused: args.has('no-color'),
  };
}

function parseEvery(args: Arguments, speed: number): number {
  const milliseconds = args.duration('every') ?? 3000;
  // A faster table is not readable, and each run shall end before the next one.
  if (milliseconds < 200) throw new UsageError('--every must be at least 200ms');
  const most = Math.floor(mostSimulatedSeconds / speed);
  if (milliseconds > most * 1000) {
    throw new UsageError(
      `--every must be at most ${String(most)}s at --speed ${String(speed)}: in an hour of simulated time more ends than one run can read`,
    );
  }
  return milliseconds;
}

function parseUrl(args: Arguments, name: string): string | undefined {
  const text = args.text(name);
  if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new UsageError(`--${name} must be an http or https URL, not ${JSON.stringify(text)}`);
}
