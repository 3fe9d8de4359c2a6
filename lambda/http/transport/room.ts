/** Bounds the memory that all answers on their way take together. */
import { watchAbort } from '../../runtime/abort.ts';

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

/** More would be of no use: so many bytes take longer to parse as JSON than a run has time. */
const mostBytes = 256 * 1024 * 1024;

/** How many bytes answers on the way may take together in a process of this memory. */
export function computeRoom(memoryMegabytes: number): number {
  return Math.min(Math.max(Math.floor(memoryMegabytes * 2 ** 20 * shareOfMemory), leastBytes), mostBytes);
}

export interface Room {
  /** What all answers may take together, but for the first of them and for what each takes without asking. */
  readonly bytes: number;
  /** Begins an answer. */
  open(): AnswerRoom;
  /** Bytes that are taken now, and the most that ever were at a time. */
  taken(): { readonly now: number; readonly most: number };
}

/** The room of one answer; dispose it to give the bytes back. */
export interface AnswerRoom extends Disposable {
  /**
   * Takes so many bytes more. Undefined: they are there; a promise where that has to wait for others, which rejects with
   * the reason of the signal.
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

interface OpenAnswer {
  taken: number;
  waiting: { readonly bytes: number; readonly go: () => void } | undefined;
}

/**
 * Answers wait in the order in which they were begun. The first of them never waits, so that it ends and the next one
 * becomes the first: there is no deadlock. The first may go beyond the room by its own limit.
 */
export function createRoom(bytes: number): Room {
  // In the order in which they were begun.
  const open = new Set<OpenAnswer>();
  let now = 0;
  let most = 0;

  const isFirst = (answer: OpenAnswer): boolean => {
    const [first] = open;
    return answer === first;
  };
  const doesFit = (answer: OpenAnswer, more: number): boolean =>
    isFirst(answer) || answer.taken + more <= freeBytes || now + more <= bytes;
  const give = (answer: OpenAnswer, more: number): void => {
    answer.taken += more;
    now += more;
    most = Math.max(most, now);
  };
  const wake = (): void => {
    for (const answer of open) {
      const { waiting } = answer;
      if (waiting === undefined) continue;
      // A later answer that needs less must not overtake again and again.
      if (!doesFit(answer, waiting.bytes)) return;
      answer.waiting = undefined;
      give(answer, waiting.bytes);
      waiting.go();
    }
  };

  return {
    bytes,
    open: () => {
      const answer: OpenAnswer = { taken: 0, waiting: undefined };
      open.add(answer);
      return {
        take: (more, signal) => {
          if (!doesFit(answer, more)) return waitFor(answer, more, signal);
          give(answer, more);
          return undefined;
        },
        [Symbol.dispose]: () => {
          if (!open.delete(answer)) return;
          now -= answer.taken;
          wake();
        },
      };
    },
    taken: () => ({ now, most }),
  };
}

async function waitFor(answer: OpenAnswer, bytes: number, signal: AbortSignal): Promise<void> {
  using passing = watchAbort(signal);
  const { promise, resolve } = Promise.withResolvers<'given'>();
  answer.waiting = {
    bytes,
    go: () => {
      resolve('given');
    },
  };
  if ((await Promise.race([promise, passing.happened])) === 'given') return;
  answer.waiting = undefined;
  throw signal.reason;
}
