/** When machines were at work on a build: its jobs tell, and what lies between are people who were waited for. */
import type { Job } from './rest-schema.ts';
import { timeOf } from './times.ts';

/** Without a longer pause in which nothing could run. Epoch milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Between two jobs Buildkite needs seconds; a person who answers sooner than that has made nobody wait. */
const pauseMs = 5 * 60_000;

/** In order. A job that waits for an agent is at work: its queue is slow, not a person. */
export function stretchesOf(jobs: readonly Job[], nowMs: number): readonly Stretch[] {
  const times = jobs.flatMap((job) => timesOf(job, nowMs)).toSorted((a, b) => a.fromMs - b.fromMs);
  const stretches: Stretch[] = [];
  for (const { fromMs, toMs } of times) {
    const last = stretches.at(-1);
    if (last === undefined || fromMs - last.toMs > pauseMs) stretches.push({ fromMs, toMs });
    else stretches.splice(-1, 1, { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) });
  }
  return stretches;
}

/** None of a job that has not come to its turn. */
function timesOf({ runnable_at, started_at, finished_at, expired_at }: Job, nowMs: number): readonly Stretch[] {
  const fromMs = timeOf(runnable_at) ?? timeOf(started_at);
  if (fromMs === undefined) return [];
  const toMs = timeOf(finished_at) ?? timeOf(expired_at) ?? nowMs;
  return [{ fromMs, toMs: Math.max(fromMs, toMs) }];
}
