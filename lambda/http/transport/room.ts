/** Holds the answers that are being read to one number of bytes together, whoever sends them and however much. */
import { abortOf } from '../../runtime/abort.ts';

/**
 * What an answer may take without asking: a connection buffers as much by itself (Node streams, `highWaterMark`), so
 * that nearly every answer is read without waiting, and no sender of large ones stands in its way.
 */
export const freeBytes = 64 * 1024;

/**
 * Of the function's memory. The heap has five eighths (`node-environment.ts`) and Node with the code about 70 MB; of the
 * default of 512 MB that leaves 120 MB, and one half of them is for what sinks write and for garbage not yet collected.
 */
const shareOfMemory = 1 / 8;

/** At the least one answer of the usual limit with its copy. */
const leastBytes = 8 * 1024 * 1024;

/** More would help nobody: so many bytes take longer to read as JSON than a run has time. */
const mostBytes = 256 * 1024 * 1024;

/** How many bytes answers on the way may take together in a process of this memory. */
export function roomFor(memoryMegabytes: number): number {
  return Math.min(Math.max(Math.floor(memoryMegabytes * 2 ** 20 * shareOfMemory), leastBytes), mostBytes);
}

export interface Room {
  /** What all answers may take together, but for the first of them and for what each takes without asking. */
  readonly bytes: number;
  /** Begins an answer. */
  open(): Place;
  /** Bytes that are taken now, and the most that ever were at a time. */
  taken(): { readonly now: number; readonly most: number };
}

/** The room of one answer; dispose it to give the bytes back. */
export interface Place extends Disposable {
  /**
   * Takes so many bytes more. Undefined: they are there; a promise where that has to wait for others, which rejects with
   * the reason of the signal.
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

interface Open {
  taken: number;
  waiting: { readonly bytes: number; readonly go: () => void } | undefined;
}

/**
 * Answers wait in the order in which they were begun. The first of them never waits, so that it comes to its end and
 * another one is the first: nobody waits for somebody who waits for him. It may go beyond the room by its own limit.
 */
export function createRoom(bytes: number): Room {
  // In the order in which they were begun.
  const open = new Set<Open>();
  let now = 0;
  let most = 0;

  const isFirst = (place: Open): boolean => {
    const [first] = open;
    return place === first;
  };
  const fits = (place: Open, more: number): boolean =>
    isFirst(place) || place.taken + more <= freeBytes || now + more <= bytes;
  const give = (place: Open, more: number): void => {
    place.taken += more;
    now += more;
    most = Math.max(most, now);
  };
  const wake = (): void => {
    for (const place of open) {
      const { waiting } = place;
      if (waiting === undefined) continue;
      // Who came later must not overtake again and again only because it wants less.
      if (!fits(place, waiting.bytes)) return;
      place.waiting = undefined;
      give(place, waiting.bytes);
      waiting.go();
    }
  };

  return {
    bytes,
    open: () => {
      const place: Open = { taken: 0, waiting: undefined };
      open.add(place);
      return {
        take: (more, signal) => {
          if (!fits(place, more)) return waitFor(place, more, signal);
          give(place, more);
          return undefined;
        },
        [Symbol.dispose]: () => {
          if (!open.delete(place)) return;
          now -= place.taken;
          wake();
        },
      };
    },
    taken: () => ({ now, most }),
  };
}

async function waitFor(place: Open, bytes: number, signal: AbortSignal): Promise<void> {
  using passing = abortOf(signal);
  const { promise, resolve } = Promise.withResolvers<'given'>();
  place.waiting = {
    bytes,
    go: () => {
      resolve('given');
    },
  };
  if ((await Promise.race([promise, passing.happened])) === 'given') return;
  place.waiting = undefined;
  throw signal.reason;
}
