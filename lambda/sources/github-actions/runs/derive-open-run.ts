/** Makes what is remembered of an open attempt out of what was seen of it now and what was known before. */
import type { OpenRun } from './interpret-run.ts';
import type { OpenRunState } from './open-run.ts';
import { isHeld } from './states.ts';

export interface DeriveContext {
  readonly tickMs: number;
  /** Whether events tell of jobs as well, so that what is known of them follows the run. */
  readonly hasEvents: boolean;
  readonly stuckAt: (run: { readonly pipeline: string; readonly askedMs: number }) => number;
}

/** @param same What is known of the same attempt. */
export function deriveOpenRun(
  run: OpenRun,
  repository: string,
  same: OpenRunState | undefined,
  { tickMs, hasEvents, stuckAt }: DeriveContext,
): OpenRunState {
  const { id, attempt, phase, pipeline } = run;
  // Somebody has answered: the time until then was not spent waiting for a machine.
  const isResumed = same !== undefined && isHeld(same) && !isHeld(run);
  const askedMs = Math.max(run.startedMs, isResumed ? tickMs : (same?.askedMs ?? 0));
  // Jobs that were read in another phase say nothing of this one.
  const keepsJobs = same !== undefined && (hasEvents || same.phase === phase);
  return {
    repository,
    id,
    attempt,
    startedMs: run.startedMs,
    askedMs,
    phase,
    pipeline,
    stuckMs: stuckAt({ pipeline, askedMs }),
    wasHeld: (same?.wasHeld ?? false) || isHeld(run),
    ...(keepsJobs ? { jobs: same.jobs, jobsMs: same.jobsMs } : {}),
  };
}
