/** Yields one tick after another, each when it is due. */
import { setTimeout as timer } from 'node:timers/promises';
import type { Clock } from './clock.ts';

export interface TickSchedule {
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Ends the loop, also in the middle of a wait. */
  readonly signal: AbortSignal;
  /** The first tick; default: now. Epoch milliseconds. */
  readonly startMs?: number;
  /** May resolve early; rejects or resolves when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Scheduled times, `start + n × interval`, each yielded when it is due: work between two ticks shifts none of them.
 * Of ticks that fell due while the consumer was busy only the latest is yielded, so a lag stays below one interval.
 * A clock that is set back by more than an interval starts a new grid instead of a long silence.
 */
export async function* generateTicks(schedule: TickSchedule): AsyncGenerator<number, void> {
  const { intervalMs, clock, startMs = clock() } = schedule;
  if (!(intervalMs > 0)) throw new RangeError(`an interval must be positive, not ${String(intervalMs)} ms`);

  let nextMs = startMs;
  for (;;) {
    const dueMs = await waitUntilDue(nextMs, schedule);
    if (dueMs === undefined) return;
    const tickMs = dueMs + Math.floor((clock() - dueMs) / intervalMs) * intervalMs;
    yield tickMs;
    nextMs = tickMs + intervalMs;
    if (nextMs - clock() > 2 * intervalMs) nextMs = clock() + intervalMs;
  }
}

/** Waits for `dueMs` and resolves with the time that is due, or with undefined once the signal aborts. */
async function waitUntilDue(dueMs: number, schedule: TickSchedule): Promise<number | undefined> {
  const { intervalMs, clock, signal, sleep = sleepFor } = schedule;
  const plannedMs = dueMs - clock();
  // Timers may fire a millisecond before the clock says so, hence the loop.
  for (let leftMs = plannedMs; leftMs > 0 && !isAborted(signal); leftMs = dueMs - clock()) {
    if (leftMs > plannedMs + intervalMs) return clock();
    try {
      await sleep(leftMs, signal);
    } catch (error) {
      if (!isAborted(signal)) throw error;
    }
  }
  return isAborted(signal) ? undefined : dueMs;
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  await timer(ms, undefined, { signal });
}

/** A call, because the compiler takes a signal that was not aborted before a wait for one that never will be. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
