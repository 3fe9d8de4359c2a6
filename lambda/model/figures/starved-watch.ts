/** Remembers since when each queue has jobs and no worker. */
import type { QueueRow } from './queue-rows.ts';

/** Remembers since when each queue has been starved, because one run tells only that it is starved now. */
export interface StarvedWatch {
  /** Takes in what was just read. */
  note(rows: readonly QueueRow[], nowMs: number): void;
  /** Milliseconds; undefined for a queue that has workers. */
  getStarvedMs(row: QueueRow, nowMs: number): number | undefined;
}

export function createStarvedWatch(): StarvedWatch {
  let since: ReadonlyMap<string, number> = new Map();
  return {
    note: (rows, nowMs) => {
      const starved = rows.filter((row) => (row.starved ?? 0) > 0);
      since = new Map(starved.map(({ key }) => [key, since.get(key) ?? nowMs]));
    },
    getStarvedMs: ({ key }, nowMs) => {
      const fromMs = since.get(key);
      return fromMs === undefined ? undefined : nowMs - fromMs;
    },
  };
}
