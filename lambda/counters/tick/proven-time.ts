/** Finds out how far the time has certainly come, although the clock of a run may be wrong. */
import type { CountingSettings } from '../settings.ts';
import type { State } from '../state/state.ts';
import { minuteMs } from '../../model/time.ts';

/**
 * How far the time is known to have come. The clock of a run may be wrong by hours, and what is forgotten or given up for
 * its age cannot be had back: so ages and watermarks go by this time, and a wrong clock costs freshness only.
 */
export interface ProvenTime {
  /** What the vendor's own clock says now. Epoch milliseconds. */
  readonly noteNow: (vendorMs: number) => void;
  /** A time in the vendor's records that has passed. Epoch milliseconds. */
  readonly notePast: (vendorMs: number) => void;
  /** With everything that was seen in this tick. Epoch milliseconds. */
  readonly now: () => number;
  /** The tick, or the vendor's time where that is earlier; a clock that is behind is set right. Epoch milliseconds. */
  readonly tick: () => number;
  /** The latest time of all clocks: what was seen in this tick is no older. Epoch milliseconds. */
  readonly latest: () => number;
  /** Keeps it in the state; a run that has read nothing and was told nothing has proven nothing. */
  readonly close: (hasRead: boolean) => void;
}

const longestIntervalMs = 60 * minuteMs;

/** An invocation may start 5 minutes late and live for 15; a schedule's clock may be a minute ahead of it. */
const startAndLifeMs = 21 * minuteMs;

/**
 * How far the ticks of two invocations can lie apart that run at the same time; their times are those of the schedule,
 * which an interval cuts down. Whatever is further apart is a clock that is wrong, or a time without any run.
 */
export function computeMostApartMs({ intervalMs = longestIntervalMs }: Pick<CountingSettings, 'intervalMs'>): number {
  return intervalMs + startAndLifeMs;
}

/** A schedule's clock may be that far ahead of a machine's. */
const scheduleAheadMs = minuteMs;

/**
 * Whether a run of this tick can have begun by now. A tick that is still to come is that of a clock that is wrong, and not
 * that of another run that was faster.
 */
export function isUnderWay(tickMs: number, nowMs: number): boolean {
  return tickMs - nowMs <= scheduleAheadMs;
}

export interface ProvenTimeOptions {
  readonly tickMs: number;
  /** Whether counting begins in this tick: then only the clock of this run has told the time so far. */
  readonly isNew: boolean;
  /** By how much the clock may advance between two runs without the vendor's word for it. Milliseconds. */
  readonly believedMs: number;
  /** What the answers of this run have told of the vendor's clock; undefined until one has. Epoch milliseconds. */
  readonly vendorNow: () => number | undefined;
}

export function trackProvenTime(state: State, { tickMs, isNew, believedMs, vendorNow }: ProvenTimeOptions): ProvenTime {
  const beforeMs = isNew ? -Infinity : state.provenMs;
  let answeredMs: number | undefined;
  let pastMs = state.vendorMs;

  const getVendorMs = (): number | undefined => answeredMs ?? vendorNow();
  const computeNow = (): number => {
    const vendorNowMs = getVendorMs();
    // The vendor's clock, as far as it is not ahead itself.
    if (vendorNowMs !== undefined) return Math.max(beforeMs, Math.min(tickMs, vendorNowMs));
    if (isNew || tickMs - beforeMs <= believedMs) return Math.max(beforeMs, tickMs);
    return Math.max(beforeMs, Math.min(tickMs, pastMs ?? beforeMs));
  };
  const computeLatest = (): number => Math.max(computeNow(), tickMs, getVendorMs() ?? tickMs);
  const notePast = (vendorMs: number): void => {
    pastMs = Math.max(pastMs ?? vendorMs, vendorMs);
  };
  return {
    noteNow: (vendorMs) => {
      answeredMs = Math.max(answeredMs ?? vendorMs, vendorMs);
      notePast(vendorMs);
    },
    notePast,
    now: computeNow,
    tick: () => {
      const vendorNowMs = getVendorMs();
      return vendorNowMs !== undefined && vendorNowMs < tickMs ? vendorNowMs : computeLatest();
    },
    latest: computeLatest,
    close: (hasRead) => {
      if (hasRead || isNew || getVendorMs() !== undefined) state.provenMs = computeNow();
      state.vendorMs = pastMs;
    },
  };
}
