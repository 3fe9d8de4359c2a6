/** A list of the API as far as it was read, and why it ended early. */
import type { Problem } from '../../../model/problem.ts';

/** A list as far as it was read. */
export interface ListResult<Value> {
  readonly value: Value;
  /** False where a budget, a page limit or an error cut it short. */
  readonly isComplete: boolean;
  /** What of the collector's own cut it short: the request budget, or the bound of a list; absent for all else. */
  readonly cutBy?: 'budget' | 'page limit' | undefined;
  /** Elements that are not what Buildkite documents and were left out. */
  readonly unreadable: number;
  /** How often Buildkite answered null in place of elements. */
  readonly withheld: number;
  /** What Buildkite said beside the data. */
  readonly notes: readonly string[];
  /** Of a list by creation: when the oldest element was created, as Buildkite writes it. */
  readonly oldest?: string | undefined;
  /** Why it was cut short. */
  readonly problem?: Problem | undefined;
}

/** The organization is wrong, or the token may not see it; both look the same. */
export class InvisibleOrganizationError extends Error {
  override readonly name = 'InvisibleOrganizationError';

  constructor(reason: string | undefined) {
    super(reason === undefined ? 'the organization is not visible to the token' : `Buildkite says: ${reason}`);
  }
}
