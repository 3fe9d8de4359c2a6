/** Opens the ledger of one source for one tick, over a state that is saved when the tick ends. */
import { holdToBounds } from '../state/bounds.ts';
import { type TickRemembered, openRemembered } from './remembered.ts';
import { append } from '../../model/lists/append.ts';
import { costMetrics } from '../../model/catalogue/cost-metrics.ts';
import { systemErrors } from '../../model/catalogue/run-metrics.ts';
import type { Cleaner } from '../../model/text/admit.ts';
import type { Folding } from '../../model/limits/cap.ts';
import type { MetricDefinition, MetricFamily } from '../../model/metric.ts';
import type { Span } from '../../model/span.ts';
import { guardLedger } from './guard-ledger.ts';
import type { Finish } from '../finish.ts';
import { type TickFollowed, openFollowed } from './followed.ts';
import { hashKey } from './hash.ts';
import type { Ledger } from '../ledger.ts';
import { computeMostApartMs, type ProvenTime, trackProvenTime } from './proven-time.ts';
import { openCosts, type TickCosts } from './costs.ts';
import type { PaidRun } from './paid-time.ts';
import { type TickBudgets, openBudgets } from './budgets.ts';
import { type TickTotals, openTotals } from './totals.ts';
import { beginAt } from './set-back.ts';
import type { CountingSettings } from '../settings.ts';
import type { State } from '../state/state.ts';
import { type Judgement, type TickStreams, openStreams } from './streams.ts';

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
  /** Queues whose jobs or workers cost something that nobody has told, as `<scope>/<queue>`; none without prices. */
  readonly unpriced: readonly string[];
}

export interface DraftLedger {
  readonly ledger: Ledger;
  /** Ends the tick: the ledger must not be used after that. */
  close(): ClosedTick;
  hasChangedBudgets(): boolean;
  /**
   * What the workers of these families cost since they were read last; before the ledger is closed. Returns the longest
   * time that was cut off and costs nothing. Seconds.
   */
  countWorkers(families: readonly MetricFamily[], run: PaidRun): number;
}

export interface ClosedTick {
  /** False for a source that could read nothing of what it counts, although it was due. */
  readonly hasRead: boolean;
  readonly families: readonly MetricFamily[];
  readonly figures: LedgerFigures;
  /** One structured log line a finished run. */
  readonly lines: readonly NonNullable<Finish['line']>[];
  /** Runs and jobs that ended; empty unless they are kept. */
  readonly spans: readonly Span[];
  /** Finishes from before the installation, for sinks that take old timestamps; only of the first tick. */
  readonly backfill: readonly Finish[];
  readonly afterSave: readonly ((signal: AbortSignal) => Promise<void>)[];
}

interface TickTallies {
  readonly time: ProvenTime;
  readonly streams: TickStreams;
  readonly series: TickTotals;
  readonly followed: TickFollowed;
  readonly costs: TickCosts;
  readonly budgets: TickBudgets;
  readonly remembered: TickRemembered;
  readonly afterSave: ((signal: AbortSignal) => Promise<void>)[];
}

/** The memory of one source for one tick, over a state that becomes true when it is saved. */
export function openDraftLedger(input: LedgerInput): DraftLedger {
  const { state, isNew, tickMs, settings, metrics } = input;
  const backfillMs = isNew ? settings.backfillMs : 0;
  const { vendorNow = () => undefined } = input;
  const time = trackProvenTime(state, { tickMs, isNew, believedMs: computeMostApartMs(settings), vendorNow });
  const series = openTotals(state, { tickMs, settings, metrics: [...metrics, systemErrors, ...costMetrics] });
  const costs = openCosts(settings.findPrice, series);
  const tallies: TickTallies = {
    time,
    streams: openStreams(state, { tickMs, backfillMs, time }),
    series,
    costs,
    followed: openFollowed(state, tickMs, settings),
    budgets: openBudgets(state.budgets, tickMs, computeMostApartMs(settings)),
    remembered: openRemembered(state.remembered),
    afterSave: [],
  };
  const errors = createErrorCounter(input, series);
  const finishes = openFinishes(series, {
    errors,
    costs,
    backfillSinceMs: backfillMs === 0 ? Infinity : state.epochMs - backfillMs,
    keepsSpans: input.spans === 'keep',
  });
  const ledger = guardLedger(buildLedger(tallies, input, { errors, finishes }), input.cleaner);
  return {
    ledger,
    hasChangedBudgets: tallies.budgets.isChanged,
    countWorkers: (families, run) => costs.countWorkers(ledger, families, run),
    close: () => closeDraft(tallies, input, { errors, finishes }),
  };
}

interface ErrorCounter {
  readonly count: (component: string, error: string, increase: number) => void;
  /** Clocks of a vendor may give negative times: these are counted as clock skew and taken for 0. */
  readonly atLeastZero: (value: number) => number;
}

function createErrorCounter({ system, source }: LedgerInput, series: TickTotals): ErrorCounter {
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
interface TickFinishes {
  readonly note: (finish: Finish, key: string, judgement: Judgement) => void;
  readonly lines: () => readonly NonNullable<Finish['line']>[];
  readonly spans: () => readonly Span[];
  readonly backfill: () => readonly Finish[];
  readonly size: () => number;
}

interface FinishRules {
  readonly errors: ErrorCounter;
  readonly costs: TickCosts;
  /** What ended before is not even history. Epoch milliseconds. */
  readonly backfillSinceMs: number;
  readonly keepsSpans: boolean;
}

function openFinishes(
  series: TickTotals,
  { errors, costs, backfillSinceMs: historySinceMs, keepsSpans }: FinishRules,
): TickFinishes {
  const lines: NonNullable<Finish['line']>[] = [];
  const spans: Span[] = [];
  const backfill = new Map<string, Finish>();
  let finishCount = 0;
  const add = ({ counts, observations, line, spans: ended = [] }: Finish): void => {
    finishCount += 1;
    for (const count of counts) {
      const increase = errors.atLeastZero(count.increase);
      series.count(count.metric, count.labels, increase);
      costs.countJob({ ...count, increase });
    }
    for (const { metric, labels, value, exemplar } of observations)
      series.observe(metric, labels, { value: errors.atLeastZero(value), exemplar });
    if (line !== undefined) lines.push(line);
    if (keepsSpans) append(spans, ended);
  };
  return {
    note: (finish, key, judgement) => {
      for (const { metric, labels, value } of finish.marks) series.mark(metric, labels, value, finish);
      if (judgement === 'counts') add(finish);
      if (judgement === 'history' && finish.finishedMs >= historySinceMs) backfill.set(key, finish);
    },
    lines: () => lines,
    spans: () => spans,
    backfill: () => [...backfill.values()],
    size: () => finishCount,
  };
}

interface Counters {
  readonly errors: ErrorCounter;
  readonly finishes: TickFinishes;
}

function buildLedger(
  { time, streams, series, followed, costs, budgets: quotas, remembered: kept, afterSave }: TickTallies,
  { state, isNew, tickMs }: LedgerInput,
  { errors, finishes }: Counters,
): Ledger {
  return {
    tickMs,
    now: time.now,
    epochMs: state.epochMs,
    isNew,
    openWindow: streams.openWindow,
    recallOpen: streams.recallOpen,
    noteMissing: streams.noteMissing,
    forget: streams.forget,
    notePartial: streams.notePartial,
    noteNotDue: streams.noteNotDue,
    noteOpen: (stream, id, note) => {
      streams.noteOpen(stream, id, note);
    },
    noteVendorTime: time.noteNow,
    countFinish: (stream, id, finish) => {
      time.notePast(finish.finishedMs);
      const key = hashKey(finish.key);
      const judgement = streams.noteFinished(stream, { id, key, finishedMs: finish.finishedMs });
      finishes.note(finish, `${stream.name} ${key}`, judgement);
    },
    isCounted: (stream, key) => streams.isCounted(stream, hashKey(key)),
    noteComplete: (stream, toMs) => {
      streams.noteComplete(stream, toMs);
    },
    dropStream: streams.dropStream,
    recallStreams: () => [...state.streams.keys()],
    endMarks: series.endMarks,
    declare: (metric, labels) => {
      series.declare(metric, labels);
      costs.declareQueue(metric, labels);
    },
    count: (metric, labels, increase) => {
      series.count(metric, labels, errors.atLeastZero(increase));
    },
    follow: followed.follow,
    followHistogram: followed.followHistogram,
    deferUntilSaved: (work) => {
      afterSave.push(work);
    },
    openBudget: quotas.openBudget,
    recall: (name, shape) => shape.safeParse(state.remembered.get(name)).data,
    remember: kept.remember,
  };
}

function closeDraft(
  { time, streams, series, followed, costs, remembered: kept, afterSave }: TickTallies,
  { state, isNew, tickMs, settings: { backfillMs } }: LedgerInput,
  { errors, finishes }: Counters,
): ClosedTick {
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
  // Finishes from before the installation are delivered in the first tick alone: it is repeated until a list was read.
  const mayOwePast = isNew && backfillMs > 0 && all.length > 0;
  const lags = all.map(({ watermarkMs }) => Math.max(0, state.provenMs - watermarkMs) / 1000);
  return {
    hasRead: hasRead || finishes.size() > 0 || followed.hasFollowed() || (costs.hasCountedWorkers() && !mayOwePast),
    families: [...series.families(), ...followed.families()],
    figures: {
      watermarkLagSeconds: lags.length === 0 ? undefined : lags.reduce((most, lag) => Math.max(most, lag), 0),
      openRuns: all.reduce((sum, { open }) => sum + open.size, 0),
      truncated,
      runsLost: lost,
      fellOut,
      finishes: finishes.size(),
      overflow: folded.reduce((sum, { labelSets }) => sum + labelSets, 0),
      folded,
      unpriced: costs.unpriced(),
    },
    lines: finishes.lines(),
    spans: finishes.spans(),
    backfill: finishes.backfill(),
    afterSave,
  };
}
