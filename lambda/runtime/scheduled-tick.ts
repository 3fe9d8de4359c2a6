/** Finds the tick that an invocation stands for, from the scheduled time of its event. */
import { minuteMs } from '../model/time.ts';

/**
 * How far a scheduled time may lie behind: the function's own maximum event age. Beyond it the data would be stamped
 * into a minute that alarms have already judged.
 */
const maxAgeMs = 5 * minuteMs;

/** Clocks of two AWS services differ by less; a later scheduled time is a mistake. */
const maxAheadMs = minuteMs;

/**
 * The tick that an invocation stands for: the scheduled time of its event, floored to the interval, or now where the
 * event has none. Epoch milliseconds.
 */
export function determineTick(event: unknown, nowMs: number, intervalMs: number): number {
  return roundDownTo(findScheduledTime(event, nowMs) ?? nowMs, intervalMs);
}

/**
 * The scheduled time of an event. Undefined for a manual event (`{}`), a placeholder that was not replaced and a time
 * that is out of range. Epoch milliseconds.
 */
export function findScheduledTime(event: unknown, nowMs: number): number | undefined {
  const scheduledMs = parseScheduledTime(event);
  const isUsable = scheduledMs !== undefined && nowMs - scheduledMs <= maxAgeMs && scheduledMs - nowMs <= maxAheadMs;
  return isUsable ? scheduledMs : undefined;
}

export function roundDownTo(timeMs: number, intervalMs: number): number {
  return Math.floor(timeMs / intervalMs) * intervalMs;
}

function parseScheduledTime(event: unknown): number | undefined {
  if (typeof event !== 'object' || event === null || !('scheduledTime' in event)) return undefined;
  const { scheduledTime: text } = event;
  const parsed = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
