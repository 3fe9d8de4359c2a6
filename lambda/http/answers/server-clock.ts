/** Compares this machine's clock with that of a server, by the `Date` header of its answers. */
import type { ResponseHeaders } from '../port.ts';

/** What the clock of a server says beside our own, by the `Date` header of one of its answers. */
export interface ClockReading {
  readonly host: string;
  /** Our own clock when the answer came. Epoch milliseconds. */
  readonly ownMs: number;
  /** The server's, cut to the second. Epoch milliseconds. */
  readonly serverMs: number;
  /** By how much ours is ahead at least; negative where it is behind, 0 where both may be right. Milliseconds. */
  readonly aheadMs: number;
}

export interface Exchanged {
  readonly host: string;
  /** By our own clock. Epoch milliseconds. */
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** `Date` has no fraction of a second (RFC 9110, section 5.6.7). */
const cutMs = 1000;

const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Clocks differ for certain only where the server's time lies outside of the exchange: an answer that takes half a
 * minute is no fault of a clock. Undefined where the server tells no time.
 */
export function measureClock(
  headers: ResponseHeaders,
  { host, sentMs, answeredMs }: Exchanged,
): ClockReading | undefined {
  const serverMs = parseServerTime(headers);
  if (serverMs === undefined) return undefined;
  const aheadMs = Math.max(0, sentMs - serverMs - cutMs) + Math.min(0, answeredMs - serverMs);
  return { host, ownMs: answeredMs, serverMs, aheadMs };
}

/** The time of an answer; one that a cache has kept is as old as it says (RFC 9111, section 5.1). Epoch milliseconds. */
export function parseServerTime({ date = '', age = '' }: ResponseHeaders): number | undefined {
  if (!httpDate.test(date)) return undefined;
  const dateMs = Date.parse(date);
  if (Number.isNaN(dateMs)) return undefined;
  return /^\d{1,9}$/.test(age) ? dateMs + Number(age) * 1000 : dateMs;
}

/** The better of two readings of one server: what makes an answer late only adds to the difference. */
export function pickCloser(a: ClockReading | undefined, b: ClockReading): ClockReading {
  return a !== undefined && Math.abs(a.aheadMs) <= Math.abs(b.aheadMs) ? a : b;
}

/** The clock that ours differs most from; undefined where no server told its time. */
export function pickFurthest(readings: readonly ClockReading[]): ClockReading | undefined {
  return readings.reduce<ClockReading | undefined>(
    (most, reading) => (most !== undefined && Math.abs(most.aheadMs) >= Math.abs(reading.aheadMs) ? most : reading),
    undefined,
  );
}

/** The time by the clock that is the least ahead: nothing is taken for past that one server has not come to yet. */
export function pickEarliest(readings: readonly ClockReading[]): number | undefined {
  return readings.reduce<number | undefined>(
    (least, { serverMs }) => (least === undefined ? serverMs : Math.min(least, serverMs)),
    undefined,
  );
}
