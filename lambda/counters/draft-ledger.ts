import { systemErrors } from '../model/run-metrics.ts';
import type { MetricDefinition, MetricFamily } from '../model/metric.ts';
import type { Finish } from './finish.ts';
import { followBook } from './follow-book.ts';
import { shortHash } from './hash.ts';
import type { Ledger } from './ledger.ts';
import { quotaBook } from './quota-book.ts';
import { seriesBook } from './series-book.ts';
import type { CountingSettings } from './settings.ts';
import type { State } from './state.ts';
import { streamBook } from './stream-book.ts';

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
}

/** What a tick did, beside the totals. */
export interface LedgerFigures {
  /** Seconds between the tick and the least watermark; undefined without streams. */
  readonly watermarkLagSeconds: number | undefined;
  readonly openRuns: number;
  /** Streams whose list was cut short by a budget. */
  readonly truncated: number;
  readonly runsLost: number;
  readonly finishes: number;
  readonly overflow: number;
}

export interface DraftLedger {
  readonly ledger: Ledger;
  /** Ends the tick: nothing is told to the ledger after that. */
  close(): Closed;
  hasChangedQuotas(): boolean;
}

export interface Closed {
  /** False for a source that could read nothing of what it counts. */
  readonly hasRead: boolean;
  readonly families: readonly MetricFamily[];
  readonly figures: LedgerFigures;
  /** One structured log line a finished run. */
  readonly lines: readonly NonNullable<Finish['line']>[];
  /** Finishes from before the installation, for sinks that take old timestamps; only of the first tick. */
  readonly history: readonly Finish[];
  readonly afterSave: readonly ((signal: AbortSignal) => Promise<void>)[];
}

/** The memory of one source for one tick, over a state that becomes true when it is saved. */
export function draftLedger(input: LedgerInput): DraftLedger {
  const { state, isNew, tickMs, system, source, settings } = input;
  const backfillMs = isNew ? settings.backfillMs : 0;
  const streams = streamBook(state, { tickMs, backfillMs });
  const series = seriesBook(state, { tickMs, settings, metrics: [...input.metrics, systemErrors] });
  const followed = followBook(state, tickMs, settings.maxSeriesPerMetric);
  const quotas = quotaBook(state.quotas, tickMs);
  const lines: NonNullable<Finish['line']>[] = [];
  const history = new Map<string, Finish>();
  const afterSave: ((signal: AbortSignal) => Promise<void>)[] = [];
  let finishes = 0;

  const countError = (component: string, error: string, increase: number): void => {
    series.count(systemErrors, { system, source, component, error }, increase);
  };

  /** A source says what its clock says; time does not run backwards. */
  const atLeastZero = (value: number): number => {
    if (value >= 0 && Number.isFinite(value)) return value;
    countError('clock', 'skew', 1);
    return 0;
  };

  const countFinish = ({ counts, observations, line }: Finish): void => {
    finishes += 1;
    for (const { metric, labels, increase } of counts) series.count(metric, labels, atLeastZero(increase));
    for (const { metric, labels, value, exemplar } of observations)
      series.observe(metric, labels, atLeastZero(value), exemplar);
    if (line !== undefined) lines.push(line);
  };

  const ledger: Ledger = {
    tickMs,
    epochMs: state.epochMs,
    isNew,
    window: streams.window,
    open: streams.open,
    sawOpen: (stream, id, note) => {
      streams.sawOpen(stream, id, note);
    },
    sawFinished: (stream, id, finish) => {
      const key = shortHash(finish.key);
      for (const { metric, labels, value } of finish.marks) series.mark(metric, labels, value, finish.finishedMs);
      const judgement = streams.sawFinished(stream, { id, key, finishedMs: finish.finishedMs });
      if (judgement === 'counts') countFinish(finish);
      const isWanted = judgement === 'history' && finish.finishedMs >= state.epochMs - backfillMs;
      if (isWanted && backfillMs > 0) history.set(`${stream.name} ${key}`, finish);
    },
    sawMissing: streams.sawMissing,
    forget: streams.forget,
    isCounted: (stream, key) => streams.isCounted(stream, shortHash(key)),
    readCompletely: (stream, toMs) => {
      streams.readCompletely(stream, toMs);
    },
    readPartly: streams.readPartly,
    drop: (name) => {
      state.streams.delete(name);
    },
    streams: () => [...state.streams.keys()],
    declare: series.declare,
    count: (metric, labels, increase) => {
      series.count(metric, labels, atLeastZero(increase));
    },
    follow: followed.follow,
    followHistogram: followed.followHistogram,
    afterSave: (work) => {
      afterSave.push(work);
    },
    quota: quotas.quota,
    recall: (name, shape) => shape.safeParse(state.remembered.get(name)).data,
    remember: (name, value) => {
      state.remembered.set(name, value);
    },
  };

  return {
    ledger,
    hasChangedQuotas: quotas.isChanged,
    close: () => {
      const { hasRead, lost, truncated } = streams.close();
      countError('run', 'lost', lost);
      countError('clock', 'skew', 0);
      series.close();
      followed.close();
      state.tickMs = tickMs;
      const all = [...state.streams.values()];
      const lags = all.map(({ watermarkMs }) => Math.max(0, tickMs - watermarkMs) / 1000);
      return {
        hasRead: hasRead || finishes > 0 || followed.hasFollowed(),
        families: [...series.families(), ...followed.families()],
        figures: {
          watermarkLagSeconds: lags.length === 0 ? undefined : lags.reduce((most, lag) => Math.max(most, lag), 0),
          openRuns: all.reduce((sum, { open }) => sum + open.size, 0),
          truncated,
          runsLost: lost,
          finishes,
          overflow: series.overflow() + followed.overflow(),
        },
        lines,
        history: [...history.values()],
        afterSave,
      };
    },
  };
}
