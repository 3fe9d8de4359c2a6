/** The ledger: what a source that counts tells of its runs in one tick, and what it may ask. */
import type * as z from 'zod';
import type { Labels, MetricDefinition } from '../model/metric.ts';
import type { Finish } from './finish.ts';

/**
 * One list of a source, read on its own: `builds` of an organisation, one repository, one namespace. Each has its own
 * watermark, open set and seen set, so that a list that cannot be read holds up no other.
 */
export interface Stream {
  /** Unique within the source, and the same in every run. */
  readonly name: string;
  /** How long the vendor's list may lag behind its records; finishes are looked for that far back. Milliseconds. */
  readonly overlapMs?: number;
  /** What finished less than this before the tick is left to the next one. Milliseconds. */
  readonly settleMs?: number;
  /** Longer than the longest legal run; what is open for longer is counted as lost. Milliseconds. */
  readonly openForMs?: number;
  /**
   * True for a list that cannot be asked for a span of time, so that the source itself goes on where it was cut short:
   * a narrower window would be no shorter list.
   */
  readonly isResumable?: boolean;
}

/** What of a stream is to be read in this tick. */
export interface Window {
  /** Finishes since then may be uncounted. Epoch milliseconds. */
  readonly fromMs: number;
  /**
   * What finished before that is from before the counting: only its marks are kept, so do not request details of it.
   * Later than `fromMs` while the window still reaches back behind the beginning. Epoch milliseconds.
   */
  readonly newsFromMs: number;
  /** Finishes after that are left to the next tick, unless they are seen anyhow. Epoch milliseconds. */
  readonly toMs: number;
  /**
   * True until the stream was read completely for the first time. Nothing historical is counted, but runs in flight must
   * be found: list what was created in the last `openForMs`, within the page budget.
   */
  readonly isFirst: boolean;
}

/** A run that was seen unfinished and whose end is still to be counted. */
export interface OpenRun {
  readonly id: string;
  readonly firstSeenMs: number;
  /** The tick in which it was seen open, or missed, last. Epoch milliseconds. */
  readonly lastCheckedMs: number;
  /** What the source wrote beside it, to save a request. */
  readonly note: string | undefined;
}

/** Requests that a credential may still send in a window of the vendor's; kept over runs, and over failed ones too. */
export interface RequestBudget {
  /** False when the budget has too few requests left: leave this request out and report it. */
  take(requests?: number): boolean;
  remaining(): number;
  /** What the vendor itself says is left, until when; the lower figure counts. */
  noteRateLimit(seen: { readonly remaining: number; readonly resetMs: number }): void;
}

/**
 * The memory of one source for one tick. Everything that is told to it takes effect together when the source has
 * returned and the state was saved; a tick that fails, or that another run has counted, keeps nothing but its budgets.
 */
export interface Ledger {
  /** Scheduled time of the run. Epoch milliseconds. */
  readonly tickMs: number;
  /**
   * How far the time is known to have come, with what the answers of this run have told: the tick, but not that of a
   * clock that is ahead. What a record leaves without a time gets this one, and what is given up for its age goes by it.
   * Epoch milliseconds.
   */
  now(): number;
  /** When counting began, for this source; what finished before is history. Epoch milliseconds. */
  readonly epochMs: number;
  /** True when no state was found: the first tick, or the state was lost. */
  readonly isNew: boolean;

  openWindow(stream: Stream): Window;
  /** The stream's open runs, oldest look first; ask for them within the request budget. */
  recallOpen(stream: Stream): readonly OpenRun[];
  /** `id` is the run's; it stays open until it is seen finished, missing or too old, and then is not opened again. */
  noteOpen(stream: Stream, id: string, note?: string): void;
  /** Counts the finish unless it is known, history or from before the installation; the run is open no longer. */
  countFinish(stream: Stream, id: string, finish: Finish): void;
  /** The vendor no longer knows the run; after several ticks in a row it is counted as lost. */
  noteMissing(stream: Stream, id: string): void;
  /**
   * Closes a run that may stay open for ever without being lost, such as one that waits for a person: it is looked for
   * no longer. When it is seen to finish all the same, that counts.
   */
  forget(stream: Stream, id: string): void;
  /** True for a finish that is known already, so that its details need not be asked for again. */
  isCounted(stream: Stream, key: string): boolean;
  /** Everything of the window was read: the watermark may move to its end, or to `toMs` when only that much was read. */
  noteComplete(stream: Stream, toMs?: number): void;
  /** The list was cut short by a page or request budget: what was seen counts, the watermark stays. */
  notePartial(stream: Stream): void;
  /**
   * What the vendor's own clock says now, such as the `Date` of an answer. Where the clock of the run is ahead of it,
   * watermarks go by the vendor's. Epoch milliseconds.
   */
  noteVendorTime(vendorMs: number): void;
  /** Left out of this tick on purpose: nothing of it is new, and its totals are published as they are. */
  noteNotDue(stream: Stream): void;
  /**
   * The CI system says that what has these labels is gone, or has another name: its verdicts, and all else that finishes
   * left behind, end in this run. Totals stay until nothing has touched them for weeks, for a 404 may be a mistake; a
   * verdict comes back with the next finish that is read.
   */
  endMarks(of: Labels): void;
  /**
   * Forgets a stream. `gone`: the vendor deleted it, or shows it no longer, and its open runs are counted as lost.
   * `unselected`: it is no longer configured, and its open runs are not counted at all.
   */
  dropStream(streamName: string, why: 'gone' | 'unselected'): void;
  /** Names of all streams that the state knows. */
  recallStreams(): readonly string[];

  /** Makes a series exist at 0, so that `increase()` sees its first event. */
  declare(metric: MetricDefinition<'counter' | 'distribution'>, labels: Labels): void;
  /** Counts something that has no finish, such as a state that is not known; only once a tick, with no key. */
  count(metric: MetricDefinition<'counter'>, labels: Labels, increase: number): void;
  /**
   * A counter that another system keeps: its value is passed on as it is, and its increase since the last tick is found
   * with reset detection. The first value is no increase, unless the source knows that the series is new.
   */
  follow(metric: MetricDefinition<'counter'>, labels: Labels, seen: FollowedCounter): void;
  followHistogram(metric: MetricDefinition<'distribution'>, labels: Labels, seen: FollowedHistogram): void;

  /**
   * Runs once the state was saved, within the run's deadline: for what must not happen before, such as deleting a
   * message that was counted. A failure is logged and costs nothing, for keys keep a repeated finish from counting.
   */
  deferUntilSaved(work: (signal: AbortSignal) => Promise<void>): void;

  openBudget(pool: string, rate: { readonly requests: number; readonly windowMs: number }): RequestBudget;
  /** What the source wrote under this name in the last saved tick; undefined when absent or of another shape. */
  recall<Shape extends z.ZodType>(name: string, shape: Shape): z.output<Shape> | undefined;
  /** Small JSON that the source needs in its next tick. */
  remember(name: string, value: unknown): void;
}

/** What is said of another system's counter beside its value. */
interface FollowedSeries {
  /** When the other system began to count, if it says so. Epoch milliseconds. */
  readonly startMs?: number;
  /**
   * Tells series apart that are published under the same labels: each is followed by itself, and what they have added is
   * added up. In their sum the restart of one would be hidden by the growth of another.
   */
  readonly seriesId?: string;
  /** Where no value is known: `zero` says that the series came into being after the last tick. Default: `this-value`. */
  readonly countsFrom?: 'zero' | 'this-value';
}

export interface FollowedCounter extends FollowedSeries {
  readonly value: number;
}

export interface FollowedHistogram extends FollowedSeries {
  readonly bounds: readonly number[];
  /** As in `RunningHistogram`: not cumulative, the last one above all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** This tick, or a later one, was counted by another invocation: nothing of the source is to be published. */
export class TickTakenError extends Error {
  override readonly name = 'TickTakenError';
  /** Of the run that was saved last. Epoch milliseconds. */
  readonly savedTickMs: number;

  constructor(savedTickMs: number) {
    super(`the state stands at the tick of ${new Date(savedTickMs).toISOString()}`);
    this.savedTickMs = savedTickMs;
  }
}
