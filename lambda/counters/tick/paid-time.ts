/** Measures for how long the workers of a queue are to be paid in a tick: since their queue was read last. */
import * as z from 'zod';
import { minuteMs } from '../../model/time.ts';
import type { Labels } from '../../model/metric.ts';
import type { Ledger } from '../ledger.ts';
import { defineMapping } from '../state/mapping.ts';
import { hashKey } from './hash.ts';

/** The run whose workers are paid for. */
export interface PaidRun {
  readonly tickMs: number;
  /** The tick that was saved before; undefined for the first one, of whose past nothing is known. Epoch milliseconds. */
  readonly sinceMs: number | undefined;
  /** Between two runs; default: a minute. Milliseconds. */
  readonly intervalMs: number | undefined;
  /** Whether the source had a problem: then a queue that is missing may have workers that were not read. */
  readonly hasFailed: boolean;
}

/** The paid time of one tick. */
export interface PaidTime {
  /** Seconds for which the workers of the queue with these labels (`scope`, `queue`) are paid. */
  readonly measure: (queue: Labels) => number;
  /** Remembers how far each queue is paid. Returns the longest time that was cut off and costs nothing. Seconds. */
  readonly close: () => number;
}

/**
 * Workers as they are now stand for the time since their queue was read last, for so many intervals at most: how many
 * there were in a longer gap nobody knows.
 */
const mostIntervals = 5;

const PaidUntil = defineMapping(z.number());
const name = 'workers paid until';

export function openPaidTime(ledger: Pick<Ledger, 'recall' | 'remember'>, run: PaidRun): PaidTime {
  const { tickMs, sinceMs = tickMs, intervalMs = minuteMs, hasFailed } = run;
  const mostMs = mostIntervals * intervalMs;
  const before = ledger.recall(name, PaidUntil);
  const untilMs = new Map(Object.entries(before ?? {}));
  const paid = new Map<string, number>();
  let longestCutMs = 0;
  return {
    measure: (queue) => {
      const key = formatKey(queue);
      const passedMs = Math.max(0, tickMs - Math.min(sinceMs, untilMs.get(key) ?? sinceMs));
      paid.set(key, tickMs);
      longestCutMs = Math.max(longestCutMs, passedMs - mostMs);
      return Math.min(passedMs, mostMs) / 1000;
    },
    close: () => {
      // In a run without a problem a queue that is missing has no workers, and nothing to pay for.
      const owed = hasFailed ? [...untilMs].filter(([, ms]) => tickMs - ms < mostMs) : [];
      const kept = Object.fromEntries([...owed, ...paid]);
      if (before !== undefined || Object.keys(kept).length > 0) ledger.remember(name, kept);
      return longestCutMs / 1000;
    },
  };
}

/** Hashed, because nothing has cleaned these labels yet and because there may be thousands of queues. */
function formatKey({ scope, queue }: Labels): string {
  return hashKey(JSON.stringify([scope, queue]));
}
