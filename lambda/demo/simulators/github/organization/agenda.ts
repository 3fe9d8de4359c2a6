/** Keeps what will happen in the simulated organization, and plays it in the order of time. */

export interface Agenda {
  /** Acts at that time; what is due at the same time happens in the order in which it was planned. Epoch milliseconds. */
  plan(atMs: number, act: (atMs: number) => void): void;
  /** Lets everything happen that is due by then, what it plans meanwhile included. */
  playUntil(nowMs: number): void;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly act: (atMs: number) => void;
}

export function createAgenda(): Agenda {
  const heap: Entry[] = [];
  let order = 0;
  return {
    plan: (atMs, act) => {
      if (atMs === Infinity) return;
      order += 1;
      pushEntry(heap, { atMs, order, act });
    },
    playUntil: (nowMs) => {
      for (let next = heap[0]; next !== undefined && next.atMs <= nowMs; next = heap[0]) {
        popEntry(heap);
        next.act(next.atMs);
      }
    },
  };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}

/** A binary heap: the parent of the entry at `index` is at `(index - 1) >> 1`, and never later. */
function pushEntry(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = entry;
}

function popEntry(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const below = pickEarlier(heap, 2 * index + 1);
    const child = heap[below];
    if (child === undefined || !isBefore(child, last)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
}

/** The place of the earlier one of two neighbours. */
function pickEarlier(heap: readonly Entry[], left: number): number {
  const [first, second] = [heap[left], heap[left + 1]];
  return first !== undefined && second !== undefined && isBefore(second, first) ? left + 1 : left;
}
