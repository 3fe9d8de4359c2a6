/** Draws what will become of a run of the simulated organization, before it begins. */
import { drawBetween, type Random } from '../../random.ts';
import type { WorkflowPlan } from './plan.ts';

export interface Fate {
  /**
   * `invalid`: the workflow cannot be read, so there are no jobs. `zombie`: it is never looked at again.
   * `skipped`: no job has anything to do. `fork`: somebody has to let it run.
   */
  readonly kind: 'usual' | 'invalid' | 'zombie' | 'skipped' | 'fork';
  /** The stage that fails; `Infinity` where none does. */
  readonly failsAt: number;
  /** Whether a job of it is over its time limit, which GitHub reports as cancelled. */
  readonly isTimeLimit: boolean;
  /** After its beginning, somebody cancels it; `Infinity` where nobody does. Simulated. */
  readonly cancelledAfterSeconds: number;
  /** What is asked for after a failure. */
  readonly rerun: 'none' | 'all' | 'failed';
  /** Whether jobs that are not run again have the same ids in the next attempt. */
  readonly carriedIds: 'same' | 'new';
}

/** How often odd things happen, of one. */
export interface Oddities {
  readonly invalid: number;
  readonly zombie: number;
  readonly skipped: number;
  /** Of the runs of pull requests. */
  readonly fork: number;
  readonly cancelled: number;
  readonly timeLimit: number;
  readonly rerun: number;
}

export const usualOddities: Oddities = {
  invalid: 0.01,
  zombie: 0.002,
  skipped: 0.04,
  fork: 0.06,
  cancelled: 0.05,
  timeLimit: 0.1,
  rerun: 0.5,
};

const usualFailedPercent = 8;

/** Each run draws as often, whatever becomes of it: one change of a chance changes no other run. */
export function drawFate(
  { event, stages, failedPercent = usualFailedPercent }: WorkflowPlan,
  odds: Oddities,
  random: Random,
): Fate {
  const [kind, fails, limit, cancels, again, ids] = [random(), random(), random(), random(), random(), random()];
  const stage = drawBetween(random, 0, stages.length - 1);
  const seconds = drawBetween(random, 5, 300);
  return {
    kind: chooseKind(kind, event, odds),
    failsAt: fails * 100 < failedPercent ? stage : Infinity,
    isTimeLimit: limit < odds.timeLimit,
    cancelledAfterSeconds: cancels < odds.cancelled ? seconds : Infinity,
    rerun: chooseRerun(again, odds),
    carriedIds: ids < 0.5 ? 'same' : 'new',
  };
}

function chooseKind(draw: number, event: WorkflowPlan['event'], odds: Oddities): Fate['kind'] {
  const { invalid, zombie, skipped, fork } = odds;
  if (draw < invalid) return 'invalid';
  if (draw < invalid + zombie) return 'zombie';
  if (draw < invalid + zombie + skipped) return 'skipped';
  return event === 'pull_request' && draw < invalid + zombie + skipped + fork ? 'fork' : 'usual';
}

function chooseRerun(draw: number, { rerun }: Oddities): Fate['rerun'] {
  if (draw >= rerun) return 'none';
  return draw < rerun / 2 ? 'all' : 'failed';
}
