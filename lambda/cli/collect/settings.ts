/** Turns the options of `collect` into checked settings. */
import { dirname, join } from 'node:path';
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';

const formats = ['table', 'prometheus', 'json'] as const;
type Format = (typeof formats)[number];

/** The longest time of one run where `--timeout` is not given; a run in AWS has about as long. */
const defaultTimeoutMs = 30_000;

/** Beside the configuration, so that two configurations in two folders count separately. */
const defaultStateFolder = '.ci-metrics-state';

export interface CollectSettings {
  readonly configPath: string;
  /** Absent: once. */
  readonly everyMs: number | undefined;
  /** Where the page to scrape is served; absent: where the configuration says. */
  readonly listen: string | undefined;
  readonly isDryRun: boolean;
  readonly format: Format;
  readonly timeoutMs: number;
  /** Where counters are kept between runs. */
  readonly stateFolder: string;
  readonly isVerbose: boolean;
  /** Only a run with a problem is shown. */
  readonly isQuiet: boolean;
  readonly hasColoursRefused: boolean;
}

/** @throws UsageError for a missing configuration and for options that contradict each other. */
export function parseCollectSettings(args: Arguments): CollectSettings {
  const configPath = args.text('config');
  if (configPath === undefined) throw new UsageError('--config FILE is missing: it names the collector.yaml to read');
  return {
    configPath,
    everyMs: parseEvery(args),
    listen: parseListen(args),
    isDryRun: args.has('dry-run'),
    format: chooseFormat(args),
    stateFolder: args.text('state') ?? join(dirname(configPath), defaultStateFolder),
    timeoutMs: args.duration('timeout') ?? defaultTimeoutMs,
    isVerbose: args.has('verbose'),
    isQuiet: isQuiet(args),
    hasColoursRefused: args.has('no-color'),
  };
}

function parseEvery(args: Arguments): number | undefined {
  const milliseconds = args.duration('every');
  if (milliseconds !== undefined && args.has('once')) throw new UsageError('--once and --every exclude each other');
  // CI systems count requests a minute, and none changes its figures faster than this.
  if (milliseconds !== undefined && milliseconds < 1000) throw new UsageError('--every must be at least 1s');
  return milliseconds;
}

function isQuiet(args: Arguments): boolean {
  if (args.has('quiet') && chooseFormat(args) !== 'table')
    throw new UsageError(
      `--quiet and --format ${chooseFormat(args)} exclude each other: a program would miss its runs`,
    );
  return args.has('quiet');
}

/** A page needs runs that go on and that deliver: one run ends before a scrape comes, and a dry run fills no page. */
function parseListen(args: Arguments): string | undefined {
  const address = args.text('listen');
  if (address === undefined) return undefined;
  if (args.duration('every') === undefined)
    throw new UsageError('--listen needs --every: a page is there between runs');
  if (args.has('dry-run')) throw new UsageError('--listen and --dry-run exclude each other');
  return address;
}

function chooseFormat(args: Arguments): Format {
  const chosen = args.choice('format', formats);
  if (args.has('json') && chosen !== undefined && chosen !== 'json') {
    throw new UsageError(`--json and --format ${chosen} exclude each other`);
  }
  return args.has('json') ? 'json' : (chosen ?? 'table');
}
