/** What is seen of a run and of a job at a moment. */
import type { AttemptRecord, JobConclusion, JobRecord, RunConclusion, RunRecord } from './records.ts';

export type RunStatus = 'queued' | 'pending' | 'waiting' | 'in_progress' | 'completed';

export interface RunMoment {
  readonly attempt: AttemptRecord;
  readonly status: RunStatus;
  readonly conclusion: RunConclusion | null;
  /** Moves later even after the end. Epoch milliseconds. */
  readonly updatedMs: number;
}

export interface JobMoment {
  readonly status: 'queued' | 'waiting' | 'in_progress' | 'completed';
  readonly conclusion: JobConclusion | null;
}

/** An annotation after the end touches every third run. Milliseconds. */
const touchedAfterMs = 90_000;

/** Undefined before its creation. `number` asks for one of its attempts; without it, the latest one. */
export function findRunMoment(run: RunRecord, nowMs: number, number?: number): RunMoment | undefined {
  if (run.createdMs > nowMs) return undefined;
  const known = run.attempts.filter(({ startedMs }) => startedMs <= nowMs);
  const attempt = number === undefined ? known.at(-1) : known[number - 1];
  return attempt === undefined ? undefined : showAttempt(run, attempt, nowMs);
}

function showAttempt(run: RunRecord, attempt: AttemptRecord, nowMs: number): RunMoment {
  if (run.approvedMs !== undefined && nowMs < run.approvedMs) {
    // Nothing of it has run, and yet it is told as over.
    return { attempt, status: 'completed', conclusion: 'action_required', updatedMs: run.createdMs };
  }
  const { endedMs, conclusion } = attempt;
  const status = findStatus(attempt, nowMs);
  if (status !== 'completed') return { attempt, status, conclusion: null, updatedMs: findLatestChange(attempt, nowMs) };
  const isTouched = run.id % 3 === 0 && nowMs >= endedMs + touchedAfterMs;
  return { attempt, status, conclusion, updatedMs: isTouched ? endedMs + touchedAfterMs : endedMs };
}

function findStatus({ freedMs, endedMs, jobs, startedMs }: AttemptRecord, nowMs: number): RunStatus {
  if (endedMs <= nowMs) return 'completed';
  if (freedMs > nowMs) return 'pending';
  const own = jobs.filter(({ createdMs }) => createdMs >= startedMs && createdMs <= nowMs);
  const open = own.filter((job) => job.endedMs > nowMs).map((job) => showJob(job, nowMs).status);
  if (open.length > 0 && open.every((status) => status === 'waiting')) return 'waiting';
  return own.some((job) => job.startedMs <= nowMs) ? 'in_progress' : 'queued';
}

function findLatestChange({ startedMs, jobs }: AttemptRecord, nowMs: number): number {
  const changes = jobs.flatMap((job) => [job.createdMs, job.startedMs, job.endedMs]);
  return changes.filter((ms) => ms <= nowMs).reduce((latest, ms) => Math.max(latest, ms), startedMs);
}

export function showJob({ queuedMs, startedMs, endedMs, conclusion }: JobRecord, nowMs: number): JobMoment {
  if (endedMs <= nowMs) return { status: 'completed', conclusion };
  if (startedMs <= nowMs) return { status: 'in_progress', conclusion: null };
  return { status: queuedMs <= nowMs ? 'queued' : 'waiting', conclusion: null };
}
