/** Remembers pipelines and how long their builds take. */
import * as z from 'zod';
import { defineMapping } from '../../../counters/state/mapping.ts';
import { hashKey } from '../../../counters/tick/hash.ts';
import { untouchedDays } from '../../../counters/tick/drop-untouched.ts';
import type { Build } from '../user-api/rest-schema.ts';
import { judgeBuild } from './states.ts';
import { sumStretches, findStretches } from './active-time.ts';
import { parseTime } from '../user-api/times.ts';
import { dayMs } from '../../../model/time.ts';

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

export const KnownPipelines = defineMapping(Known);
export type KnownPipelines = z.infer<typeof KnownPipelines>;

/** Enough to see what is usual, and about a hundred bytes a pipeline. */
const durationsKept = 10;

/** Once the series of a pipeline have ended, it need not be remembered any more. */
const forgottenAfterMs = (untouchedDays + 1) * dayMs;

export interface PipelineBuild {
  readonly pipeline: string;
  readonly build: Build;
}

/** What is known once these builds were seen; those that were seen before change nothing. */
export function learnPipelines(known: KnownPipelines, builds: readonly PipelineBuild[], nowMs: number): KnownPipelines {
  const next = new Map(Object.entries(known).filter(([, { seenMs }]) => nowMs - seenMs < forgottenAfterMs));
  const inOrder = builds
    .map(({ pipeline, build }) => ({ pipeline, build, finishedMs: parseTime(build.finished_at) ?? 0 }))
    .sort((a, b) => a.finishedMs - b.finishedMs);
  for (const { pipeline, build, finishedMs } of inOrder) {
    const before = next.get(pipeline) ?? { seenMs: nowMs, untilMs: 0, seconds: [] };
    const seconds = measureDuration(build);
    const isNews = seconds !== undefined && finishedMs > before.untilMs;
    next.set(pipeline, {
      seenMs: nowMs,
      untilMs: isNews ? finishedMs : before.untilMs,
      seconds: isNews ? [...before.seconds, seconds].slice(-durationsKept) : before.seconds,
      ...hashPipelineId(build, before.id),
    });
  }
  return Object.fromEntries(next);
}

/**
 * With the pipelines whose last result is from before the installation, so that each of them is asked for in its turn.
 * Nothing is learnt of how long they take: without its jobs a build does not tell what of its time it waited for people.
 */
export function addEarlierPipelines(
  known: KnownPipelines,
  builds: readonly PipelineBuild[],
  nowMs: number,
): KnownPipelines {
  const earlier: KnownPipelines = {};
  for (const { pipeline, build } of builds)
    earlier[pipeline] = { seenMs: nowMs, untilMs: 0, seconds: [], ...hashPipelineId(build, undefined) };
  return { ...earlier, ...known };
}

function hashPipelineId({ pipeline }: Build, before: string | undefined): { readonly id?: string } {
  const id = typeof pipeline?.id === 'string' ? hashKey(pipeline.id) : before;
  return id === undefined ? {} : { id };
}

/** Undefined for a build that did not run to its end: a cancelled one says nothing about what is usual. */
function measureDuration(build: Build): number | undefined {
  const result = judgeBuild(build)?.result;
  const [startedMs, finishedMs] = [parseTime(build.started_at), parseTime(build.finished_at)];
  if ((result !== 'success' && result !== 'failure') || startedMs === undefined || finishedMs === undefined) {
    return undefined;
  }
  const worked = findStretches(build.jobs, finishedMs);
  // Without jobs it is unknown how long the build waited for a person.
  return Math.max(0, Math.round((worked.length === 0 ? finishedMs - startedMs : sumStretches(worked)) / 1000));
}
