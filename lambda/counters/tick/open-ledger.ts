import { holdToBounds } from '../state/bounds.ts';
import { type KeptBook, keptBook } from './remembered.ts';
import { append } from '../../model/lists/append.ts';
import { systemErrors } from '../../model/catalogue/run-metrics.ts';
import type { Cleaner } from '../../model/text/admit.ts';
import type { Folding } from '../../model/limits/cap.ts';
import type { MetricDefinition, MetricFamily } from '../../model/metric.ts';
import type { Span } from '../../model/span.ts';
import { admittingLedger } from './guard-ledger.ts';
import type { Finish } from '../finish.ts';
import { type FollowBook, followBook } from './followed.ts';
import { shortHash } from './hash.ts';
import type { Ledger } from '../ledger.ts';
import { mostApartMs, type ProvenTime, provenTime } from './proven-time.ts';
import { type QuotaBook, quotaBook } from './budgets.ts';
import { type SeriesBook, seriesBook } from './totals.ts';
import { beginAt } from './set-back.ts';
import type { CountingSettings } from '../settings.ts';
import type { State } from '../state/state.ts';
import { type Judgement, type StreamBook, streamBook } from './streams.ts';

export interface LedgerInput {
  /** Changed in place: the caller has another copy, or reads it again. */
  readonly state: State;
  readonly isNew: boolean;
  readonly tickMs: number;
  /** Labels of what the ledger itself counts. */
  readonly system: string;
  readonly source: string;
  readonly metrics: readonly MetricDefinition[];
  readonly settings: CountingSettings;
  /** What the vendor's own clock says, as far as an answer of this run has told. Epoch milliseconds. */
  readonly vendorNow?: (() => number | undefined) | undefined;
  readonly cleaner?: Cleaner | undefined;
  /** Whether any sink shows traces; default: `omit`. */
  readonly spans?: 'keep' | 'omit' | undefined;
}

/** What a tick did, beside the totals. */
export interface LedgerFigures {
  /** Seconds between now, as far as it is proven, and the least watermark; undefined without streams. */
  readonly watermarkLagSeconds: number | undefined;
  readonly openRuns: number;
  /** Streams whose list was cut short by a budget. */
  readonly truncated: number;
  readonly runsLost: number;
  /** Entries that were too many to be remembered. */
  readonly fellOut: number;
  readonly finishes: number;
  /** Label sets that had to be folded, or left out. */
  readonly overflow: number;
  readonly folded: readonly Folding[];
}

export interface DraftLedger {
  readonly ledger: Ledger;
  /** Ends the tick: nothing is told to the ledger after that. */
  close(): Closed;
  hasChangedQuotas(): boolean;
}

export interface Closed {
  /** False for a source that could read nothing of what it counts, although it was due. */
  readonly hasRead: boolean;
  readonly families: readonly MetricFamily[];
  readonly figures: LedgerFigures;
  /** One structured log line a finished run. */
  readonly lines: readonly NonNullable<Finish['line']>[];
  /** Runs and jobs that ended; empty unless they are kept. */
  readonly spans: readonly Span[];
  /** Finishes from before the installation, for sinks that take old timestamps; only of the first tick. */
  readonly history: readonly Finish[];
  readonly afterSave: readonly ((signal: AbortSignal) => Promise<void>)[];
}

interface Books {
  readonly time: ProvenTime;
  readonly streams: StreamBook;
  readonly series: SeriesBook;
  readonly followed: FollowBook;
  readonly quotas: QuotaBook;
  readonly kept: KeptBook;
  readonly afterSave: ((signal: AbortSignal) => Promise<void>)[];
}

/** The memory of one source for one tick, over a state that becomes true when it is saved. */
export function draftLedger(input: LedgerInput): DraftLedger {
  const { state, isNew, tickMs, settings, metrics } = input;
  const backfillMs = isNew ? settings.backfillMs : 0;
  const { vendorNow = () => undefined } = input;
  const time = provenTime(state, { tickMs, isNew, believedMs: mostApartMs(settings), vendorNow });
  const books: Books = {
    time,
    streams: streamBook(state, { tickMs, backfillMs, time }),
    series: seriesBook(state, { tickMs, settings, metrics: [...metrics, systemErrors] }),
    followed: followBook(state, tickMs, settings),
    quotas: quotaBook(state.quotas, tickMs, mostApartMs(settings)),
    kept: keptBook(state.remembered),
    afterSave: [],
  };
  const errors = errorCounter(input, books.series);
  const finishes = finishBook(books.series, {
    errors,
    historySinceMs: backfillMs === 0 ? Infinity : state.epochMs - backfillMs,
    keepsSpans: input.spans === 'keep',
  });
  return {
    ledger: admittingLedger(ledgerOver(books, input, { errors, finishes }), input.cleaner),
    hasChangedQuotas: books.quotas.isChanged,
    close: () => closeDraft(books, input, { errors, finishes }),
  };
}

interface ErrorCounter {
  readonly count: (component: string, error: string, increase: number) => void;
  /** A source says what its clocks say; time does not run backwards. */
  readonly atLeastZero: (value: number) => number;
}

function errorCounter({ system, source }: LedgerInput, series: SeriesBook): ErrorCounter {
  const count: ErrorCounter['count'] = (component, error, increase) => {
    series.count(systemErrors, { system, source, component, error }, increase);
  };
  return {
    count,
    atLeastZero: (value) => {
      if (value >= 0 && Number.isFinite(value)) return value;
      count('clock', 'skew', 1);
      return 0;
    },
  };
}

/** The finishes of one tick. */
interface FinishBook {
  readonly saw: (finish: Finish, key: string, judgement: Judgement) => void;
  readonly lines: () => readonly NonNullable<Finish['line']>[];
  readonly spans: () => readonly Span[];
  readonly history: () => readonly Finish[];
  readonly counted: () => number;
}

interface FinishRules {
  readonly errors: ErrorCounter;
  /** What ended before is not even history. Epoch milliseconds. */
  readonly historySinceMs: number;
  readonly keepsSpans: boolean;
}

function finishBook(series: SeriesBook, { errors, historySinceMs, keepsSpans }: FinishRules): FinishBook {
  const lines: NonNullable<Finish['line']>[] = [];
  const spans: Span[] = [];
  const history = new Map<string, Finish>();
  let counted = 0;
  const add = ({ counts, observations, line, spans: ended = [] }: Finish): void => {
    counted += 1;
    for (const { metric, labels, increase } of counts) series.count(metric, labels, errors.atLeastZero(increase));
    for (const { metric, labels, value, exemplar } of observations)
      series.observe(metric, labels, { value: errors.atLeastZero(value), exemplar });
    if (line !== undefined) lines.push(line);
    if (keepsSpans) append(spans, ended);
  };
  return {
    saw: (finish, key, judgement) => {
      for (const { metric, labels, value } of finish.marks) series.mark(metric, labels, value, finish);
      if (judgement === 'counts') add(finish);
      if (judgement === 'history' && finish.finishedMs >= historySinceMs) history.set(key, finish);
    },
    lines: () => lines,
    spans: () => spans,
    history: () => [...history.values()],
    counted: () => counted,
  };
}

interface Counters {
  readonly errors: ErrorCounter;
  readonly finishes: FinishBook;
}

function ledgerOver(
  { time, streams, series, followed, quotas, kept, afterSave }: Books,
  { state, isNew, tickMs }: LedgerInput,
  { errors, finishes }: Counters,
): Ledger {
  return {
    tickMs,
    now: time.now,
    epochMs: state.epochMs,
    isNew,
    window: streams.window,
    open: streams.open,
    sawMissing: streams.sawMissing,
    forget: streams.forget,
    readPartly: streams.readPartly,
    notDue: streams.notDue,
    sawOpen: (stream, id, note) => {
      streams.sawOpen(stream, id, note);
    },
    sawTime: time.sawNow,
    sawFinished: (stream, id, finish) => {
      time.sawPast(finish.finishedMs);
      const key = shortHash(finish.key);
      const judgement = streams.sawFinished(stream, { id, key, finishedMs: finish.finishedMs });
      finishes.saw(finish, `${stream.name} ${key}`, judgement);
    },
    isCounted: (stream, key) => streams.isCounted(stream, shortHash(key)),
    readCompletely: (stream, toMs) => {
      streams.readCompletely(stream, toMs);
    },
    drop: streams.drop,
    streams: () => [...state.streams.keys()],
    endMarks: series.endMarks,
    declare: series.declare,
    count: (metric, labels, increase) => {
      series.count(metric, labels, errors.atLeastZero(increase));
    },
    follow: followed.follow,
    followHistogram: followed.followHistogram,
    afterSave: (work) => {
      afterSave.push(work);
    },
    quota: quotas.quota,
    recall: (name, shape) => shape.safeParse(state.remembered.get(name)).data,
    remember: kept.remember,
  };
}

function closeDraft(
  { time, streams, series, followed, kept, afterSave }: Books,
  { state, tickMs }: LedgerInput,
  { errors, finishes }: Counters,
): Closed {
  const { hasRead, lost: lostRuns, truncated } = streams.close();
  // The clock of the first run was ahead: what ends from now on is to count, not what ends when its time has come.
  if (time.now() < state.epochMs) beginAt(state, time.now());
  const { runs, entries } = holdToBounds(state, tickMs);
  const fellOut = entries + kept.close();
  const lost = lostRuns + runs;
  errors.count('run', 'lost', lost);
  if (fellOut > 0) errors.count('collector', 'memory full', fellOut);
  // From the first tick on, so that `increase()` sees the first one.
  errors.count('clock', 'skew', 0);
  series.close(time.now());
  followed.close(time.now());
  time.close(hasRead);
  state.tickMs = tickMs;
  const folded = [...series.folded(), ...followed.folded()];
  const all = [...state.streams.values()];
  const lags = all.map(({ watermarkMs }) => Math.max(0, state.provenMs - watermarkMs) / 1000);
  return {
    hasRead: hasRead || finishes.counted() > 0 || followed.hasFollowed(),
    families: [...series.families(), ...followed.families()],
    figures: {
      watermarkLagSeconds: lags.length === 0 ? undefined : lags.reduce((most, lag) => Math.max(most, lag), 0),
      openRuns: all.reduce((sum, { open }) => sum + open.size, 0),
      truncated,
      runsLost: lost,
      fellOut,
      finishes: finishes.counted(),
      overflow: folded.reduce((sum, { labelSets }) => sum + labelSets, 0),
      folded,
    },
    lines: finishes.lines(),
    spans: finishes.spans(),
    history: finishes.history(),
    afterSave,
  };
}
