import type { Problem } from '../../../model/problem.ts';

/** A list as far as it was read. */
export interface Part<Value> {
  readonly value: Value;
  /** False where a budget, a page limit or a failure cut it short. */
  readonly isComplete: boolean;
  /** Elements that are not what Buildkite documents and were left out. */
  readonly unreadable: number;
  /** Places where Buildkite answered null for what would be elements. */
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

  constructor(told: string | undefined) {
    super(told === undefined ? 'the organization is not visible to the token' : `Buildkite says: ${told}`);
  }
}
