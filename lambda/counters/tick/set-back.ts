/** Repairs the times of a state that a run with a wrong clock has saved. */
import type { Problem } from '../../model/problem.ts';
import { computeDay, type State, type StreamState } from '../state/state.ts';
import { minuteMs } from '../../model/time.ts';

/**
 * What is to be done with a state whose tick no other invocation can have come to: a clock was wrong, the one of that run
 * or the one of this. Counting goes on, and nothing is counted twice: watermarks have never passed what
 * was proven, and whatever was counted since is remembered.
 */
export function setBack(state: State, tickMs: number, intervalMs: number): void {
  const nowMs = Math.max(tickMs, state.provenMs);
  for (const stream of state.streams.values()) setStreamBack(stream, nowMs);
  startSeriesBy(state, nowMs);
  for (const series of state.followed.values()) {
    for (const each of series.values()) each.touchedDay = Math.min(each.touchedDay, computeDay(nowMs));
  }
  for (const [name, value] of state.remembered)
    state.remembered.set(name, clampLaterTimes(value, { tickMs, aheadMs: state.tickMs + longestRunMs }));
  state.tickMs = tickMs - intervalMs;
}

/** Both times, for one of them is wrong, and only a person can see which. */
export function describeClockProblem(id: string, aheadTickMs: number, tickMs: number): Problem {
  const [ahead, now] = [aheadTickMs, tickMs].map((ms) => new Date(ms).toISOString());
  const message = `the last run was that of ${ahead ?? ''}, and this one is that of ${now ?? ''}: the clock of one of them was wrong; counting goes on, and nothing is counted twice. Check the clock of the machine that runs the collector`;
  return { kind: 'clock', where: `${id} state`, message };
}

/** No invocation of AWS Lambda lives longer, so no run has noted a later time than this after its tick. */
const longestRunMs = 15 * minuteMs;

/**
 * Whether counting began by a clock that was ahead: the beginning is still to come, and no time of the vendor's own says
 * that it is this clock which is behind. Then nothing was counted either, for what is counted has ended after the
 * beginning. While no answer of the vendor has given a time, this cannot be known.
 */
export function hasBegunAhead({ epochMs, vendorMs }: State, tickMs: number, apartMs: number): boolean {
  return vendorMs !== undefined && epochMs - tickMs > apartMs && vendorMs - tickMs <= toleratedMs;
}

/** Clocks of two machines differ by less. */
const toleratedMs = minuteMs;

/** Counting begins then, and not when a clock that was ahead has said. */
export function beginAt(state: State, nowMs: number): void {
  state.epochMs = nowMs;
  state.provenMs = nowMs;
  for (const stream of state.streams.values()) {
    // By a clock that was ahead the first list has begun too late to show all that was in flight.
    if (stream.epochMs - nowMs > toleratedMs) stream.isFirst = true;
    stream.epochMs = Math.min(stream.epochMs, nowMs);
    stream.watermarkMs = Math.min(stream.watermarkMs, nowMs);
  }
  startSeriesBy(state, nowMs);
}

function startSeriesBy({ totals: allTotals }: State, nowMs: number): void {
  for (const { series } of allTotals.values()) {
    for (const each of series.values()) {
      each.startMs = Math.min(each.startMs, nowMs);
      each.touchedDay = Math.min(each.touchedDay, computeDay(nowMs));
    }
  }
}

function setStreamBack(stream: StreamState, nowMs: number): void {
  const { open, lost } = stream;
  stream.lastUsedMs = Math.min(stream.lastUsedMs, nowMs);
  for (const [id, each] of open) {
    const { firstSeenMs, lastCheckedMs: lastLookMs } = each;
    open.set(id, { ...each, firstSeenMs: Math.min(firstSeenMs, nowMs), lastCheckedMs: Math.min(lastLookMs, nowMs) });
  }
  for (const [id, seenMs] of lost) lost.set(id, Math.min(seenMs, nowMs));
}

/**
 * What a source remembers is its own, but for one rule: times are epoch milliseconds. One that only a clock that was
 * ahead can have noted becomes now, or what is asked at fixed times would not be asked until then.
 */
function clampLaterTimes(value: unknown, times: { readonly tickMs: number; readonly aheadMs: number }): unknown {
  const { tickMs, aheadMs } = times;
  if (typeof value === 'number') return value > tickMs && value <= aheadMs ? tickMs : value;
  if (Array.isArray(value)) return value.map((element) => clampLaterTimes(element, times));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, clampLaterTimes(part, times)]));
}
