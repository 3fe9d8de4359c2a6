/** When a run of Bitbucket Pipelines counts as stuck: by what machines usually need for its pipeline. */
import type { OpenState } from './open-state.ts';
import type { FinishedRun, OpenRun } from './finish.ts';

/** A run that takes longer than four times what most of its pipeline take is not merely slow. */
const factor = 4;

/** Of the runs on a page, the time that most stay below. */
const share = 0.95;

/** When open runs are stuck: after `atLeastMs`, and after a multiple of what their pipeline usually takes. */
export function computeStuckTimes(
  sights: readonly (OpenRun | FinishedRun)[],
  atLeastMs: number,
): (run: Pick<OpenState, 'pipeline' | 'askedMs'>) => number {
  const finished = sights.filter((sight) => sight.is === 'finished');
  const usual = new Map(
    [...Map.groupBy(finished, ({ pipeline }) => pipeline)].map(([pipeline, runs]) => [pipeline, computeUsualMs(runs)]),
  );
  return ({ pipeline, askedMs }) => askedMs + Math.max(atLeastMs, factor * (usual.get(pipeline) ?? 0));
}

/** Without the days in which a person was waited for: with them, a hang would be found after four times as many. */
function computeUsualMs(runs: readonly FinishedRun[]): number {
  const worked = runs
    .map(({ workedMs }) => workedMs)
    .filter((workedMs) => workedMs !== undefined)
    .sort((a, b) => a - b);
  return worked[Math.ceil(worked.length * share) - 1] ?? 0;
}
