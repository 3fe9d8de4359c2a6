/** What the simulated organization knows of its runs: every change with its time, so that each moment can be shown. */
import type { JobPlan, RepositoryPlan, WorkflowPlan } from './plan.ts';

/** `Infinity` where something has not happened, or not yet. Epoch milliseconds. */
type TimeMs = number;

export type JobConclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | 'timed_out';
export type RunConclusion = JobConclusion | 'startup_failure' | 'action_required' | 'stale' | 'neutral';

export interface RunnerRecord {
  readonly id: number;
  readonly name: string;
  readonly groupId: number;
  readonly groupName: string;
}

export interface JobRecord {
  readonly id: number;
  readonly runId: number;
  readonly attempt: number;
  readonly plan: JobPlan;
  readonly createdMs: TimeMs;
  /** From then on it waits for a runner; before, for an approval. */
  queuedMs: TimeMs;
  /** A runner has begun. */
  startedMs: TimeMs;
  endedMs: TimeMs;
  conclusion: JobConclusion;
  /** Absent until one is chosen; a job that is skipped or cancelled in the queue never has one. */
  runner?: RunnerRecord;
}

export interface AttemptRecord {
  readonly number: number;
  /** `run_started_at`. */
  readonly startedMs: TimeMs;
  /** Jobs that an earlier attempt has run come first, with their old times. */
  readonly jobs: JobRecord[];
  /** Held by the concurrency of its workflow until then; `startedMs` where nothing held it. */
  freedMs: TimeMs;
  endedMs: TimeMs;
  conclusion: RunConclusion;
}

export interface RunRecord {
  readonly id: number;
  /** `run_number`, one for each workflow. */
  readonly number: number;
  readonly workflow: WorkflowRecord;
  readonly event: string;
  readonly branch: string | null;
  readonly isFromFork: boolean;
  readonly createdMs: TimeMs;
  /** Latest last. */
  readonly attempts: AttemptRecord[];
  /** A run of a fork: `completed` with `action_required` until somebody lets it run. */
  approvedMs?: TimeMs;
}

export interface WorkflowRecord {
  readonly id: number;
  readonly plan: WorkflowPlan;
  readonly createdMs: TimeMs;
  /** Runs of it so far. */
  runCount: number;
}

export interface RepositoryRecord {
  readonly id: number;
  readonly plan: RepositoryPlan;
  readonly createdMs: TimeMs;
  pushedMs: TimeMs;
  readonly workflows: readonly WorkflowRecord[];
  /** Oldest first. */
  readonly runs: RunRecord[];
}

/** A machine that is registered, from then until then. */
export interface RegisteredRunner extends RunnerRecord {
  readonly labels: readonly string[];
  readonly isEphemeral: boolean;
  readonly isOnline: boolean;
  readonly fromMs: TimeMs;
  untilMs: TimeMs;
  /** The work of an ephemeral one is its only one. */
  busyFromMs: TimeMs;
  busyUntilMs: TimeMs;
}

/** What a webhook tells of. */
export interface Happening {
  readonly atMs: TimeMs;
  readonly repository: RepositoryRecord;
  readonly run: RunRecord;
  readonly attempt: AttemptRecord;
  /** Absent for events of runs. */
  readonly job?: JobRecord;
  readonly action: 'requested' | 'queued' | 'waiting' | 'in_progress' | 'completed';
}
