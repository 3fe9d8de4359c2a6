/** How the requests that a CI system allows in an hour are spread so that no hour ever holds more. */
import { minuteMs, hourMs } from '../model/time.ts';

/**
 * How many requests a tick may send. A CI system may count a rolling hour and tell nothing of it, so the pace
 * is such that no hour, wherever it begins, can hold more than the limit.
 */

/** The rest is for repeated connections and for other programs that use the same credential. */
const usedShare = 0.95;

/** What was not needed may be saved up for this long: a tick of 5 minutes still has all of its requests. */
export const burstMs = 5 * minuteMs;

/** Any rolling hour meets at most this many windows of `burstMs`, the cut ones at its ends included. */
const windowsInAnHour = hourMs / burstMs + 1;

/** Requests in one window of `burstMs`; as many as fit into any rolling hour. */
export function computeRequestsPerWindow(perHour: number): number {
  return Math.max(1, Math.floor((perHour * usedShare) / windowsInAnHour));
}

/** What may be sent in the long run, in an hour. */
export function computeSustainedPerHour(perHour: number): number {
  return (computeRequestsPerWindow(perHour) * hourMs) / burstMs;
}

/** Requests that were saved up, and when. */
export interface SavedRequests {
  readonly tokens: number;
  readonly atMs: number;
}

/** A bucket that fills with time and never above one window. Undefined before the first tick: it starts full. */
export function refill(saved: SavedRequests | undefined, perHour: number, nowMs: number): SavedRequests {
  const most = computeRequestsPerWindow(perHour);
  if (saved === undefined) return { tokens: most, atMs: nowMs };
  const passedMs = Math.max(0, nowMs - saved.atMs);
  return { tokens: Math.min(most, saved.tokens + (passedMs / burstMs) * most), atMs: Math.max(saved.atMs, nowMs) };
}

/** Kept for a burst of runs: only what was saved above it is used for visits that are not due. */
const keptShare = 0.5;

/** What of the saved requests can be used without a need. */
export function computeSpare(tokens: number, perHour: number): number {
  return Math.max(0, tokens - computeRequestsPerWindow(perHour) * keptShare);
}

/** What of the whole may go to something that is asked at fixed times, such as the list of repositories. */
export const shares = {
  /** A push is seen within seconds of it, for one request whatever the number of repositories. */
  probe: 0.07,
  runners: 0.07,
  discovery: 0.1,
  /** Of a tick: the steps of runs that have ended. */
  steps: 0.25,
  /** Of a tick: deployments that are due. */
  deployments: 0.1,
} as const;

/** How often something of this cost can be asked within its share. Milliseconds, at least `leastMs`. */
export function computeAffordableInterval(requests: number, share: number, perHour: number, leastMs: number): number {
  return Math.max(leastMs, (requests * hourMs) / (computeSustainedPerHour(perHour) * share));
}

/** First wait after a refusal that names no time; it doubles up to the longest with each further one. */
const firstBlockMs = minuteMs;
const longestBlockMs = 15 * minuteMs;

/** How long to leave the CI system alone after the `refusals`th refusal in a row. */
export function computeBlockMs(refusals: number): number {
  return Math.min(longestBlockMs, firstBlockMs * 2 ** Math.max(0, refusals - 1));
}
