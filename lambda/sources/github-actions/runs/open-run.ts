/** What is remembered of an open attempt of a run between ticks, and of its jobs. */
import * as z from 'zod';
import type { Watched } from '../../../crawl/watched.ts';
import { hostings } from '../own-metrics.ts';
import { MergeGroup } from './merge-group.ts';
import { isHeld, phases } from './states.ts';
import { minuteMs } from '../../../model/time.ts';

const JobState = z.object({
  id: z.string(),
  queue: z.string(),
  phase: z.enum(phases),
  /** When it was created. Epoch milliseconds. */
  createdMs: z.number(),
  hosting: z.enum(hostings),
});
/** An open job as it was told last. */
export type JobState = z.infer<typeof JobState>;

const OpenRunState = z.object({
  repository: z.string(),
  id: z.string(),
  attempt: z.number(),
  /** When the attempt was asked for. Epoch milliseconds. */
  startedMs: z.number(),
  /** The same, or when somebody has let it go on. Epoch milliseconds. */
  askedMs: z.number(),
  phase: z.enum(phases),
  /** Absent where only an event of a job has told of the run so far. */
  pipeline: z.string().optional(),
  /** Absent unless a merge queue has asked for it. */
  mergeGroup: MergeGroup.optional(),
  /** From when on it is stuck. Epoch milliseconds. */
  stuckMs: z.number(),
  /** Whether it was ever seen waiting for a person or another run: its wait then says nothing about runners. */
  wasHeld: z.boolean(),
  /** Jobs that have not ended; absent where none were read or told. */
  jobs: z.array(JobState).optional(),
  /** When its jobs were read last. Epoch milliseconds. */
  jobsMs: z.number().optional(),
  /** Environments that it waits for; absent where they were not read. */
  environments: z.array(z.string()).optional(),
  /** When they were read last. Epoch milliseconds. */
  approvalsMs: z.number().optional(),
});
/** An open attempt as it was seen last. */
export type OpenRunState = z.infer<typeof OpenRunState>;

export const OpenRunStates = z.array(OpenRunState);

/** A queued run without a job is a fault of GitHub: it stays so for ever, and cannot be cancelled (actions/runner#3872). */
const emptyForMs = 60 * minuteMs;

/** A self-hosted job is given up after 24 hours in its queue, and a hosted one much sooner (GitHub docs, "Actions limits"). */
const queuedForMs = 48 * 60 * minuteMs;

/** Whether GitHub has forgotten a run: it waits for nothing, so that it says nothing about queues. */
export function isZombie({ phase, askedMs, jobs, jobsMs }: OpenRunState, nowMs: number): boolean {
  if (phase !== 'queued') return false;
  const ageMs = nowMs - askedMs;
  const hasNoJob = jobs?.length === 0 && jobsMs !== undefined;
  return ageMs > queuedForMs || (hasNoJob && ageMs > emptyForMs && jobsMs - askedMs > emptyForMs);
}

/** Whether a job waits for a machine that will never come. */
export function isAbandoned({ phase, createdMs }: JobState, nowMs: number): boolean {
  return phase === 'queued' && nowMs - createdMs > queuedForMs;
}

/** Runs that can end by themselves, and those that wait for a person, another run or nothing at all. */
export function countOpen(open: readonly OpenRunState[], nowMs: number): Watched['open'] {
  const held = open.filter((run) => isHeld(run) || isZombie(run, nowMs)).length;
  return { moving: open.length - held, held };
}
