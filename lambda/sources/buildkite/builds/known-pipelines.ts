import * as z from 'zod';
import { mappingOf } from '../../../counters/state/mapping.ts';
import { shortHash } from '../../../counters/tick/hash.ts';
import { untouchedDays } from '../../../counters/tick/drop-untouched.ts';
import { greatest } from '../../../model/lists/extremes.ts';
import { gauge, type MetricFamily } from '../../../model/metric.ts';
import { runsActive, runsStuck, runStates } from '../../../model/catalogue/run-metrics.ts';
import type { Build } from '../user-api/rest-schema.ts';
import { buildStateOf, buildVerdict } from './states.ts';
import { lengthOf, stretchesOf } from './active-time.ts';
import { timeOf } from '../user-api/times.ts';

/** What is remembered of a pipeline between runs: small, for an organization may have a thousand. */
const Known = z.object({
  /** When a build of it was last seen. Epoch milliseconds. */
  seenMs: z.number(),
  /** The latest finish among `seconds`. Epoch milliseconds. */
  untilMs: z.number(),
  /** How long machines worked on its last finished builds, oldest first. */
  seconds: z.array(z.number()),
  /** Hash of its id, which a rename leaves as it is; absent until a build has told it. */
  id: z.string().optional(),
  /** When Buildkite was last asked whether it is still there. Epoch milliseconds. */
  askedMs: z.number().optional(),
  /** It was not, when it was asked for last. */
  isMissing: z.boolean().optional(),
});

export const KnownPipelines = mappingOf(Known);
export type KnownPipelines = z.infer<typeof KnownPipelines>;

/** Enough to see what is usual, and about a hundred bytes a pipeline. */
const durationsKept = 10;

/** Once its series have ended nobody needs to know any more whether it is still there. */
const forgottenAfterMs = (untouchedDays + 1) * 24 * 3_600_000;

export interface PipelineBuild {
  readonly pipeline: string;
  readonly build: Build;
}

/** What is known once these builds were seen; those that were seen before change nothing. */
export function learned(known: KnownPipelines, builds: readonly PipelineBuild[], nowMs: number): KnownPipelines {
  const next = new Map(Object.entries(known).filter(([, { seenMs }]) => nowMs - seenMs < forgottenAfterMs));
  const inOrder = builds
    .map(({ pipeline, build }) => ({ pipeline, build, finishedMs: timeOf(build.finished_at) ?? 0 }))
    .sort((a, b) => a.finishedMs - b.finishedMs);
  for (const { pipeline, build, finishedMs } of inOrder) {
    const before = next.get(pipeline) ?? { seenMs: nowMs, untilMs: 0, seconds: [] };
    const seconds = durationOf(build);
    const isNews = seconds !== undefined && finishedMs > before.untilMs;
    next.set(pipeline, {
      seenMs: nowMs,
      untilMs: isNews ? finishedMs : before.untilMs,
      seconds: isNews ? [...before.seconds, seconds].slice(-durationsKept) : before.seconds,
      ...idOf(build, before.id),
    });
  }
  return Object.fromEntries(next);
}

/**
 * With the pipelines that have left a verdict from before the installation, so that each of them is asked for in its turn.
 * Nothing is learnt of how long they take: without its jobs a build does not tell what of its time it waited for people.
 */
export function withPlaces(known: KnownPipelines, builds: readonly PipelineBuild[], nowMs: number): KnownPipelines {
  const places: KnownPipelines = {};
  for (const { pipeline, build } of builds)
    places[pipeline] = { seenMs: nowMs, untilMs: 0, seconds: [], ...idOf(build, undefined) };
  return { ...places, ...known };
}

function idOf({ pipeline }: Build, before: string | undefined): { readonly id?: string } {
  const id = typeof pipeline?.id === 'string' ? shortHash(pipeline.id) : before;
  return id === undefined ? {} : { id };
}

/** Undefined for a build that did not run to its end: a cancelled one says nothing about what is usual. */
function durationOf(build: Build): number | undefined {
  const result = buildVerdict(build)?.result;
  const [startedMs, finishedMs] = [timeOf(build.started_at), timeOf(build.finished_at)];
  if ((result !== 'success' && result !== 'failure') || startedMs === undefined || finishedMs === undefined) {
    return undefined;
  }
  const worked = stretchesOf(build.jobs, finishedMs);
  // Without jobs nobody knows how long it waited for a person.
  return Math.max(0, Math.round((worked.length === 0 ? finishedMs - startedMs : lengthOf(worked)) / 1000));
}

/** A build is stuck when it takes three times as long as the longest of the last ones, */
const stuckFactor = 3;
/** but not before an hour: what usually takes a minute may well take ten once. */
const leastStuckSeconds = 3_600;
/** A pipeline of which nothing is known yet gets the time of a long nightly build. */
const unknownStuckSeconds = 12 * 3_600;

export interface ActiveReading {
  readonly source: string;
  readonly scope: string;
  /** All open builds of the selected pipelines. */
  readonly builds: readonly PipelineBuild[];
  readonly known: KnownPipelines;
  readonly nowMs: number;
}

/** Open and stuck builds; 0 for a pipeline that is known and has none. */
export function activeFamilies({ source, scope, builds, known, nowMs }: ActiveReading): readonly MetricFamily[] {
  const pipelines = [...new Set([...Object.keys(known), ...builds.map(({ pipeline }) => pipeline)])];
  const byPipeline = Map.groupBy(builds, ({ pipeline }) => pipeline);
  const rows = pipelines.map((pipeline) => ({
    labels: { system: 'buildkite', source, scope, pipeline },
    open: (byPipeline.get(pipeline) ?? []).map(({ build }) => build),
    limitMs: 1000 * stuckAfterSeconds(known[pipeline]?.seconds ?? []),
  }));
  if (rows.length === 0) return [];
  return [
    gauge(
      runsActive,
      rows.flatMap(({ labels, open }) =>
        runStates.map((state) => ({
          labels: { ...labels, state },
          value: open.filter((build) => stateOrExecuting(build) === state).length,
        })),
      ),
    ),
    gauge(
      runsStuck,
      rows.map(({ labels, open, limitMs }) => ({
        labels,
        value: open.filter((build) => nowMs - (openSinceMs(build, nowMs) ?? nowMs) > limitMs).length,
      })),
    ),
  ];
}

/** The list was asked for open builds only, so a state that nobody knows is one of a build at work. */
function stateOrExecuting(build: Build): (typeof runStates)[number] {
  return buildStateOf(build) ?? 'executing';
}

/** Since it was resumed, where somebody unblocked it or had a job run again; else since its start. */
function openSinceMs({ started_at, created_at, jobs }: Build, nowMs: number): number | undefined {
  const resumed = stretchesOf(jobs, nowMs).at(-1);
  return resumed?.fromMs ?? timeOf(started_at) ?? timeOf(created_at);
}

/** Fewer than three builds are no rule. */
const leastDurations = 3;

function stuckAfterSeconds(seconds: readonly number[]): number {
  if (seconds.length < leastDurations) return unknownStuckSeconds;
  return Math.max(leastStuckSeconds, stuckFactor * (greatest(seconds) ?? 0));
}
