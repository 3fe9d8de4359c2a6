import type { Problem } from '../../model/problem.ts';
import { StateStoreError } from '../stores/store.ts';

/**
 * A store that cannot be used costs what needs it, and nothing else; `effect` says what that is.
 *
 * @throws what is no `StateStoreError`: a tick that another invocation has, or a bug.
 */
export function stateProblem(error: unknown, where: string, effect?: string): Problem {
  if (!(error instanceof StateStoreError)) throw error;
  return { kind: error.kind, where, message: effect === undefined ? error.message : `${error.message}; ${effect}` };
}
