/** The state of one source: everything that is remembered of it from tick to tick. */
import { dayMs } from '../../model/time.ts';

/**
 * What is remembered of one source from tick to tick. A ledger changes a copy; the copy becomes the state when it was
 * saved. Times are epoch milliseconds.
 */
export interface State {
  /** Of the last saved run. */
  tickMs: number;
  /** When counting began. */
  epochMs: number;
  /** How far the time is known to have come, whatever the clocks of runs have said. */
  provenMs: number;
  /** The latest time of the vendor's own that was seen; undefined until one was. */
  vendorMs: number | undefined;
  readonly streams: Map<string, StreamState>;
  /** By metric name. */
  readonly totals: Map<string, MetricTotals>;
  /** Counters that other systems keep: by metric name, then by the hash of the labels. */
  readonly followed: Map<string, Map<string, Followed>>;
  readonly budgets: Map<string, BudgetState>;
  readonly remembered: Map<string, unknown>;
  /** Of the last delivery. */
  deliveryId: number;
  /** Increases that were handed to additive sinks and of whose fate nothing is known yet. */
  inFlight: readonly InFlight[];
}

export interface StreamState {
  /** What finished before is not counted: the state's own epoch, later for a stream that came later. */
  epochMs: number;
  watermarkMs: number;
  /** Until the stream was read completely for the first time. */
  isFirst: boolean;
  /** After a truncated read: how far beyond the watermark the next window may reach. */
  spanMs: number | undefined;
  /** The tick in which the source last asked for the stream. */
  lastUsedMs: number;
  readonly open: Map<string, OpenState>;
  /** Runs that were open for too long and were counted as lost, with the tick in which they were seen last. */
  readonly lost: Map<string, number>;
  /** Hash of a finish key to the time until which, less the overlap, it can be read again. */
  readonly seen: Map<string, number>;
}

export interface OpenState {
  readonly firstSeenMs: number;
  lastCheckedMs: number;
  /** Ticks in a row in which the vendor did not know it. */
  missing: number;
  note: string | undefined;
}

/** The series of one metric. */
export interface MetricTotals {
  /** Names of the labels whose values the series have. */
  readonly labels: readonly string[];
  /** Tells histograms apart whose bounds differ; empty for what is no histogram. */
  readonly bounds: string;
  readonly series: Map<string, Series>;
}

export interface Series {
  readonly values: readonly string[];
  startMs: number;
  /** Day in which it was last touched, counted from 1970: precise enough to tell what has been dead for weeks. */
  touchedDay: number;
  /** Counter: the total. Histogram: a count for each bucket, then the sum. Mark: the value, when its run ended and when it was created. */
  numbers: number[];
}

export interface Followed {
  /** Counter: its value. Histogram: a count for each bucket, then the sum. */
  numbers: readonly number[];
  startMs: number;
  touchedDay: number;
}

export interface BudgetState {
  startMs: number;
  used: number;
  /** What the vendor said is left, until `resetMs`. */
  rateLimit: { remaining: number; resetMs: number } | undefined;
}

export interface InFlight {
  /** When it was handed over, by the time that was proven then. */
  readonly tickMs: number;
  /** What outboxes know the delivery by: its tick, or more where a clock was set back, for no number comes twice. */
  readonly id: number;
  /** Ids of the additive sinks that were to get them. */
  readonly sinks: readonly string[];
  readonly samples: number;
}

export function createState(tickMs: number): State {
  return {
    tickMs,
    epochMs: tickMs,
    provenMs: tickMs,
    vendorMs: undefined,
    deliveryId: 0,
    streams: new Map(),
    totals: new Map(),
    followed: new Map(),
    budgets: new Map(),
    remembered: new Map(),
    inFlight: [],
  };
}

export function computeDay(timeMs: number): number {
  return Math.floor(timeMs / dayMs);
}
