/** Measures how long machines worked on a build, without the time that it waited for people. */
import type { Job, ScriptJobs } from '../user-api/rest-schema.ts';
import { parseTime } from '../user-api/times.ts';
import { minuteMs } from '../../../model/time.ts';

/** Without a longer pause in which nothing could run. Epoch milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Between two jobs Buildkite needs seconds; only a longer pause counts as waiting for a person. */
const pauseMs = 5 * minuteMs;

type Jobs = Pick<ScriptJobs, 'readable' | 'triggers'>;

/** In order. A job that waits for an agent is at work: its queue is slow, not a person. So is a build that was triggered. */
export function findStretches({ readable, triggers }: Jobs, nowMs: number): readonly Stretch[] {
  return joinShortPauses([...readable, ...triggers].flatMap((job) => mapStretch(job, nowMs)));
}

function joinShortPauses(times: readonly Stretch[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { fromMs, toMs } of times.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = stretches.at(-1);
    if (last === undefined || fromMs - last.toMs > pauseMs) stretches.push({ fromMs, toMs });
    else stretches.splice(-1, 1, { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) });
  }
  return stretches;
}

/** A span without what was waited for people in it; undefined where no job tells. Milliseconds. */
export function measureActiveMs({ fromMs, toMs }: Stretch, jobs: Jobs): number | undefined {
  const stretches = findStretches(jobs, toMs);
  if (stretches.length === 0) return undefined;
  const inside = stretches
    .map((stretch) => ({ fromMs: Math.max(fromMs, stretch.fromMs), toMs: Math.min(toMs, stretch.toMs) }))
    .filter((stretch) => stretch.fromMs <= stretch.toMs);
  // The moments that Buildkite needs to begin and to close a build are no waiting for a person.
  return sumStretches(joinShortPauses([{ fromMs, toMs: fromMs }, ...inside, { fromMs: toMs, toMs }]));
}

export function sumStretches(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

type Times = Partial<Pick<Job, 'runnable_at' | 'started_at' | 'finished_at' | 'expired_at'>>;

/** None of a job that has not come to its turn. */
function mapStretch({ runnable_at, started_at, finished_at, expired_at }: Times, nowMs: number): readonly Stretch[] {
  const fromMs = parseTime(runnable_at) ?? parseTime(started_at);
  if (fromMs === undefined) return [];
  const toMs = parseTime(finished_at) ?? parseTime(expired_at) ?? nowMs;
  return [{ fromMs, toMs: Math.max(fromMs, toMs) }];
}
