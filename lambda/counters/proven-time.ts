import type { CountingSettings } from './settings.ts';
import type { State } from './state.ts';

/**
 * How far the time is known to have come. The clock of a run may be wrong by hours, and what is forgotten or given up for
 * its age cannot be had back: so ages and watermarks go by this time, and a wrong clock costs freshness only.
 */
export interface ProvenTime {
  /** What the vendor's own clock says now. Epoch milliseconds. */
  readonly sawNow: (vendorMs: number) => void;
  /** A time in the vendor's records that has passed. Epoch milliseconds. */
  readonly sawPast: (vendorMs: number) => void;
  /** With everything that was seen in this tick. Epoch milliseconds. */
  readonly now: () => number;
  /** Keeps it in the state. */
  readonly close: () => void;
}

const minuteMs = 60_000;
const longestIntervalMs = 60 * minuteMs;

/** An invocation may start 5 minutes late and live for 15; a schedule's clock may be a minute ahead of it. */
const startAndLifeMs = 21 * minuteMs;

/**
 * How far the ticks of two invocations can lie apart that run at the same time; their times are those of the schedule,
 * which an interval cuts down. Whatever is further apart is a clock that is wrong, or a time without any run.
 */
export function mostApartMs({ intervalMs = longestIntervalMs }: Pick<CountingSettings, 'intervalMs'>): number {
  return intervalMs + startAndLifeMs;
}

/** @param believedMs by how much the clock may advance between two runs without the vendor's word for it. */
export function provenTime(state: State, tickMs: number, believedMs: number): ProvenTime {
  const beforeMs = state.provenMs;
  let vendorNowMs: number | undefined;
  let pastMs = state.vendorMs;

  const now = (): number => {
    // The vendor's clock, as far as it is not ahead itself.
    if (vendorNowMs !== undefined) return Math.max(beforeMs, Math.min(tickMs, vendorNowMs));
    if (tickMs - beforeMs <= believedMs) return Math.max(beforeMs, tickMs);
    return Math.max(beforeMs, pastMs ?? beforeMs);
  };
  const sawPast = (vendorMs: number): void => {
    const seenMs = Math.min(vendorMs, tickMs);
    pastMs = Math.max(pastMs ?? seenMs, seenMs);
  };
  return {
    sawNow: (vendorMs) => {
      vendorNowMs = Math.max(vendorNowMs ?? vendorMs, vendorMs);
      sawPast(vendorMs);
    },
    sawPast,
    now,
    close: () => {
      state.provenMs = now();
      state.vendorMs = pastMs;
    },
  };
}
