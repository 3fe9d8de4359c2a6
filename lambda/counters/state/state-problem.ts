/** Turns an error of the state store into the problem that a run reports. */
import type { Problem } from '../../model/problem.ts';
import { StateStoreError } from '../stores/store.ts';

/**
 * The problem of a store that cannot be used; `effect` says what is left out for it.
 *
 * @throws what is no `StateStoreError`: a tick that another invocation has, or a bug.
 */
export function describeStateProblem(error: unknown, where: string, effect?: string): Problem {
  if (!(error instanceof StateStoreError)) throw error;
  return { kind: error.kind, where, message: effect === undefined ? error.message : `${error.message}; ${effect}` };
}
