/** One invocation of the collector in a simulation, with faults at its network, its store and its clock. */
import { createCounting } from '../../../lambda/counters/counting.ts';
import { computeMostApartMs } from '../../../lambda/counters/tick/proven-time.ts';
import type { Saved, StateStore } from '../../../lambda/counters/stores/store.ts';
import { increasesDropped, increasesUnconfirmed } from '../../../lambda/model/catalogue/collector-metrics.ts';
import type { MetricDefinition } from '../../../lambda/model/metric.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/catalogue/bounds.ts';
import type { ConfiguredSink, Pipeline } from '../../../lambda/pipeline.ts';
import { mapHealth } from '../../../lambda/report/map-health.ts';
import type { RunReport } from '../../../lambda/report/report.ts';
import { run } from '../../../lambda/run.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import type { Logger } from '../../../lambda/runtime/log.ts';
import type { Source } from '../../../lambda/sources/source.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { type Actor, newActor } from './actors.ts';
import { bitbucketMetrics, bitbucketSource } from './world/bitbucket.ts';
import { githubMetrics, githubSource } from './world/github.ts';
import { carry, carryAbandoned, checkCommit } from './rules/commit-rules.ts';
import { isCrawled } from './histories/fleet.ts';
import type { History, InvocationSpec } from './histories/history.ts';
import type { Mutation } from './histories/mutations.ts';
import type { Poll } from './world/poll.ts';
import { watched } from './rules/push-rules.ts';
import { additiveSink, additiveSinks, cumulativeSink, type SendOutcome } from './world/sinks.ts';
import { goodHabits, simulatedSource, sourceMetrics } from './world/source.ts';
import { simulatedStore } from './world/store.ts';
import { VendorError } from './world/vendor.ts';
import { baseMs, booksOf, isAdditive, minuteMs, savedState, sourceId, type World } from './world/world.ts';

/** One invocation, as the simulation looks at it. */
export interface Invocation {
  readonly actor: Actor;
  readonly spec: InvocationSpec;
  commit: Saved | 'unknown' | 'none';
  /** Of the state as it saved it. */
  savedVersion: number | undefined;
  readFailed: boolean;
  isWaiting: boolean;
  listIsComplete: boolean;
  /** The tick that it is for, and when it began, by its own clock. Epoch milliseconds. */
  readonly tickMs: number;
  readonly startedMs: number;
  /** By sink: what its report would tell. */
  readonly carried: Map<string, number>;
  /** Undefined while it runs. */
  stalledUntil: number | undefined;
  hasStalled: boolean;
}

/** What the invocations of one simulation have in common. */
export interface Setting {
  readonly world: World;
  readonly history: History;
  readonly mutation: Mutation;
}

/** Starts the collector as the function does, with its faults at the ports. */
export function start(setting: Setting, spec: InvocationSpec, tickMs: number): Invocation {
  const { world } = setting;
  const actor = newActor(`tick ${String((tickMs - baseMs) / minuteMs)}`, (error) => {
    world.failures.push(errorOf(error));
  });
  const invocation: Invocation = {
    actor,
    spec,
    commit: 'none',
    savedVersion: undefined,
    readFailed: false,
    isWaiting: false,
    listIsComplete: false,
    tickMs: tickMs + spec.clockMs,
    startedMs: world.nowMs + spec.clockMs,
    carried: new Map(),
    stalledUntil: undefined,
    hasStalled: false,
  };
  const { clockMs } = spec;
  if (clockMs !== 0) world.events.add(clockMs > 0 ? 'a clock that is ahead' : 'a clock that is behind');
  const pipeline = pipelineOf(setting, invocation, clockMs);
  actor.run(
    run(pipeline, { deadline: endless(), tickMs: invocation.tickMs, scheduledMs: invocation.tickMs }).then((report) => {
      readReport(world, report);
    }),
  );
  return invocation;
}

/** The process ends: nothing it waits for happens, and its report is lost. */
export function crash(world: World, { actor, carried }: Invocation): void {
  for (const label of actor.waiting) world.events.add(`crash before: ${label.split(' ')[0] ?? ''}`);
  actor.kill();
  world.isClean = false;
  // Also of what it wrote off in a save whose answer it did not live to hear.
  leaveUntold(world, carried);
}

function leaveUntold(world: World, carried: ReadonlyMap<string, number>): void {
  for (const [sink, samples] of carried) booksOf(world, sink).untold += samples;
}

/** By the collector's own metrics: what is told nowhere else is not told. */
function readReport(world: World, report: RunReport): void {
  if (report.sources.some(({ status }) => status === 'skipped')) world.events.add('a tick that was taken');
  if (report.sources.some(({ counting }) => (counting?.truncated ?? 0) > 0)) world.events.add('a truncated read');
  const told: readonly string[] = [increasesUnconfirmed.name, increasesDropped.name];
  for (const { definition, samples } of mapHealth(report)) {
    if (!told.includes(definition.name)) continue;
    for (const { labels, value } of samples) {
      booksOf(world, labels['sink'] ?? '').reported += value;
      if (value > 0) world.events.add(`told: ${definition.name}`);
    }
  }
}

/** No invocation is cut off by time here: what a deadline does to a read or a send is that it fails. */
function endless(): Deadline {
  const { signal } = new AbortController();
  const deadline: Deadline = {
    signal,
    remainingMs: () => minuteMs,
    slice: () => deadline,
    extendTo: () => deadline,
    [Symbol.dispose]: () => undefined,
  };
  return deadline;
}

function pipelineOf(setting: Setting, invocation: Invocation, clockMs: number): Pipeline {
  const { world } = setting;
  const log = watchfulLog(world);
  const configured = {
    id: sourceId,
    system: 'simulated',
    name: 'vendor',
    metrics: metricsOf(world),
    needsState: true,
    source: sourceOf(setting, invocation),
    takeMeter: () => ({ attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 }),
    readClocks: () => [],
  };
  const settings = { maxSeriesPerMetric: 100, waitBounds, durationBounds, intervalMs: minuteMs, backfillMs: 0 };
  return {
    collector: 'simulated',
    maxSeriesPerMetric: 100,
    sources: [configured],
    sinks: sinksOf(world, invocation),
    counting: createCounting({ store: storeOf(setting, invocation), settings, finishedRuns: 'omit', log }),
    prefetchSecrets: () => Promise.resolve(),
    clock: () => world.nowMs + clockMs,
    log,
  };
}

/**
 * Where nothing but the vendor's own time can tell that a clock is wrong: in the first run, before which there is nothing
 * to compare with, and where it is ahead by no more than the time is when ticks were missed. docs/counting.md says so.
 */
function cannotBeDoubted(world: World, { spec: { clockMs }, tickMs }: Invocation): boolean {
  const state = savedState(world);
  if (state === undefined) return clockMs !== 0;
  return clockMs > 0 && tickMs - (state.proven ?? state.tick) <= computeMostApartMs({ intervalMs: minuteMs });
}

function metricsOf({ kind }: World): readonly MetricDefinition[] {
  if (kind === 'github') return githubMetrics;
  return kind === 'bitbucket' ? bitbucketMetrics : sourceMetrics;
}

function sourceOf({ world, history, mutation }: Setting, invocation: Invocation): Source {
  const { actor, spec } = invocation;
  const poll: Poll = {
    actor,
    vendor: world.vendor,
    budget: { pages: spec.pages, openRuns: spec.openRuns },
    faults: spec,
    now: () => world.nowMs,
    tellsTime: () => spec.tellsTime || cannotBeDoubted(world, invocation),
    mixesEqual: spec.mixesEqual,
    refusals: {
      untilMs: () => world.refusedUntilMs,
      begin: (request) => {
        if (spec.refusal?.request !== request) return false;
        if (request > 1) world.events.add('a refusal after other answers');
        world.refusedUntilMs = Math.max(world.refusedUntilMs, world.nowMs + spec.refusal.forS * 1000);
        return true;
      },
      onWaiting: () => {
        invocation.isWaiting = true;
        world.events.add('a source that waits');
      },
    },
    onRequest: (label) => {
      if (label.startsWith('get ')) world.events.add('an open run is asked for by itself');
    },
    onFailure: () => {
      invocation.readFailed = true;
      world.events.add('a request fails');
    },
    onComplete: () => {
      invocation.listIsComplete = true;
      if (isCrawled(world.kind) && spec.mixesStrange) world.events.add('a list with strange elements');
    },
    onSkipped: () => {
      world.events.add('a list that skips elements of equal time');
    },
  };
  if (isCrawled(world.kind)) {
    const ownNow = (): number => world.nowMs + spec.clockMs;
    const crawling = { ...poll, deadline: endless(), ownNow, mixesStrange: spec.mixesStrange };
    return world.kind === 'bitbucket'
      ? bitbucketSource({ ...crawling, pages: world.pages })
      : githubSource({
          ...{ ...crawling, pages: world.githubPages, queue: world.queue },
          onTaken: () => {
            world.events.add('events are taken');
          },
        });
  }
  return simulatedSource({ ...poll, habits: { ...goodHabits, ...history.habits, ...mutation.habits } });
}

/** What the collector takes for its own fault is a broken rule, or one: the simulated vendor's errors are expected. */
function watchfulLog(world: World): Logger {
  return {
    ...recordingLog(),
    error: (message, fields) => {
      const error = fields?.['error'];
      if (!(error instanceof VendorError)) world.failures.push(errorOf(error ?? message));
    },
  };
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function storeOf({ world, history, mutation }: Setting, invocation: Invocation): StateStore {
  return simulatedStore({
    actor: invocation.actor,
    documents: world.documents,
    fault: invocation.spec.storeFault,
    change: mutation.change ?? ((_, body) => body),
    comparesVersions: mutation.comparesVersions ?? true,
    onUnreadable: (id) => {
      world.events.add(`unreadable: ${id === sourceId ? 'state' : 'outbox'}`);
      // Then it cannot be noted that a delivery came to its end.
      if (id !== sourceId) world.isClean = false;
    },
    onSave: (id, saved, body, before) => {
      if (saved === 'overtaken') world.events.add(id === sourceId ? 'a lost race' : 'a lost race for an outbox');
      else if (id === sourceId) {
        invocation.savedVersion = world.documents.get(id)?.version;
        checkCommit(world, history, invocation, { body, before });
      } else carryAbandoned(invocation, id, body, before);
    },
    onAnswer: (id, answer) => {
      if (answer === 'unknown') world.isClean = false;
      if (answer === 'unknown') world.events.add(`a save without an answer: ${id === sourceId ? 'state' : 'outbox'}`);
      if (id !== sourceId) {
        if (answer !== 'saved') world.isClean = false;
        return;
      }
      invocation.commit = answer;
      // Its report tells nothing of a commit that it knows nothing of.
      if (answer === 'unknown') leaveUntold(world, invocation.carried);
    },
  });
}

function sinksOf(world: World, invocation: Invocation): readonly ConfiguredSink[] {
  const { actor, spec } = invocation;
  const { backends } = world;
  const pusher = () => ({
    name: actor.name,
    commit: invocation.commit,
    readFailed: invocation.readFailed,
    isWaiting: invocation.isWaiting,
  });
  const cumulative = cumulativeSink({
    ...{ actor, backends, outcome: spec.sends.cumulative, now: () => world.nowMs },
    onAmbiguous: () => undefined,
    order: {
      isOvertaken: () => invocation.savedVersion !== world.documents.get(sourceId)?.version,
      isClockOff: spec.clockMs !== 0,
    },
  });
  const additive = Object.entries(additiveSinks).flatMap(([id, policy]): readonly ConfiguredSink[] => {
    if (!isAdditive(id)) return [];
    const outcome = spec.sends[policy];
    const sink = additiveSink(id, {
      actor,
      backends,
      outcome,
      now: () => world.nowMs,
      onAmbiguous: () => {
        world.sinks[id].ambiguous += 1;
      },
      onSend: (samples) => {
        if (samples > 0) world.events.add(`sent: ${outcome}`);
        if (losesNothing(outcome)) return;
        world.isClean = false;
        carry(invocation, id, samples);
      },
    });
    return [{ id, name: id, sink: watched(sink, pusher) }];
  });
  return [{ id: 'cumulative/one', name: 'one', sink: watched(cumulative, pusher) }, ...additive];
}

function losesNothing(outcome: SendOutcome): boolean {
  return outcome === 'ok' || outcome === 'refused' || outcome === 'half';
}
