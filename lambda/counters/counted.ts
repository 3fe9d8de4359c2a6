import type { MetricDefinition } from '../model/metric.ts';
import type { Problem } from '../model/problem.ts';
import type { Logger } from '../runtime/log.ts';
import type { Collection } from '../sources/source.ts';
import { formatState, parseState } from './document.ts';
import { type Closed, type DraftLedger, draftLedger, type LedgerFigures } from './draft-ledger.ts';
import type { Finish } from './finish.ts';
import { type Ledger, TickTakenError } from './ledger.ts';
import type { CountingSettings } from './settings.ts';
import { type Deliveries, inFlightOf, resolveInFlight, type Unsettled } from './in-flight.ts';
import { newState, type State } from './state.ts';
import { stateProblem } from './state-problem.ts';
import type { StateStore } from './store.ts';

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
export interface CountingContext extends Deliveries {
  readonly store: StateStore;
  /** Ends what the store is asked for, and forbids a save: who waited for it has gone. */
  readonly signal: AbortSignal;
  readonly settings: CountingSettings;
  /** `preview` reads the state and shows what would be published, but saves nothing. */
  readonly mode: 'commit' | 'preview';
  readonly log: Logger;
}

/** What the state of a source says about itself. */
export interface CountingFigures extends LedgerFigures {
  readonly stateBytes: number;
  /** No state was found: counting began in this tick. */
  readonly isNew: boolean;
}

export type Counted =
  /** The source asked for no memory, or could not have it. */
  | { readonly outcome: 'uncounted'; readonly collection: Collection }
  | {
      readonly outcome: 'counted';
      /** What the source returned, with the counted families. */
      readonly collection: Collection;
      /** Names of families that are held to the series cap already. */
      readonly counted: ReadonlySet<string>;
      readonly figures: CountingFigures;
      readonly lines: readonly NonNullable<Finish['line']>[];
      readonly history: readonly Finish[];
      readonly unsettled: Unsettled;
    }
  /** Another invocation publishes this tick. */
  | { readonly outcome: 'skipped'; readonly reason: string };

/**
 * Collects from a source and counts what it saw finish: loads the state when the source asks for it, saves it on the
 * condition that nobody else did, and only then hands over totals and increases. A source that throws leaves its state
 * as it was, but for its request quotas.
 * @throws what the source throws, except TickTakenError
 */
export async function collectCounted(
  collect: (openLedger: () => Promise<Ledger>) => Promise<Collection>,
  source: CountedSource,
  context: CountingContext,
): Promise<Counted> {
  const opening = ledgerOpening(source, context);
  let collection: Collection;
  try {
    collection = await collect(opening.open);
  } catch (error) {
    if (error instanceof TickTakenError || opening.isTaken()) return skippedTick(context);
    await saveQuotas(opening.opened(), source, context);
    collection = { families: [], problems: [problemOfState(error, source.id)] };
    return { outcome: 'uncounted', collection };
  }
  if (opening.isTaken()) return skippedTick(context);
  if (isWaiting(collection) && !opening.wasAsked()) collection = await openedForTotals(collection, opening, source);
  if (opening.isTaken()) return skippedTick(context);
  const opened = opening.opened();
  if (opened === undefined) return { outcome: 'uncounted', collection };
  return await commit(collection, opened, source, context);
}

interface Opened {
  readonly draft: DraftLedger;
  readonly state: State;
  readonly isNew: boolean;
  /** As it was found. */
  readonly body: string | undefined;
  readonly version: number;
}

interface Opening {
  readonly open: () => Promise<Ledger>;
  readonly opened: () => Opened | undefined;
  readonly wasAsked: () => boolean;
  readonly isTaken: () => boolean;
}

function ledgerOpening(source: CountedSource, context: CountingContext): Opening {
  let opening: Promise<Opened> | undefined;
  let opened: Opened | undefined;
  let isTaken = false;
  return {
    open: async (): Promise<Ledger> => {
      opening ??= openState(source, context);
      try {
        opened = await opening;
        return opened.draft.ledger;
      } catch (error) {
        isTaken ||= error instanceof TickTakenError;
        throw error;
      }
    },
    opened: () => opened,
    wasAsked: () => opening !== undefined,
    isTaken: () => isTaken,
  };
}

/**
 * A source that the vendor lets wait has not failed: its totals are as true as in the tick before. In its first tick it
 * has none, and that one is repeated as a whole.
 */
function isWaiting({ problems }: Collection): boolean {
  return problems.some(({ kind }) => kind === 'rate-limited');
}

/** For a source that asks for its memory only when it has read something. */
async function openedForTotals(collection: Collection, { open }: Opening, { id }: CountedSource): Promise<Collection> {
  try {
    await open();
    return collection;
  } catch (error) {
    if (error instanceof TickTakenError) return collection;
    return { ...collection, problems: [...collection.problems, problemOfState(error, id)] };
  }
}

/** @throws StateStoreError, TickTakenError */
async function openState(source: CountedSource, { tickMs, store, signal, settings }: CountingContext): Promise<Opened> {
  const stored = await store.load(source.id, signal);
  const isNew = stored === undefined;
  const state = isNew ? newState(tickMs) : parseState(stored.body, source.id);
  if (!isNew && tickMs <= state.tickMs) throw new TickTakenError(takenBy(state.tickMs));
  const { system, name, metrics } = source;
  const draft = draftLedger({ state, isNew, tickMs, system, source: name, metrics, settings });
  return { draft, state, isNew, body: stored?.body, version: stored?.version ?? 0 };
}

function takenBy(tickMs: number): string {
  return `the state stands at the tick of ${new Date(tickMs).toISOString()}`;
}

function skippedTick({ tickMs }: CountingContext): Counted {
  const tick = new Date(tickMs).toISOString();
  return { outcome: 'skipped', reason: `another invocation has counted the tick of ${tick}, or a later one` };
}

async function commit(
  collection: Collection,
  opened: Opened,
  source: CountedSource,
  context: CountingContext,
): Promise<Counted> {
  const { store, signal, mode } = context;
  const { draft, state, isNew } = opened;
  const closed = draft.close();
  if (!closed.hasRead && collection.problems.length > 0 && (isNew || !isWaiting(collection))) {
    // A failed source: it publishes nothing but its health, and the tick is as good as never counted.
    await saveQuotas(opened, source, context);
    return { outcome: 'uncounted', collection };
  }
  const { inFlight, unsettled } = resolveInFlight(state.inFlight, context);
  state.inFlight = [...inFlight, ...inFlightOf(closed.families, context)];
  const body = formatState(state);
  const counted: Counted = {
    outcome: 'counted',
    collection: { ...collection, families: [...collection.families, ...closed.families] },
    counted: new Set(closed.families.map(({ definition }) => definition.name)),
    figures: { ...closed.figures, stateBytes: Buffer.byteLength(body), isNew },
    lines: closed.lines,
    history: closed.history,
    unsettled,
  };
  if (mode === 'preview') return counted;
  // Who waited for this has given up, and nothing that is saved now would be published.
  signal.throwIfAborted();
  try {
    const saved = await store.save(source.id, { body, before: opened.version }, signal);
    if (saved === 'overtaken') return skippedTick(context);
  } catch (error) {
    return withheld(collection, error, source);
  }
  await runAfterSave(closed, source, context);
  return counted;
}

/** Levels are true whether or not the totals were saved. */
function withheld(collection: Collection, error: unknown, { id }: CountedSource): Counted {
  const problems = [...collection.problems, problemOfState(error, id)];
  return { outcome: 'uncounted', collection: { ...collection, problems } };
}

function problemOfState(error: unknown, id: string): Problem {
  const effect = 'counters and distributions of this source are left out of this run, and the next one catches up';
  return stateProblem(error, `${id} state`, effect);
}

async function runAfterSave(
  { afterSave }: Closed,
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
async function saveQuotas(
  opened: Opened | undefined,
  { id }: CountedSource,
  { mode, store, signal, log }: CountingContext,
): Promise<void> {
  if (mode === 'preview' || signal.aborted || opened?.body === undefined || !opened.draft.hasChangedQuotas()) return;
  const before = parseState(opened.body, id);
  before.quotas.clear();
  for (const [pool, quota] of opened.state.quotas) before.quotas.set(pool, quota);
  try {
    await store.save(id, { body: formatState(before), before: opened.version }, signal);
  } catch (error) {
    log.warn('the request quotas of a failed run were not saved', { source: id, error });
  }
}
