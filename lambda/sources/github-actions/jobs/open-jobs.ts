/** Chooses open runs whose jobs are to be read, and reads them: what waits and runs now, and what has ended in between. */
import { buildRunKey } from '../runs/interpret-run.ts';
import { isZombie, type OpenRunState } from '../runs/open-run.ts';
import { isHeld } from '../runs/states.ts';
import { openJobsEveryMs } from '../runs/streams.ts';
import { countJobs, type CountJobsContext } from './count-jobs.ts';
import { readJobs, type JobsContext } from './read-jobs.ts';
import { dayMs, hourMs } from '../../../model/time.ts';

export interface OpenJobsChoice {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Requests that may go to what need not be read. */
  readonly spare: number;
  /** Whether events have told of the run lately. */
  readonly isTold: (run: OpenRunState) => boolean;
}

/** A run that is queued for so long may be one that GitHub has forgotten: only its jobs tell. */
const suspiciousMs = hourMs;

/** Such a run is looked at once a day. */
const zombieEveryMs = dayMs;

/** Those first that must be read, then those whose jobs were read longest ago. */
export function selectOpenRuns(
  open: readonly OpenRunState[],
  { nowMs, spare, isTold }: OpenJobsChoice,
): readonly OpenRunState[] {
  const forced = open.filter((run) => mustBeRead(run, nowMs));
  const keys = new Set(forced.map(buildRunKey));
  const others = open
    .filter((run) => !keys.has(buildRunKey(run)) && !isHeld(run) && !isZombie(run, nowMs))
    .filter((run) => run.jobs === undefined || !isTold(run))
    .sort((a, b) => (a.jobsMs ?? 0) - (b.jobsMs ?? 0));
  return [...forced, ...others.slice(0, Math.max(0, spare - forced.length))];
}

/** Ends of jobs count once only as long as their keys are known, so that a run that is open for hours is read in between. */
function mustBeRead(run: OpenRunState, nowMs: number): boolean {
  const sinceMs = nowMs - (run.jobsMs ?? run.askedMs);
  if (isZombie(run, nowMs)) return sinceMs >= zombieEveryMs;
  if (run.phase === 'queued' && run.jobsMs === undefined && sinceMs >= suspiciousMs) return true;
  return !isHeld(run) && sinceMs >= openJobsEveryMs;
}

/** @returns the run with its jobs as they are now. @throws HttpError, BudgetSpentError */
export async function refreshJobs(run: OpenRunState, context: CountJobsContext & JobsContext): Promise<OpenRunState> {
  const { ledger, identity } = context;
  const records = await readJobs(identity.fullName, run, context);
  const { open } = countJobs(records, { ...run, pipeline: run.pipeline }, context);
  return { ...run, jobs: [...open], jobsMs: ledger.tickMs };
}
