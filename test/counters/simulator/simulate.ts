import { createCounting } from '../../../lambda/counters/counting.ts';
import type { Saved } from '../../../lambda/counters/store.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/run-metrics.ts';
import type { ConfiguredSink, Pipeline } from '../../../lambda/pipeline.ts';
import type { RunReport } from '../../../lambda/report/report.ts';
import { run } from '../../../lambda/run.ts';
import type { Logger } from '../../../lambda/runtime/log.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import type { Sink } from '../../../lambda/sinks/sink.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { type Actor, newActor } from './actors.ts';
import { outboxIn, type StateDocument, stateIn } from './documents.ts';
import { type ListKind, runOf } from './fleet.ts';
import { calmInvocation, type History, type InvocationSpec } from './history.ts';
import { type Mutation, unharmed } from './mutations.ts';
import { rule } from './rules.ts';
import {
  type AdditiveSinkId,
  additiveSink,
  additiveSinks,
  type Backends,
  cumulativeSink,
  newBackends,
} from './sinks.ts';
import { goodHabits, openForMs, simulatedSource, sourceMetrics } from './source.ts';
import { type Documents, simulatedStore } from './store.ts';
import { newVendor, type Vendor, VendorError } from './vendor.ts';

const minuteMs = 60_000;
const settleMs = minuteMs / 2;
export const baseMs = Date.UTC(2026, 0, 5, 12);
export const sourceId = 'simulated/vendor';

/** Invocations of AWS Lambda end after this; a delivery that nobody settled by then never will be. */
const longestInvocationMs = 15 * minuteMs;

/** With a window that is halved to a minute and doubled again, hours are caught up in far fewer ticks. */
const maxCalmTicks = 60;

/** What a simulation leaves behind, for the rules that hold at its end. */
export interface World {
  nowMs: number;
  readonly kind: ListKind;
  readonly vendor: Vendor;
  readonly documents: Documents;
  readonly backends: Backends;
  readonly sinks: Readonly<Record<AdditiveSinkId, SinkBooks>>;
  /** Nothing was lost or cut off on the way to an additive sink. */
  isClean: boolean;
  readonly failures: Error[];
}

/** What is known of one additive sink from outside; samples. */
export interface SinkBooks {
  committed: number;
  /** Told by reports as unconfirmed or dropped. */
  reported: number;
  /** What reports of processes that died would have told at most. */
  untold: number;
  ambiguous: number;
}

/** One invocation, as the simulation looks at it. */
interface Invocation {
  readonly actor: Actor;
  readonly spec: InvocationSpec;
  readonly tickMs: number;
  commit: Saved | 'unknown' | 'none';
  readFailed: boolean;
  listIsComplete: boolean;
  /** By sink: what its report would tell. */
  readonly carried: Map<string, number>;
  /** Undefined while it runs. */
  stalledUntil: number | undefined;
  hasStalled: boolean;
}

export async function simulate(history: History, mutation: Mutation = unharmed): Promise<World> {
  const world = newWorld(history);
  const random = generator(history.choices);
  const waiting: { readonly startAt: number; readonly spec: InvocationSpec; readonly tick: number }[] = [];
  let active: Invocation[] = [];
  const lastTick = history.ticks.length + 4;

  for (let tick = 0; tick < lastTick; tick += 1) {
    world.nowMs = Math.max(world.nowMs, baseMs + tick * minuteMs);
    for (const spec of history.ticks[tick]?.invocations ?? [])
      waiting.push({ startAt: tick + spec.lateTicks, spec, tick });
    for (const { spec, tick: scheduled } of waiting.filter(({ startAt }) => startAt === tick)) {
      active.push(start(world, history, mutation, spec, baseMs + scheduled * minuteMs));
    }
    active = await runAll(world, active, tick, random);
  }
  await runAll(world, active, Infinity, random);
  await calmDown(world, history, mutation, random);
  throwFirst(world);
  return world;
}

function throwFirst({ failures: [failure] }: World): void {
  if (failure !== undefined) throw failure;
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function newWorld(history: History): World {
  const runs = history.runs.map((spec, index) => runOf(spec, index, history.kind, baseMs));
  const books = (): SinkBooks => ({ committed: 0, reported: 0, untold: 0, ambiguous: 0 });
  return {
    nowMs: baseMs,
    kind: history.kind,
    vendor: newVendor(runs, history.kind),
    documents: new Map(),
    backends: newBackends(),
    sinks: { 'additive/once': books(), 'additive/again': books() },
    isClean: true,
    failures: [],
  };
}

/** Runs every invocation that does not stand still to its end; those that do are returned. */
async function runAll(
  world: World,
  active: readonly Invocation[],
  tick: number,
  random: () => number,
): Promise<Invocation[]> {
  const running = active.filter(({ stalledUntil }) => stalledUntil === undefined || stalledUntil <= tick);
  const stalled = active.filter((invocation) => !running.includes(invocation));
  await Promise.resolve();
  while (running.length > 0) {
    const at = random() % running.length;
    const invocation = running[at];
    if (invocation === undefined) break;
    const { actor, spec } = invocation;
    if (spec.crashStep === actor.steps && !actor.isOver) crash(world, invocation);
    if (actor.isOver) {
      running.splice(at, 1);
      continue;
    }
    if (spec.stall?.step === actor.steps && !invocation.hasStalled && Number.isFinite(tick)) {
      invocation.hasStalled = true;
      invocation.stalledUntil = tick + spec.stall.ticks;
      stalled.push(invocation);
      running.splice(at, 1);
      continue;
    }
    world.nowMs += spec.stepMs;
    await actor.advance(random());
    throwFirst(world);
  }
  return stalled;
}

function crash(world: World, { actor, commit, carried }: Invocation): void {
  actor.kill();
  world.isClean = false;
  if (commit === 'none') return;
  for (const [sink, samples] of carried) booksOf(world, sink).untold += samples;
}

/** Ticks without a fault, until everything has ended, was read, was sent again and is forgotten. */
async function calmDown(world: World, history: History, mutation: Mutation, random: () => number): Promise<void> {
  const ends = world.vendor.runs.flatMap(({ attempts, listLagMs, recordLagMs }) =>
    attempts.filter(({ finishedMs }) => Number.isFinite(finishedMs)).map((a) => a.finishedMs + listLagMs + recordLagMs),
  );
  const quietMs = Math.max(world.nowMs, ...ends) + 2 * minuteMs;
  let tickMs = Math.ceil((quietMs - baseMs) / minuteMs) * minuteMs + baseMs;
  const calmTick = async (): Promise<void> => {
    world.nowMs = tickMs;
    await runAll(world, [start(world, history, mutation, calmInvocation, tickMs)], Infinity, random);
    tickMs += minuteMs;
  };

  await calmTick();
  let ticks = 1;
  while (watermarkOf(world) < tickMs - minuteMs - settleMs) {
    ticks += 1;
    rule(ticks <= maxCalmTicks, 'the watermark reaches the present in a calm time', ticks);
    await calmTick();
  }
  for (const pauseMs of [longestInvocationMs, longestInvocationMs, openForMs + minuteMs, minuteMs]) {
    tickMs += pauseMs;
    await calmTick();
    while (watermarkOf(world) < tickMs - minuteMs - settleMs) await calmTick();
  }
}

function watermarkOf({ documents }: World): number {
  const stored = documents.get(sourceId);
  rule(stored !== undefined, 'a calm tick saves a state');
  return stored === undefined ? 0 : (stateIn(stored.body).streams['runs']?.mark ?? 0);
}

function start(world: World, history: History, mutation: Mutation, spec: InvocationSpec, tickMs: number): Invocation {
  const actor = newActor(`tick ${String((tickMs - baseMs) / minuteMs)}`, (error) => {
    world.failures.push(errorOf(error));
  });
  const invocation: Invocation = {
    actor,
    spec,
    tickMs,
    commit: 'none',
    readFailed: false,
    listIsComplete: false,
    carried: new Map(),
    stalledUntil: undefined,
    hasStalled: false,
  };
  const pipeline = pipelineOf(world, history, mutation, invocation);
  actor.run(
    run(pipeline, { deadline: endless(), tickMs, scheduledMs: tickMs }).then((report) => {
      readReport(world, report);
    }),
  );
  return invocation;
}

function readReport(world: World, report: RunReport): void {
  for (const { id, unconfirmed = 0, dropped = 0 } of report.sinks) {
    if (isAdditive(id)) world.sinks[id].reported += unconfirmed + dropped;
  }
}

/** No invocation is cut off by time here: what a deadline does to a read or a send is that it fails. */
function endless(): Deadline {
  const { signal } = new AbortController();
  const deadline: Deadline = {
    signal,
    remainingMs: () => minuteMs,
    slice: () => deadline,
    [Symbol.dispose]: () => undefined,
  };
  return deadline;
}

function pipelineOf(world: World, history: History, mutation: Mutation, invocation: Invocation): Pipeline {
  const { actor, spec } = invocation;
  const now = (): number => world.nowMs;
  const log = watchfulLog(world);
  const requests = { requests: 0 };
  const source = simulatedSource({
    actor,
    vendor: world.vendor,
    habits: { ...goodHabits, ...history.habits, ...mutation.habits },
    budget: { pages: spec.pages, openRuns: spec.openRuns },
    faults: spec,
    now,
    log: requests,
    onFailure: () => {
      invocation.readFailed = true;
    },
    onComplete: () => {
      invocation.listIsComplete = true;
    },
  });
  const configured = {
    id: sourceId,
    system: 'simulated',
    name: 'vendor',
    metrics: sourceMetrics,
    needsState: true,
    source,
    takeMeter: () => ({ attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 }),
  };
  const settings = { maxSeriesPerMetric: 100, waitBounds, durationBounds, backfillMs: 0 };
  const store = storeOf(world, history, mutation, invocation);
  return {
    collector: 'simulated',
    maxSeriesPerMetric: 100,
    sources: [configured],
    sinks: sinksOf(world, invocation),
    counting: createCounting({ store, settings, finishedRuns: 'omit', log }),
    prefetchSecrets: () => Promise.resolve(),
    clock: now,
    log,
  };
}

/** What the collector takes for its own fault is a broken rule, or one: the simulated vendor's errors are expected. */
function watchfulLog(world: World): Logger {
  const quiet = recordingLog();
  return {
    ...quiet,
    error: (message, fields) => {
      const error = fields?.['error'];
      if (!(error instanceof VendorError)) world.failures.push(errorOf(error ?? message));
    },
  };
}

function storeOf(world: World, history: History, mutation: Mutation, invocation: Invocation) {
  return simulatedStore({
    actor: invocation.actor,
    documents: world.documents,
    fault: invocation.spec.storeFault,
    change: mutation.change ?? ((_, body) => body),
    comparesVersions: mutation.comparesVersions ?? true,
    onSave: (id, saved, body, before) => {
      if (saved === 'overtaken') return;
      if (id === sourceId) checkCommit(world, history, invocation, stateIn(body), before);
      else carryAbandoned(invocation, id, body, before);
    },
    onAnswer: (id, answer) => {
      if (answer === 'unknown') world.isClean = false;
      if (id !== sourceId) {
        if (answer !== 'saved') world.isClean = false;
        return;
      }
      invocation.commit = answer;
      // Its report tells nothing of a commit that it knows nothing of.
      if (answer === 'unknown') {
        for (const [sink, samples] of invocation.carried) booksOf(world, sink).untold += samples;
      }
    },
  });
}

/** What each saved state promises, compared with the one before. */
function checkCommit(
  world: World,
  history: History,
  invocation: Invocation,
  state: StateDocument,
  beforeBody: string | undefined,
): void {
  const before = beforeBody === undefined ? undefined : stateIn(beforeBody);
  const stream = state.streams['runs'];
  const earlier = before?.streams['runs'];
  if (before !== undefined) {
    rule(state.tick > before.tick, 'the tick never goes back', before.tick, state.tick);
    rule(state.epoch === before.epoch, 'counting begins once', before.epoch, state.epoch);
    rule((stream?.mark ?? 0) >= (earlier?.mark ?? 0), 'the watermark never goes back');
  }
  rule((stream?.mark ?? 0) <= state.tick, 'the watermark never passes the tick');
  const threw = invocation.readFailed && history.habits.onError === 'throws';
  rule(!threw, 'a source that failed leaves its state as it was');
  const hasMoved = earlier !== undefined && stream?.mark !== earlier.mark;
  rule(invocation.listIsComplete || !hasMoved, 'only a complete read moves the watermark');

  const attempts = world.vendor.runs.reduce((sum, run) => sum + run.attempts.length, 0);
  rule((stream?.open.length ?? 0) <= world.vendor.runs.length, 'only runs are open');
  rule(Object.keys(stream?.seen ?? {}).length <= attempts, 'only finishes are remembered');
  bookCommit(world, invocation, state, before);
}

/** What this commit owes to additive sinks, and what of earlier debts it writes off. */
function bookCommit(
  world: World,
  invocation: Invocation,
  state: StateDocument,
  before: StateDocument | undefined,
): void {
  const own = state.inFlight.find(({ tick }) => tick === state.tick);
  for (const sink of own?.sinks ?? []) booksOf(world, sink).committed += own?.samples ?? 0;
  for (const { tick, sinks, samples } of before?.inFlight ?? []) {
    const kept = state.inFlight.find((entry) => entry.tick === tick)?.sinks ?? [];
    for (const sink of sinks.filter((id) => !kept.includes(id))) {
      const { settled } = outboxIn(world.documents.get(`outbox/${sink}`)?.body);
      if (settled[sourceId]?.includes(tick) !== true) carry(invocation, sink, samples);
    }
  }
}

function carryAbandoned(invocation: Invocation, id: string, body: string, before: string | undefined): void {
  const kept = outboxIn(body).parcels.reduce((sum, { samples }) => sum + samples, 0);
  const had = outboxIn(before).parcels.reduce((sum, { samples }) => sum + samples, 0);
  carry(invocation, id.replace('outbox/', ''), Math.max(0, had - kept));
}

function carry({ carried }: Invocation, sink: string, samples: number): void {
  carried.set(sink, (carried.get(sink) ?? 0) + samples);
}

function sinksOf(world: World, invocation: Invocation): readonly ConfiguredSink[] {
  const { actor, spec } = invocation;
  const { backends } = world;
  const cumulative = cumulativeSink({ actor, backends, outcome: spec.sends.cumulative, onAmbiguous: () => undefined });
  const additive = Object.entries(additiveSinks).flatMap(([id, policy]): readonly ConfiguredSink[] => {
    if (!isAdditive(id)) return [];
    const outcome = spec.sends[policy];
    const onAmbiguous = (): void => {
      world.sinks[id].ambiguous += 1;
    };
    const sink = additiveSink(id, {
      actor,
      backends,
      outcome,
      onAmbiguous,
      onSend: (samples) => {
        if (outcome === 'ok' || outcome === 'refused' || outcome === 'half') return;
        world.isClean = false;
        carry(invocation, id, samples);
      },
    });
    return [{ id, name: id, sink: watched(sink, invocation) }];
  });
  return [{ id: 'cumulative/one', name: 'one', sink: watched(cumulative, invocation) }, ...additive];
}

/** Looks at everything that is pushed. */
function watched(sink: Sink, invocation: Invocation): Sink {
  return {
    ...sink,
    write: (batch, context) => {
      checkBatch(batch, invocation);
      return sink.write(batch, context);
    },
  };
}

function checkBatch({ parts }: Batch, { commit, readFailed, actor }: Invocation): void {
  const families = parts.flatMap((part) => part.families);
  const isCounted = families.some(({ type }) => type !== 'gauge');
  rule(!isCounted || commit === 'saved', 'nothing is pushed by an invocation that lost its commit', actor.name, commit);
  const gauges = families.filter(({ type }) => type === 'gauge');
  rule(!readFailed || gauges.length === 0, 'a failed answer publishes no level', actor.name);
  const isRead = !readFailed && parts.every(({ status }) => status === 'complete');
  rule(!isRead || gauges.length > 0, 'an empty answer publishes a level of 0', actor.name);
}

function booksOf(world: World, sink: string): SinkBooks {
  if (!isAdditive(sink)) throw new RangeError(`${sink} is no additive sink`);
  return world.sinks[sink];
}

function isAdditive(id: string): id is AdditiveSinkId {
  return Object.hasOwn(additiveSinks, id);
}

/** A small generator of its own, so that the choices belong to the history (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
