/** The streams of a source during one tick: windows, open runs, what was counted before, and watermarks. */
import type { ProvenTime } from './proven-time.ts';
import type { OpenRun, Stream, Window } from '../ledger.ts';
import type { State, StreamState } from '../state/state.ts';
import { minuteMs, dayMs } from '../../model/time.ts';

/** At least the longest lag of a vendor's index; a gap in the schedule needs none, because the watermark waits. */
const defaultOverlapMs = 10 * minuteMs;
/** Lets the vendor's index catch up. */
const defaultSettleMs = 30_000;
/** Clock skew inside the vendor's records: runs that finish before they start have been seen. */
const slackMs = 2 * minuteMs;
/** Buildkite's job expiry, the longest legal life that is known. */
const defaultOpenForMs = 30 * dayMs;
/** A single 404 may be a replica that lags. */
const missingTicksUntilLost = 3;
/** Below the overlap a narrower window saves nothing, and the watermark must still get on. */
const narrowestSpanMs = minuteMs;
/** A stream that comes later, such as a new repository, has no history to speak of; an old one that was added has. */
const reachOfLaterStreamsMs = 60 * minuteMs;
/** A run that was given up and that no list has shown for so long is gone; the quietest lists are read daily. */
const lostKeptMs = 2 * dayMs;
/** A stream that its source has not used for so long is forgotten. */
const forgottenAfterMs = 60 * dayMs;

/** What a tick did to one stream; it takes effect in `close`. */
interface Work {
  readonly stream: Stream;
  readonly state: StreamState;
  readonly startMarkMs: number;
  readonly openedNow: Set<string>;
  readonly missedNow: Set<string>;
  readUntilMs: number | undefined;
  isPartly: boolean;
  isNotDue: boolean;
}

export type Judgement = 'counts' | 'known' | 'history';

/** The streams of a state during one tick. */
export interface TickStreams {
  readonly openWindow: (stream: Stream) => Window;
  readonly recallOpen: (stream: Stream) => readonly OpenRun[];
  readonly noteOpen: (stream: Stream, id: string, note: string | undefined) => void;
  /** `key` is the hash of the finish's. */
  readonly noteFinished: (
    stream: Stream,
    finish: { readonly id: string; readonly key: string; readonly finishedMs: number },
  ) => Judgement;
  readonly noteMissing: (stream: Stream, id: string) => void;
  readonly forget: (stream: Stream, id: string) => void;
  readonly dropStream: (streamName: string, why: 'gone' | 'unselected') => void;
  readonly isCounted: (stream: Stream, key: string) => boolean;
  readonly noteComplete: (stream: Stream, toMs: number | undefined) => void;
  readonly notePartial: (stream: Stream) => void;
  readonly noteNotDue: (stream: Stream) => void;
  /** Ages the open runs, moves the watermarks and prunes; tells how many runs were lost. */
  readonly close: () => ClosedStreams;
}

interface ClosedStreams {
  /** Whether any stream was read, in part or as a whole, or left out on purpose. */
  readonly hasRead: boolean;
  readonly lost: number;
  readonly truncated: number;
}

export interface StreamsOptions {
  readonly tickMs: number;
  /** In the first tick the windows reach back that far, for sinks that take old timestamps. */
  readonly backfillMs: number;
  readonly time: Pick<ProvenTime, 'now' | 'tick' | 'latest'>;
}

export function openStreams(state: State, { tickMs, backfillMs, time }: StreamsOptions): TickStreams {
  const works = new Map<string, Work>();
  let missed = 0;

  function ensureWork(stream: Stream): Work {
    const known = works.get(stream.name);
    if (known !== undefined) return known;
    const work = begin(state, stream, { tickMs, vendorTickMs: time.tick() });
    works.set(stream.name, work);
    return work;
  }

  return {
    openWindow: (stream) => computeWindow(ensureWork(stream), tickMs, backfillMs),
    recallOpen: (stream) => sortByLastCheck(ensureWork(stream).state),
    noteOpen: (stream, id, note) => {
      const { state: streamState, openedNow } = ensureWork(stream);
      // A list that shows it for ever must not open it anew, to lose it once more.
      if (streamState.lost.has(id)) {
        streamState.lost.set(id, tickMs);
        return;
      }
      const firstSeenMs = streamState.open.get(id)?.firstSeenMs ?? tickMs;
      streamState.open.set(id, { firstSeenMs, lastCheckedMs: tickMs, missing: 0, note });
      openedNow.add(id);
    },
    noteFinished: (stream, finish) =>
      judge(ensureWork(stream), finish, { nowMs: time.now(), vendorTickMs: time.tick() }),
    noteMissing: (stream, id) => {
      if (isLostNow(ensureWork(stream), id, tickMs)) missed += 1;
    },
    forget: (stream, id) => {
      const { open, lost } = ensureWork(stream).state;
      open.delete(id);
      lost.delete(id);
    },
    dropStream: (name, why) => {
      if (why === 'gone') missed += state.streams.get(name)?.open.size ?? 0;
      state.streams.delete(name);
      works.delete(name);
    },
    isCounted: (stream, key) => ensureWork(stream).state.seen.has(key),
    noteComplete: (stream, toMs) => {
      const work = ensureWork(stream);
      const windowEndMs = computeWindow(work, tickMs, 0).toMs;
      work.readUntilMs = Math.min(toMs ?? windowEndMs, windowEndMs);
    },
    notePartial: (stream) => {
      ensureWork(stream).isPartly = true;
    },
    noteNotDue: (stream) => {
      ensureWork(stream).isNotDue = true;
    },
    close: () => closeAll(state, [...works.values()], { tickMs, nowMs: time.now(), latestMs: time.latest(), missed }),
  };
}

interface TickTimes {
  readonly tickMs: number;
  readonly vendorTickMs: number;
}

function begin(state: State, stream: Stream, times: TickTimes): Work {
  const { tickMs } = times;
  const streamState = state.streams.get(stream.name) ?? createStream(state, times);
  state.streams.set(stream.name, streamState);
  streamState.lastUsedMs = tickMs;
  return {
    stream,
    state: streamState,
    startMarkMs: streamState.watermarkMs,
    openedNow: new Set(),
    missedNow: new Set(),
    readUntilMs: undefined,
    isPartly: false,
    isNotDue: false,
  };
}

function sortByLastCheck({ open }: StreamState): readonly OpenRun[] {
  return [...open]
    .toSorted(([, a], [, b]) => a.lastCheckedMs - b.lastCheckedMs)
    .map(([id, { firstSeenMs, lastCheckedMs, note }]) => ({ id, firstSeenMs, lastCheckedMs, note }));
}

/** Whether this was the last of several ticks in a row in which the vendor did not know the run. */
function isLostNow({ state, missedNow }: Work, id: string, tickMs: number): boolean {
  const open = state.open.get(id);
  if (open === undefined || missedNow.has(id)) return false;
  missedNow.add(id);
  open.lastCheckedMs = tickMs;
  open.missing += 1;
  return open.missing >= missingTicksUntilLost && state.open.delete(id);
}

function closeAll(
  { streams }: State,
  works: readonly Work[],
  { missed, ...times }: Times & { readonly missed: number },
): ClosedStreams {
  const aged = works.reduce((sum, work) => sum + closeStream(work, times), 0);
  const forgotten = forgetStreams(streams, times.nowMs);
  return {
    hasRead: works.some(({ isPartly, isNotDue, readUntilMs }) => isPartly || isNotDue || readUntilMs !== undefined),
    lost: missed + aged + forgotten,
    truncated: works.filter(({ isPartly }) => isPartly).length,
  };
}

/** The end of the open runs of a forgotten stream can no longer be read: they are lost. */
function forgetStreams(streams: Map<string, StreamState>, nowMs: number): number {
  const old = [...streams].filter(([, { lastUsedMs: lookedMs }]) => lookedMs < nowMs - forgottenAfterMs);
  for (const [name] of old) streams.delete(name);
  return old.reduce((sum, [, { open }]) => sum + open.size, 0);
}

function createStream(state: State, { tickMs, vendorTickMs }: TickTimes): StreamState {
  const isFirstTick = state.tickMs === state.epochMs && tickMs === state.epochMs;
  const beginMs = Math.max(state.epochMs, Math.min(state.tickMs, vendorTickMs - reachOfLaterStreamsMs));
  const epochMs = isFirstTick ? state.epochMs : beginMs;
  return {
    epochMs,
    watermarkMs: epochMs,
    isFirst: true,
    spanMs: undefined,
    lastUsedMs: tickMs,
    open: new Map(),
    lost: new Map(),
    seen: new Map(),
  };
}

function computeWindow({ stream, state, startMarkMs }: Work, tickMs: number, backfillMs: number): Window {
  const { overlapMs = defaultOverlapMs, settleMs = defaultSettleMs } = stream;
  const settledMs = tickMs - settleMs;
  const toMs = state.spanMs === undefined ? settledMs : Math.min(settledMs, startMarkMs + state.spanMs);
  const fromMs = startMarkMs - (state.isFirst ? Math.max(overlapMs, backfillMs) : overlapMs);
  // With a backfill the time before the beginning is told to sinks that take it, and so is news.
  const newsFromMs = state.isFirst && backfillMs > 0 ? fromMs : Math.max(fromMs, state.epochMs);
  return { fromMs, newsFromMs, toMs: Math.max(fromMs, toMs), isFirst: state.isFirst };
}

/** Whether a finish counts, and whether its run is open no longer. */
function judge(
  { stream, state, startMarkMs, openedNow }: Work,
  { id, key, finishedMs }: { readonly id: string; readonly key: string; readonly finishedMs: number },
  { nowMs, vendorTickMs }: { readonly nowMs: number; readonly vendorTickMs: number },
): Judgement {
  const wasOpen = state.open.has(id) || state.lost.delete(id);
  // A run that is open as well has another attempt, or one of two answers was stale: another look costs a request.
  if (!openedNow.has(id)) state.open.delete(id);
  const { overlapMs = defaultOverlapMs } = stream;
  // Where counting begins with a clock that is ahead, the vendor's own time is the beginning.
  if (finishedMs < Math.min(state.epochMs, vendorTickMs)) {
    // An end that the vendor moves later, as GitHub does when somebody touches a run, is still the same one.
    if (finishedMs >= startMarkMs - overlapMs) state.seen.set(key, Math.max(finishedMs, nowMs));
    return 'history';
  }
  if (state.seen.has(key)) return 'known';
  // Older than what is remembered: it was counted and forgotten, unless its end was still waited for.
  if (!wasOpen && finishedMs < Math.min(startMarkMs, vendorTickMs) - overlapMs - slackMs) return 'known';
  // By the later of the two times: a stale answer may show an old run as open again, and then as finished.
  state.seen.set(key, Math.max(finishedMs, nowMs));
  return 'counts';
}

/** The clock of this run, and what of it is proven. */
interface Times {
  readonly tickMs: number;
  readonly nowMs: number;
  /** Of all that was told in this tick. */
  readonly latestMs: number;
}

function closeStream(work: Work, { tickMs, nowMs, latestMs }: Times): number {
  const { stream, state, startMarkMs, readUntilMs, isPartly } = work;
  const { overlapMs = defaultOverlapMs, settleMs = defaultSettleMs, openForMs = defaultOpenForMs } = stream;
  setFirstSeen(work, tickMs, latestMs);
  const lost = giveUpOld(state, nowMs, openForMs);
  if (isPartly) {
    if (stream.isResumable !== true) state.spanMs = narrowSpan(state, tickMs - settleMs - startMarkMs);
  } else if (readUntilMs !== undefined) {
    // Beyond the proven time it is not certain that the window has ended yet.
    state.watermarkMs = Math.max(state.watermarkMs, Math.min(readUntilMs, nowMs));
    state.isFirst = false;
    state.spanMs = widenSpan(state, tickMs - settleMs);
  }
  const rememberedMs = Math.min(state.watermarkMs, nowMs) - overlapMs - slackMs;
  for (const [key, timeMs] of state.seen) if (timeMs < rememberedMs) state.seen.delete(key);
  return lost;
}

/** A run that was seen by a clock that is behind is no older than the time that the vendor told. */
function setFirstSeen({ state: { open }, openedNow }: Work, tickMs: number, latestMs: number): void {
  for (const id of openedNow) {
    const found = open.get(id);
    if (found?.firstSeenMs === tickMs && latestMs > tickMs) open.set(id, { ...found, firstSeenMs: latestMs });
  }
}

function narrowSpan({ spanMs = Infinity }: StreamState, pastMs: number): number {
  return Math.max(narrowestSpanMs, Math.floor(Math.min(pastMs, spanMs) / 2));
}

/** Doubled after each complete read until the window reaches the present again. */
function widenSpan({ spanMs, watermarkMs }: StreamState, settledMs: number): number | undefined {
  if (spanMs === undefined || watermarkMs + spanMs * 2 >= settledMs) return undefined;
  return spanMs * 2;
}

function giveUpOld({ open, lost }: StreamState, nowMs: number, openForMs: number): number {
  for (const [id, seenMs] of lost) if (seenMs < nowMs - lostKeptMs) lost.delete(id);
  const old = [...open].filter(([, { firstSeenMs }]) => firstSeenMs < nowMs - openForMs).map(([id]) => id);
  for (const id of old) {
    open.delete(id);
    lost.set(id, nowMs);
  }
  return old.length;
}
