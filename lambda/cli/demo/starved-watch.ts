import type { QueueRow } from '../render/queue-rows.ts';

/** Remembers since when each queue has been starved: one look at a queue cannot tell. */
export interface StarvedWatch {
  /** Takes in what was just read. */
  see(rows: readonly QueueRow[], nowMs: number): void;
  /** Milliseconds; undefined for a queue that has workers. */
  starvedFor(row: QueueRow, nowMs: number): number | undefined;
}

export function createStarvedWatch(): StarvedWatch {
  let since: ReadonlyMap<string, number> = new Map();
  return {
    see: (rows, nowMs) => {
      const starved = rows.filter((row) => (row.starved ?? 0) > 0);
      since = new Map(starved.map(({ key }) => [key, since.get(key) ?? nowMs]));
    },
    starvedFor: ({ key }, nowMs) => {
      const fromMs = since.get(key);
      return fromMs === undefined ? undefined : nowMs - fromMs;
    },
  };
}
