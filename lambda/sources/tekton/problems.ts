/** The problems of reading the lists: each cause once, with its remedy. */
import type { Ledger } from '../../counters/ledger.ts';
import { describeHttpProblem, type StatusHints } from '../../http/errors/problem.ts';
import { mergeRepeatedProblems } from '../../model/merge-problems.ts';
import type { Problem } from '../../model/problem.ts';
import type { TektonConfig } from './config.ts';
import type { ListReading } from './runs/read-list.ts';
import { describeProgress } from './runs/list-progress.ts';
import { explainRefusal } from './cluster/refusals.ts';
import { explainBadSelector } from './cluster/server-reason.ts';

export interface ListProblemOptions {
  readonly config: TektonConfig;
  readonly where: string;
  /** What the source remembers of earlier runs, where that could be read. */
  readonly ledger: Ledger | undefined;
}

/** What could not be read, each cause once. @throws what is not an expected failure: a bug. */
export function describeListProblems(
  readings: readonly ListReading[],
  options: ListProblemOptions,
): readonly Problem[] {
  // Lists of one cluster mostly fail together, and one line says it.
  const causes = mergeRepeatedProblems(readings.flatMap((reading) => describeReading(reading, options)));
  return [...causes, ...describeProgress(readings, options.where)];
}

function describeReading(reading: ListReading, options: ListProblemOptions): readonly Problem[] {
  return [
    ...describeChangeProblems(reading, options),
    ...describeReadErrors(reading, options),
    ...describeUnreadable(reading, options),
  ];
}

function describeChangeProblems({ changes, isTimeUp }: ListReading, { where }: ListProblemOptions): readonly Problem[] {
  if (changes?.error === undefined || isTimeUp) return [];
  const problem = describeHttpProblem(changes.error, where, { 403: watchHint });
  if (problem === undefined) throw ensureError(changes.error);
  return [{ ...problem, message: `${problem.message}; ${unwatched}` }];
}

function describeReadErrors(reading: ListReading, { config, where, ledger }: ListProblemOptions): readonly Problem[] {
  const { error, target, runs, isTimeUp } = reading;
  if (error === undefined) return [];
  const plainProblem = describeHttpProblem(error, where, describeRemedies(config, error));
  if (plainProblem === undefined) throw ensureError(error);
  // That the time of the run was not enough is told of all lists together.
  if (isTimeUp) return [];
  const problem = explainRefusal(error, plainProblem, `list ${target.kind}`, ledger);
  const message =
    runs === 0
      ? problem.message
      : `${problem.message}; ${String(runs)} ${target.kind} were read before, namespaces that are complete are published, and the next run goes on there`;
  return [{ ...problem, message }];
}

function describeUnreadable({ unreadable, target }: ListReading, { where }: ListProblemOptions): readonly Problem[] {
  if (unreadable === 0) return [];
  const message = `${String(unreadable)} rows of the ${target.kind} are not what the Kubernetes API documents and were left out; the others are published`;
  return [{ kind: 'bad-response', where, message }];
}

const watchHint = 'the collector may list runs but not watch them; grant the verb watch';
const unwatched = 'so what has changed since the run before waits until its place in the list is reached';

function ensureError(error: unknown): Error {
  return error instanceof Error ? error : new Error('a list failed', { cause: error });
}

function describeRemedies({ cluster, namespaces, labelSelector }: TektonConfig, error: unknown): StatusHints {
  const binding = namespaces === undefined ? 'a ClusterRoleBinding' : 'a RoleBinding in each namespace';
  return {
    ...(labelSelector === undefined ? {} : { 400: explainBadSelector(error, 'labelSelector') }),
    401:
      'eks' in cluster
        ? 'the cluster does not know the role of the collector; make an access entry for it (or map it in aws-auth), and check cluster.eks.name'
        : 'the API server does not know the token or certificate; make a new one for the ServiceAccount and put it into the secret',
    403: `the collector is known but may not list runs; apply the ClusterRole of the README and bind it with ${binding}`,
    404: 'the API server has no tekton.dev/v1; install Tekton Pipelines v0.43 or later, or check the URL',
    410: 'the list expired again and again while it was read; prune finished runs, or name the namespaces to read',
  };
}
