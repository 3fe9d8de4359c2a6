/** Writes the collector.yaml that does what an installation of buildkite-agent-metrics did. */
import { Document, isMap, isSeq, visit } from 'yaml';
import type { Installation } from './installation.ts';
import { findNearestInterval } from './nearest-interval.ts';
import { newSecret, assignTokens, type Target } from './token-refs.ts';
import { type SinkNeeds, writeSink } from './write-sink.ts';
import { minuteMs } from '../../model/time.ts';

export interface MigratedConfiguration {
  readonly text: string;
  /** What differs, and what is left to do, each a sentence. */
  readonly notes: readonly string[];
}

export function writeConfiguration(
  installation: Installation,
  { target, account }: Pick<SinkNeeds, 'target' | 'account'>,
): MigratedConfiguration {
  const { backend, intervalMs, notes } = installation;
  const tokens = assignTokens(installation.tokens, target);
  const sink = writeSink(backend, { intervalMs, target, account });
  const interval = intervalMs === undefined ? undefined : findNearestInterval(intervalMs);
  const settings = {
    ...(interval === undefined ? {} : { interval }),
    sources: [
      {
        kind: 'buildkite',
        ...(installation.endpoint === undefined ? {} : { endpoint: installation.endpoint }),
        agentTokens: tokens.refs,
        ...(installation.queues === undefined ? {} : { queues: { include: installation.queues } }),
      },
    ],
    sinks: [sink.settings],
    ...(hasOnlyOldSecrets(installation) ? { deployment: { secrets: 'import' } } : {}),
  };
  return {
    text: formatYaml(settings),
    notes: [
      ...describeFills(tokens.toFill, target),
      ...describeInterval(installation, interval),
      ...describePatterns(installation),
      ...sink.notes,
      ...notes,
    ],
  };
}

/** Secrets that exist are not made once more; where one has to be made, those that exist are named by hand. */
function hasOnlyOldSecrets({ tokens }: Installation): boolean {
  return tokens.some(({ kind }) => kind === 'secret') && tokens.every(({ kind }) => kind !== 'typed');
}

function describeFills(toFill: readonly string[], target: Target): readonly string[] {
  if (toFill.length === 0) return [];
  const names = toFill.join(', ');
  return target === 'aws'
    ? [`Tokens: put their values into the secret ${newSecret} under ${names}; docs/deploying.md shows the command.`]
    : [`Tokens: set their values as ${names} in the environment of the command.`];
}

function describeInterval(
  { intervalMs, runsAs, backend }: Installation,
  interval: string | undefined,
): readonly string[] {
  if (intervalMs === undefined || interval === undefined) {
    return runsAs === 'program'
      ? [describeSingleRun(backend)]
      : [
          'How often the function ran stands in its schedule, not in its variables: set `interval` unless it was once a minute.',
        ];
  }
  if (isWhole(intervalMs, interval)) return [];
  return [`The interval becomes ${interval}: it must be a part of a minute, or whole minutes up to an hour.`];
}

/** A page is read by others, so it needs a process that stays. */
function describeSingleRun({ kind }: Installation['backend']): string {
  return kind === 'prometheus'
    ? 'No -interval was given: a page needs a command that goes on, so it is collected once a minute; `--every` sets another interval.'
    : 'No -interval was given, so the program ran once a call: here that is `collect --once`; in AWS it is once a minute.';
}

function isWhole(intervalMs: number, interval: string): boolean {
  const [count = '0', unit = ''] = interval.split(' ');
  return Number(count) * (unit.startsWith('second') ? 1000 : minuteMs) === intervalMs;
}

/** A queue was a fixed text there and may be a pattern here. */
function describePatterns({ queues = [] }: Installation): readonly string[] {
  const patterns = queues.filter((queue) => /[*?]/.test(queue));
  return patterns.length === 0
    ? []
    : ['Queues with * or ? in their names are patterns here: they match other names, too.'];
}

const opening = ` Does what buildkite-agent-metrics did, under the same names, and publishes the neutral ci_ metrics beside them.
 A value is never a token: \`secret\` names a secret in AWS Secrets Manager, \`env\` a variable of the terminal.`;

function formatYaml(settings: unknown): string {
  const document = new Document(settings);
  document.commentBefore = opening;
  // References and lists of names read better on one line.
  visit(document, {
    Map: (_, node) => {
      if (['secret', 'parameter', 'env', 'file'].some((name) => node.has(name))) node.flow = true;
    },
    Pair: (_, { key, value }) => {
      if (String(key) === 'queues' && isMap(value)) value.flow = true;
      if (String(key) === 'include' && isSeq(value)) value.flow = true;
    },
  });
  // A long list stays on its line: 0 switches folding off.
  return document.toString({ lineWidth: 0 });
}
