/** Tells of a queue of events that cannot be read. */
import type { Problem } from '../model/problem.ts';
import { InboxError } from './inbox.ts';

/**
 * A queue of events that cannot be read costs nothing but its speed: the poll goes on.
 *
 * @throws what is no `InboxError`: a bug.
 */
export function describeInboxProblem(error: unknown, where: string): Problem {
  if (!(error instanceof InboxError)) throw error;
  return { kind: error.kind, where: `${where} events`, message: error.message };
}
