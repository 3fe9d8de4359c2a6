/** Runs one tick of a source that counts: loads its state, collects, saves, and hands over the totals. */
import type { Cleaner } from '../../model/text/admit.ts';
import { workers } from '../../model/catalogue/queue-metrics.ts';
import { workerCost } from '../../model/catalogue/cost-metrics.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import type { Span } from '../../model/span.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Collection } from '../../model/collection.ts';
import { formatState, parseState } from '../state/document.ts';
import { type ClosedTick, type DraftLedger, openDraftLedger, type LedgerFigures } from './open-ledger.ts';
import type { Finish } from '../finish.ts';
import { type Ledger, TickTakenError } from '../ledger.ts';
import type { CountingSettings } from '../settings.ts';
import { type Deliveries, buildInFlight, resolveInFlight, type Unsettled } from '../outbox/in-flight.ts';
import { isUnderWay, computeMostApartMs } from './proven-time.ts';
import { hasBegunAhead, beginAt, describeClockProblem, setBack } from './set-back.ts';
import { createState, type State } from '../state/state.ts';
import { describeStateProblem } from '../state/state-problem.ts';
import type { StateStore } from '../stores/store.ts';

/** The source whose finishes are counted, as its state knows it. */
export interface CountedSource {
  /** `<kind>/<name in config>`: also the id of its document. */
  readonly id: string;
  readonly system: string;
  readonly name: string;
  /** What it may emit when configured as it is. */
  readonly metrics: readonly MetricDefinition[];
}

/** Everything that a tick of counting depends on; no clock, no timer, no network of its own. */
export interface CountingContext extends Omit<Deliveries, 'nowMs'> {
  /** Scheduled time of the run. Epoch milliseconds. */
  readonly tickMs: number;
  readonly store: StateStore;
  /** Aborts requests to the store and forbids a save: the run no longer waits for the result. */
  readonly signal: AbortSignal;
  readonly settings: CountingSettings;
  /** `preview` reads the state and shows what would be published, but saves nothing. */
  readonly mode: 'commit' | 'preview';
  readonly log: Logger;
  /** What the clock of this machine says; absent where only the ticks of runs are known. Epoch milliseconds. */
  readonly clock?: Clock | undefined;
  /** What the vendor's own clock says, as far as an answer of this run has told. Epoch milliseconds. */
  readonly vendorNow?: (() => number | undefined) | undefined;
  /** Takes secrets out of what is counted and kept; absent where there are none. */
  readonly cleaner?: Cleaner | undefined;
  /** Whether any sink shows traces; default: `omit`. */
  readonly spans?: 'keep' | 'omit' | undefined;
}

/** What the state of a source says about itself. */
export interface CountingFigures extends LedgerFigures {
  readonly stateBytes: number;
  /** No state was found: counting began in this tick. */
  readonly isNew: boolean;
}

export type CountedTick =
  /** The source asked for no memory, or could not have it. */
  | { readonly outcome: 'uncounted'; readonly collection: Collection }
  | {
      readonly outcome: 'counted';
      /** What the source returned, with the counted families. */
      readonly collection: Collection;
      /** Names of families that are held to the series cap already. */
      readonly cappedMetrics: ReadonlySet<string>;
      readonly figures: CountingFigures;
      readonly lines: readonly NonNullable<Finish['line']>[];
      readonly spans: readonly Span[];
      readonly backfill: readonly Finish[];
      readonly unsettled: Unsettled;
      /** What outboxes know the delivery of these increases by. */
      readonly deliveryId: number;
      /** How far the time is known to have come. Epoch milliseconds. */
      readonly nowMs: number;
      /** The tick that was saved before; undefined for the first one. Epoch milliseconds. */
      readonly sinceMs: number | undefined;
    }
  /** Another invocation publishes this tick; when it publishes another one, that is a problem. */
  | { readonly outcome: 'skipped'; readonly reason: string; readonly problems: readonly Problem[] };

/**
 * Collects from a source and counts what it saw finish: loads the state when the source asks for it, saves it on the
 * condition that no other run did, and only then hands over totals and increases. A source that throws leaves its state
 * as it was, but for its request quotas.
 * @throws what the source throws, except TickTakenError
 */
export async function countTick(
  collect: (openLedger: () => Promise<Ledger>) => Promise<Collection>,
  source: CountedSource,
  context: CountingContext,
): Promise<CountedTick> {
  const opening = createOpening(source, context);
  let collection: Collection;
  try {
    collection = await collect(opening.open);
  } catch (error) {
    const taken = error instanceof TickTakenError ? error : opening.taken();
    if (taken !== undefined) return skipTick(taken, source, context);
    await saveBudgets(opening.opened(), source, context);
    collection = { families: [], problems: [describeLostState(error, source.id)] };
    return { outcome: 'uncounted', collection: addProblems(collection, opening.opened()) };
  }
  const needsMemory = isWaiting(collection) || paysForWorkers(collection, source);
  if (needsMemory && !opening.hasBegun()) collection = await openForTotals(collection, opening, source);
  const taken = opening.taken();
  if (taken !== undefined) return skipTick(taken, source, context);
  const opened = opening.opened();
  if (opened === undefined) return { outcome: 'uncounted', collection };
  return await commit(addProblems(collection, opened), opened, source, context);
}

/** Reported in each run that meets them, also when the source fails besides. */
function addProblems(collection: Collection, opened: Opened | undefined): Collection {
  const own = opened?.problems ?? [];
  return own.length === 0 ? collection : { ...collection, problems: [...collection.problems, ...own] };
}

interface Opened {
  readonly draft: DraftLedger;
  readonly state: State;
  readonly isNew: boolean;
  /** The tick that was saved before, unless it is the first one. Epoch milliseconds. */
  readonly sinceMs: number | undefined;
  /** As it was found. */
  readonly body: string | undefined;
  readonly version: number;
  /** What is wrong with it, although it can be used. */
  readonly problems: readonly Problem[];
}

interface Opening {
  readonly open: () => Promise<Ledger>;
  readonly opened: () => Opened | undefined;
  readonly hasBegun: () => boolean;
  readonly taken: () => TickTakenError | undefined;
}

function createOpening(source: CountedSource, context: CountingContext): Opening {
  let opening: Promise<Opened> | undefined;
  let opened: Opened | undefined;
  let taken: TickTakenError | undefined;
  return {
    open: async (): Promise<Ledger> => {
      opening ??= openState(source, context);
      try {
        opened = await opening;
        return opened.draft.ledger;
      } catch (error) {
        if (error instanceof TickTakenError) taken = error;
        throw error;
      }
    },
    opened: () => opened,
    hasBegun: () => opening !== undefined,
    taken: () => taken,
  };
}

/**
 * A source that the vendor lets wait has not failed: its totals are as true as in the tick before. In its first tick it
 * has none, and that one is repeated as a whole.
 */
function isWaiting({ problems }: Collection): boolean {
  return problems.some(({ kind }) => kind === 'rate-limited');
}

/** Worker hours are counted of levels, which need no memory otherwise. */
function paysForWorkers({ families }: Collection, { metrics }: CountedSource): boolean {
  return metrics.includes(workerCost) && families.some(({ definition }) => definition.name === workers.name);
}

/** For a source that asks for its memory only when it has read something. */
async function openForTotals(collection: Collection, { open }: Opening, { id }: CountedSource): Promise<Collection> {
  try {
    await open();
    return collection;
  } catch (error) {
    if (error instanceof TickTakenError) return collection;
    return { ...collection, problems: [...collection.problems, describeLostState(error, id)] };
  }
}

/** @throws StateStoreError, TickTakenError */
async function openState(source: CountedSource, context: CountingContext): Promise<Opened> {
  const { tickMs, clock, store, signal, settings, vendorNow, cleaner, spans } = context;
  const stored = await store.load(source.id, signal);
  const isNew = stored === undefined;
  const state = isNew ? createState(tickMs) : parseState(stored.body, source.id);
  const problems = isNew ? [] : moveToTick(state, source, { tickMs, clock, settings });
  const sinceMs = isNew ? undefined : state.tickMs;
  const { system, name, metrics } = source;
  const draft = openDraftLedger({
    state,
    isNew,
    tickMs,
    system,
    source: name,
    metrics,
    settings,
    vendorNow,
    cleaner,
    spans,
  });
  return { draft, state, isNew, sinceMs, body: stored?.body, version: stored?.version ?? 0, problems };
}

/**
 * Whether the state can go on at this tick. @throws TickTakenError when another invocation may have counted it: one of the
 * same tick, or one of a later tick that runs at the same time or has run already.
 */
function moveToTick(
  state: State,
  { id }: CountedSource,
  { tickMs, clock, settings }: Pick<CountingContext, 'tickMs' | 'clock' | 'settings'>,
): readonly Problem[] {
  const aheadMs = state.tickMs - tickMs;
  const apartMs = computeMostApartMs(settings);
  const hasComeTrue = clock === undefined || isUnderWay(state.tickMs, clock());
  if (aheadMs === 0 || (aheadMs > 0 && aheadMs <= apartMs && hasComeTrue)) throw new TickTakenError(state.tickMs);
  if (hasBegunAhead(state, tickMs, apartMs)) beginAt(state, tickMs);
  if (aheadMs < 0) return [];
  const problem = describeClockProblem(id, state.tickMs, tickMs);
  setBack(state, tickMs, settings.intervalMs ?? 0);
  return [problem];
}

/** Of one tick that was delivered twice, one run publishes and the other is silent; any other case is a problem. */
function skipTick({ savedTickMs }: TickTakenError, { id }: CountedSource, { tickMs }: CountingContext): CountedTick {
  const [tick = '', saved = ''] = [tickMs, savedTickMs].map((ms) => new Date(ms).toISOString());
  if (savedTickMs === tickMs)
    return { outcome: 'skipped', reason: `another invocation has counted the tick of ${tick}`, problems: [] };
  const reason = `a run of a later tick, ${saved}, has been saved before this one of ${tick}`;
  const message = `${reason}: it came late, or the clock is behind; nothing of this run is published, and the next one catches up`;
  return { outcome: 'skipped', reason, problems: [{ kind: 'clock', where: `${id} state`, message }] };
}

/** Another run saved the state while this one was at work, so what this one computed from it is void. */
async function skipOvertaken(source: CountedSource, context: CountingContext): Promise<CountedTick> {
  const { id } = source;
  const saved = await readSavedTick(source, context);
  const taken = saved === undefined ? undefined : new TickTakenError(saved);
  if (taken !== undefined && taken.savedTickMs === context.tickMs) return skipTick(taken, source, context);
  const tick = new Date(context.tickMs).toISOString();
  const reason = `another run has saved the state while this one of ${tick} was at work`;
  const message = `${reason}; nothing of this run is published, and the next one catches up. If this stays, runs overlap: raise the interval`;
  return { outcome: 'skipped', reason, problems: [{ kind: 'timeout', where: `${id} state`, message }] };
}

/** Undefined where the store cannot tell: that is reported like any other overlap. */
async function readSavedTick({ id }: CountedSource, { store, signal }: CountingContext): Promise<number | undefined> {
  try {
    const stored = await store.load(id, signal);
    return stored === undefined ? undefined : parseState(stored.body, id).tickMs;
  } catch {
    return undefined;
  }
}

async function commit(
  collection: Collection,
  opened: Opened,
  source: CountedSource,
  context: CountingContext,
): Promise<CountedTick> {
  const { store, signal, mode } = context;
  const { draft, state, isNew } = opened;
  const hasFailed = collection.problems.length > opened.problems.length;
  payWorkers({ collection, hasFailed }, opened, source, context);
  const closed = draft.close();
  // A state that was set back is saved by a source that had nothing to read, or it would be set back for ever.
  if (!closed.hasRead && hasFailed && (isNew || !isWaiting(collection))) {
    // A failed source: it publishes nothing but its health, and the tick is as good as never counted.
    await saveBudgets(opened, source, context);
    return { outcome: 'uncounted', collection };
  }
  const deliveries = { ...context, nowMs: state.provenMs };
  const { inFlight, unsettled } = resolveInFlight(state.inFlight, deliveries);
  // No number comes twice, not even when a clock was set back.
  state.deliveryId = Math.max(context.tickMs, state.deliveryId + 1);
  state.inFlight = [...inFlight, ...buildInFlight(closed.families, state.deliveryId, deliveries)];
  const body = formatState(state);
  const counted: CountedTick = {
    outcome: 'counted',
    collection: {
      ...collection,
      families: [...collection.families, ...closed.families],
      problems: [...collection.problems, ...describeFullMemory(closed.figures, source)],
    },
    cappedMetrics: new Set(closed.families.map(({ definition }) => definition.name)),
    figures: { ...closed.figures, stateBytes: Buffer.byteLength(body), isNew },
    lines: closed.lines,
    spans: closed.spans,
    backfill: closed.backfill,
    unsettled,
    deliveryId: state.deliveryId,
    nowMs: state.provenMs,
    sinceMs: opened.sinceMs,
  };
  if (mode === 'preview') return counted;
  // The run has given up waiting, so nothing that is saved now would be published.
  signal.throwIfAborted();
  try {
    const saved = await store.save(source.id, { body, before: opened.version }, signal);
    if (saved === 'overtaken') return await skipOvertaken(source, context);
  } catch (error) {
    return withholdTotals(collection, error, source);
  }
  await runAfterSave(closed, source, context);
  return counted;
}

/** What is cut off is told in the log: after an outage it is once, and with an interval that is not that of the schedule always. */
function payWorkers(
  { collection, hasFailed }: { readonly collection: Collection; readonly hasFailed: boolean },
  { draft, sinceMs }: Opened,
  { id }: CountedSource,
  { tickMs, settings: { intervalMs }, log }: CountingContext,
): void {
  const cutSeconds = draft.countWorkers(collection.families, { tickMs, sinceMs, intervalMs, hasFailed });
  if (cutSeconds === 0) return;
  const message =
    'the workers of a gap of more than five intervals cost nothing for the rest of it; if this stays, set `interval` to that of the schedule';
  log.warn(message, { source: id, uncountedSeconds: cutSeconds });
}

function describeFullMemory({ fellOut }: LedgerFigures, { id }: CountedSource): readonly Problem[] {
  if (fellOut === 0) return [];
  const message = `${String(fellOut)} entries were too many to be remembered and fell out, the oldest first; open runs among them are counted as lost, and a finish among them may count again. Select less, or make several sources of this one`;
  return [{ kind: 'configuration', where: `${id} state`, message }];
}

/** Levels are true whether or not the totals were saved. */
function withholdTotals(collection: Collection, error: unknown, { id }: CountedSource): CountedTick {
  const problems = [...collection.problems, describeLostState(error, id)];
  return { outcome: 'uncounted', collection: { ...collection, problems } };
}

function describeLostState(error: unknown, id: string): Problem {
  const effect = 'counters and distributions of this source are left out of this run, and the next one catches up';
  return describeStateProblem(error, `${id} state`, effect);
}

async function runAfterSave(
  { afterSave }: ClosedTick,
  { id }: CountedSource,
  { signal, log }: CountingContext,
): Promise<void> {
  await Promise.all(
    afterSave.map(async (work) => {
      try {
        await work(signal);
      } catch (error) {
        log.warn('work after the state was saved failed', { source: id, error });
      }
    }),
  );
}

/** Requests were sent although the tick failed. Without a state there is nothing to keep: the first tick is repeated. */
async function saveBudgets(
  opened: Opened | undefined,
  { id }: CountedSource,
  { mode, store, signal, log }: CountingContext,
): Promise<void> {
  if (mode === 'preview' || signal.aborted || opened?.body === undefined || !opened.draft.hasChangedBudgets()) return;
  const before = parseState(opened.body, id);
  before.budgets.clear();
  for (const [pool, quota] of opened.state.budgets) before.budgets.set(pool, quota);
  try {
    await store.save(id, { body: formatState(before), before: opened.version }, signal);
  } catch (error) {
    log.warn('the request quotas of a failed run were not saved', { source: id, error });
  }
}
