/** When machines were at work on a build: its jobs tell, and what lies between are people who were waited for. */
import type { Job, ScriptJobs } from '../user-api/rest-schema.ts';
import { timeOf } from '../user-api/times.ts';

/** Without a longer pause in which nothing could run. Epoch milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Between two jobs Buildkite needs seconds; a person who answers sooner than that has made nobody wait. */
const pauseMs = 5 * 60_000;

type Jobs = Pick<ScriptJobs, 'readable' | 'triggers'>;

/** In order. A job that waits for an agent is at work: its queue is slow, not a person. So is a build that was triggered. */
export function stretchesOf({ readable, triggers }: Jobs, nowMs: number): readonly Stretch[] {
  return withoutShortPauses([...readable, ...triggers].flatMap((job) => timesOf(job, nowMs)));
}

function withoutShortPauses(times: readonly Stretch[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { fromMs, toMs } of times.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = stretches.at(-1);
    if (last === undefined || fromMs - last.toMs > pauseMs) stretches.push({ fromMs, toMs });
    else stretches.splice(-1, 1, { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) });
  }
  return stretches;
}

/** A span without what was waited for people in it; undefined where no job tells. Milliseconds. */
export function activeMsWithin({ fromMs, toMs }: Stretch, jobs: Jobs): number | undefined {
  const stretches = stretchesOf(jobs, toMs);
  if (stretches.length === 0) return undefined;
  const inside = stretches
    .map((stretch) => ({ fromMs: Math.max(fromMs, stretch.fromMs), toMs: Math.min(toMs, stretch.toMs) }))
    .filter((stretch) => stretch.fromMs <= stretch.toMs);
  // What Buildkite needs to begin and to close a build is nobody's delay.
  return lengthOf(withoutShortPauses([{ fromMs, toMs: fromMs }, ...inside, { fromMs: toMs, toMs }]));
}

export function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

type Times = Partial<Pick<Job, 'runnable_at' | 'started_at' | 'finished_at' | 'expired_at'>>;

/** None of a job that has not come to its turn. */
function timesOf({ runnable_at, started_at, finished_at, expired_at }: Times, nowMs: number): readonly Stretch[] {
  const fromMs = timeOf(runnable_at) ?? timeOf(started_at);
  if (fromMs === undefined) return [];
  const toMs = timeOf(finished_at) ?? timeOf(expired_at) ?? nowMs;
  return [{ fromMs, toMs: Math.max(fromMs, toMs) }];
}
