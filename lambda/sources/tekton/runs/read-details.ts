/** Reads finished runs one by one for their exact times; what cannot be read is taken from its row. */
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { describeHttpProblem } from '../../../http/errors/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { readRun } from '../cluster/list-runs.ts';
import type { ClusterSend } from '../cluster/connect.ts';
import { interpretObject, interpretRow } from './finished-run.ts';
import type { FinishedRun } from './finish.ts';
import type { Candidate } from './sort-rows.ts';
import { explainRefusal, noteAllowed } from '../cluster/refusals.ts';
import type { RunKind } from '../cluster/state.ts';

/** Single runs asked for at once: an API server has hundreds of seats for reads, and others need them too. */
const runsAtOnce = 8;

/** After so many failures the others are not asked: the list tells almost as much. */
const maxErrors = 3;

export interface DetailOptions {
  readonly send: ClusterSend;
  readonly deadline: Deadline;
  /** How many single runs may still be asked for in this collection. */
  readonly budget: { left: number };
  readonly where: string;
  readonly ledger: Ledger;
  /** When a run without any time of its end is taken to have ended. Epoch milliseconds. */
  readonly fallbackMs: number;
}

export interface Details {
  readonly runs: readonly FinishedRun[];
  readonly problems: readonly Problem[];
}

/** Fetches finished runs for their exact times; where that fails or is too much, their rows must do. */
export async function readDetails(
  kind: RunKind,
  candidates: readonly Candidate[],
  options: DetailOptions,
): Promise<Details> {
  const { budget, where, ledger } = options;
  const fetched = candidates.slice(0, budget.left);
  budget.left -= fetched.length;
  const errors: unknown[] = [];
  const runs = await mapConcurrently(candidates, runsAtOnce, async (candidate) => {
    const isFetched = fetched.includes(candidate) && errors.length < maxErrors;
    const object = isFetched ? await readFinishedRun(kind, candidate, options, errors) : undefined;
    return object ?? convertRow(kind, candidate, options);
  });
  const skipped = candidates.length - fetched.length;
  if (fetched.length > 0 && errors.length === 0) noteAllowed(ledger, [`get ${kind}`]);
  const problems = [
    ...describeErrors(errors, kind, options),
    ...(skipped === 0 ? [] : [describeSkipped(skipped, kind, where)]),
  ];
  return { runs: runs.filter((run) => run !== undefined), problems };
}

export function convertRow(
  kind: RunKind,
  { row, startedMs }: Candidate,
  { fallbackMs }: Pick<DetailOptions, 'fallbackMs'>,
): FinishedRun | undefined {
  return interpretRow(kind, row, { startedMs, fallbackMs });
}

async function readFinishedRun(
  kind: RunKind,
  { row }: Candidate,
  { send, deadline }: DetailOptions,
  errors: unknown[],
): Promise<FinishedRun | undefined> {
  try {
    return interpretObject(kind, await readRun(send, kind, row, deadline), row.uid);
  } catch (error) {
    // Pruned between the list and now.
    if (!(error instanceof HttpStatusError && error.status === 404)) errors.push(error);
    return undefined;
  }
}

/** One problem for all of them; they rarely differ. @throws what is not an expected failure: a bug. */
function describeErrors(
  errors: readonly unknown[],
  kind: RunKind,
  { where, ledger }: DetailOptions,
): readonly Problem[] {
  const [first] = errors;
  if (first === undefined) return [];
  const hints = {
    403: `the collector may list ${kind} but not get them; grant the verb get, or set details: skip`,
  };
  const plainProblem = describeHttpProblem(first, where, hints);
  if (plainProblem === undefined)
    throw first instanceof Error ? first : new Error('a request failed', { cause: first });
  const problem = explainRefusal(first, plainProblem, `get ${kind}`, ledger);
  return [{ ...problem, message: `${problem.message}; the finished ${kind} were counted from their list` }];
}

function describeSkipped(skipped: number, kind: RunKind, where: string): Problem {
  return {
    kind: 'configuration',
    where,
    message: `${String(skipped)} finished ${kind} were counted from their list, without what only single requests tell; raise detailRequests`,
  };
}
