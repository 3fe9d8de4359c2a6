/** Works on many items at a time and gives each a fair share of the time that is left. */
import type { Deadline } from './deadline.ts';
import { mapConcurrently } from './map-concurrently.ts';

export interface SharedTime {
  readonly deadline: Deadline;
  /** How many items are worked on at a time. */
  readonly limit: number;
  /** Longest that one item may take, however much time is left; default: its share. Milliseconds. */
  readonly maxMs?: number;
}

/**
 * Runs `work` for every item, each with a deadline of its own, so that one that hangs does not starve the others: the
 * items that are left, `limit` at a time, have as much time each. Results stand in the order of the items.
 */
export function mapWithinDeadline<Item, Result>(
  items: readonly Item[],
  { deadline, limit, maxMs = Infinity }: SharedTime,
  work: (item: Item, deadline: Deadline) => Promise<Result>,
): Promise<readonly Result[]> {
  return mapConcurrently([...items.entries()], limit, async ([index, item]) => {
    const rounds = Math.ceil((items.length - index) / limit);
    using own = deadline.slice(Math.min(1 / rounds, maxMs / Math.max(1, deadline.remainingMs())));
    return await work(item, own);
  });
}
