/** Collects the problems of one tick, and says when no further request can succeed. */
import { HttpStatusError } from '../http/errors/errors.ts';
import { mergeRepeatedProblems } from '../model/merge-problems.ts';
import type { Problem } from '../model/problem.ts';
import { BudgetSpentError } from './budget-spent-error.ts';

/** Gathers what went wrong in one tick; hundreds of requests that fail alike are one problem, others stand beside it. */
export interface TickProblems<Subject extends string = string> {
  /** @returns the problem; undefined for a spent budget, which is none. @throws what is not an expected failure: a bug */
  add(error: unknown, subject: Subject): Problem | undefined;
  countUnreadable(count: number, what: string): void;
  readonly note: (problem: Problem) => void;
  /** Something about the source as a whole that is no failed request. */
  readonly report: (kind: Problem['kind'], message: string) => void;
  /** After a refusal of the credential no other request can succeed. */
  isHopeless(): boolean;
  list(): readonly Problem[];
}

/** When so many requests of one tick have failed, the next will not fare better, and each costs one of the budget. */
const manyErrors = 8;

/** @param describe The problem that an error is; undefined for what is none that a network may have: a bug. */
export function collectTickProblems<Subject extends string>(
  where: string,
  describe: (error: unknown, subject: Subject) => Problem | undefined,
): TickProblems<Subject> {
  const found: Problem[] = [];
  const ofRequests = new Set<Problem>();
  const unreadable = new Map<string, number>();
  let isRefused = false;
  const note = (problem: Problem): void => {
    found.push(problem);
  };
  // Requests that fail alike have one cause, whatever they asked for.
  const causeOf = (problem: Problem): string =>
    ofRequests.has(problem) ? problem.kind : `${problem.kind} ${problem.message}`;
  return {
    add: (error, subject) => {
      if (error instanceof BudgetSpentError) return undefined;
      const problem = describe(error, subject);
      if (problem === undefined) throw error;
      if (isUnauthorized(error) || problem.kind === 'rate-limited') isRefused = true;
      ofRequests.add(problem);
      note(problem);
      return problem;
    },
    countUnreadable: (count, what) => {
      if (count > 0) unreadable.set(what, (unreadable.get(what) ?? 0) + count);
    },
    note,
    report: (kind, message) => {
      note({ kind, where, message });
    },
    isHopeless: () => isRefused || ofRequests.size >= manyErrors,
    list: () => [
      ...mergeRepeatedProblems(found, causeOf),
      ...[...unreadable].map(([what, count]) => describeUnreadable(where, what, count)),
    ],
  };
}

/** Not 403 as well: a scope that only the runners need must not end the tick for all others. */
function isUnauthorized(error: unknown): boolean {
  return error instanceof HttpStatusError && error.status === 401;
}

function describeUnreadable(where: string, what: string, count: number): Problem {
  const message = `left out ${String(count)} ${what} that are not what the API documents; the others are published`;
  return { kind: 'bad-response', where, message };
}
