/** Reads the command line of buildkite-agent-metrics and the variables that its program takes beside it. */
import { UsageError } from '../commands/parse-arguments.ts';
import { parseGoDuration } from './go-duration.ts';
import { type FlagKind, type GivenFlags, isOn, getLast } from './go-flags.ts';
import type { Backend, Installation, TokenLocation, Variables } from './installation.ts';
import { readDimensions, readOpenTelemetry, readUrl, mapTypedTokens, getValue } from './read-shared.ts';

/** Every flag of buildkite-agent-metrics 5.12.4 (`--help`). */
export const programFlags = {
  backend: 'text',
  'cloudwatch-dimensions': 'text',
  'cloudwatch-high-resolution': 'switch',
  'cloudwatch-region': 'text',
  debug: 'switch',
  'debug-http': 'switch',
  'dry-run': 'switch',
  endpoint: 'text',
  interval: 'text',
  'max-idle-conns': 'text',
  'newrelic-app-name': 'text',
  'newrelic-license-key': 'text',
  'prometheus-addr': 'text',
  'prometheus-path': 'text',
  queue: 'list',
  quiet: 'switch',
  'stackdriver-projectid': 'text',
  'statsd-host': 'text',
  'statsd-tags': 'switch',
  timeout: 'text',
  token: 'list',
  version: 'switch',
} as const satisfies Readonly<Record<string, FlagKind>>;

/** @throws UsageError for what the program itself refuses. */
export function readProgram(flags: GivenFlags, variables: Variables): Installation {
  return {
    runsAs: 'program',
    tokens: readTokens(flags, variables),
    endpoint:
      readUrl(getValue(variables, 'BUILDKITE_AGENT_ENDPOINT'), 'BUILDKITE_AGENT_ENDPOINT') ??
      readUrl(getLast(flags, 'endpoint'), '-endpoint'),
    queues: readQueues(flags, variables),
    intervalMs: readInterval(flags),
    backend: readBackend(flags, variables),
    notes: listNotes(flags),
  };
}

function readTokens(flags: GivenFlags, variables: Variables): readonly TokenLocation[] {
  const typed = flags.get('token');
  const tokens: readonly TokenLocation[] =
    typed === undefined
      ? mapTypedTokens(getValue(variables, 'BUILDKITE_AGENT_TOKEN') ?? '')
      : typed.filter((token) => token.trim() !== '').map(() => ({ kind: 'typed' }));
  if (tokens.length === 0) {
    throw new UsageError('no token is given: the program takes -token or the variable BUILDKITE_AGENT_TOKEN');
  }
  return tokens;
}

function readQueues(flags: GivenFlags, variables: Variables): readonly string[] | undefined {
  return flags.get('queue') ?? variables['BUILDKITE_QUEUE']?.split(',').map((queue) => queue.trim());
}

/** Undefined for an empty text, which is what Go's program has without the flag. */
function getGivenText(flags: GivenFlags, name: string): string | undefined {
  const text = getLast(flags, name);
  return text === '' ? undefined : text;
}

function readInterval(flags: GivenFlags): number | undefined {
  const text = getLast(flags, 'interval');
  if (text === undefined) return undefined;
  const milliseconds = parseGoDuration(text);
  if (milliseconds === undefined) throw new UsageError('-interval must be a duration such as 30s or 1m');
  // What is not above 0 means once, as without the flag.
  return milliseconds > 0 ? milliseconds : undefined;
}

type ReadBackend = (flags: GivenFlags, variables: Variables) => Backend;

const backends: Readonly<Record<string, ReadBackend>> = {
  cloudwatch: (flags, variables) => ({
    kind: 'cloudwatch',
    region: getGivenText(flags, 'cloudwatch-region') ?? getValue(variables, 'AWS_REGION') ?? 'us-east-1',
    dimensions: readDimensions(getLast(flags, 'cloudwatch-dimensions') ?? '', '-cloudwatch-dimensions'),
    isHighResolution: isOn(flags, 'cloudwatch-high-resolution'),
  }),
  statsd: (flags) => ({
    kind: 'statsd',
    address: getGivenText(flags, 'statsd-host') ?? '127.0.0.1:8125',
    hasTags: isOn(flags, 'statsd-tags'),
  }),
  prometheus: (flags) => ({
    kind: 'prometheus',
    address: getLast(flags, 'prometheus-addr') ?? ':8080',
    path: getLast(flags, 'prometheus-path') ?? '/metrics',
  }),
  stackdriver: (flags, variables) => ({
    kind: 'stackdriver',
    project: getLast(flags, 'stackdriver-projectid') ?? getValue(variables, 'GCP_PROJECT_ID'),
    keyFile: getValue(variables, 'GOOGLE_APPLICATION_CREDENTIALS'),
  }),
  newrelic: () => ({ kind: 'newrelic' }),
  opentelemetry: (_flags, variables) => readOpenTelemetry(variables),
};

function readBackend(flags: GivenFlags, variables: Variables): Backend {
  const name = (getLast(flags, 'backend') ?? 'cloudwatch').toLowerCase();
  const read = Object.hasOwn(backends, name) ? backends[name] : undefined;
  if (read === undefined) throw new UsageError(`-backend must be one of ${Object.keys(backends).join(', ')}`);
  return read(flags, variables);
}

/** What is no setting of a configuration, and where it went. */
const noteOfFlag: Readonly<Partial<Record<keyof typeof programFlags, string>>> = {
  quiet: '-quiet: give `collect` the option --quiet; in AWS the log has one line a run.',
  debug: '-debug: run the command with --verbose; in AWS set `logLevel: debug`.',
  'debug-http':
    '-debug-http: run the command with --verbose, which logs requests without their credentials; in AWS set `logLevel: debug`.',
  'dry-run': '-dry-run: run the command with --dry-run.',
  timeout: '-timeout: the time of one run is --timeout of the command, or deployment.timeoutSeconds in AWS.',
  'max-idle-conns': '-max-idle-conns: connections are kept and bounded without a setting.',
  'newrelic-app-name': '-newrelic-app-name: events are told apart by the attribute `collector`, not by an application.',
};

function listNotes(flags: GivenFlags): readonly string[] {
  return Object.entries(noteOfFlag)
    .filter(([flag]) => flags.has(flag))
    .map(([, note]) => note);
}
