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
  const { id, attempt, phase, pipeline, mergeGroup } = run;
  const askedMs = chooseAskedMs(run, same, tickMs);
  return {
    repository,
    id,
    attempt,
    startedMs: run.startedMs,
    askedMs,
    phase,
    pipeline,
    mergeGroup,
    stuckMs: stuckAt({ pipeline, askedMs }),
    wasHeld: isHeld(run) || same?.wasHeld === true,
    ...(same === undefined ? {} : keepDetails(run, same, hasEvents)),
  };
}

/** After somebody has answered: the time until then was not spent waiting for a machine. */
function chooseAskedMs(run: OpenRun, same: OpenRunState | undefined, tickMs: number): number {
  if (same === undefined) return run.startedMs;
  const isResumed = isHeld(same) && !isHeld(run);
  return Math.max(run.startedMs, isResumed ? tickMs : same.askedMs);
}

/** Jobs that were read in another phase say nothing of this one, unless events tell of each. */
function keepDetails({ phase }: OpenRun, same: OpenRunState, hasEvents: boolean): Partial<OpenRunState> {
  const { jobs, jobsMs, environments, approvalsMs } = same;
  const isSamePhase = same.phase === phase;
  return {
    ...(hasEvents || isSamePhase ? { jobs, jobsMs } : {}),
    ...(isSamePhase && phase === 'blocked' ? { environments, approvalsMs } : {}),
  };
}
