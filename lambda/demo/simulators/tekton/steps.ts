/** The steps of a TaskRun as Tekton's controller writes them into its status. */

export interface StepMoment {
  readonly createdMs: number;
  /** When its first step began; absent while both wait. */
  readonly stepMs?: number;
  readonly completedMs?: number;
  /** Reason of the TaskRun's end. */
  readonly ending?: string;
  /** The controller has ended it over its steps (`failTaskRun`). */
  readonly isCut?: boolean;
}

/** Two steps: the first does the work, the second still waits while it does. */
export function stepsOf(moment: StepMoment): readonly object[] {
  return [stepOf('run', moment), lastStepOf('report', moment)];
}

function stepOf(name: string, moment: StepMoment): object {
  const { stepMs, completedMs, ending, isCut } = moment;
  if (isCut === true) return cutStep(name, moment, stepMs);
  if (stepMs === undefined) return waitingStep(name);
  const startedAt = time(stepMs);
  if (completedMs === undefined) return { ...named(name), running: { startedAt } };
  return endedStep(name, [stepMs, completedMs], ending === 'StepFailed' ? 'Error' : 'Completed');
}

function lastStepOf(name: string, moment: StepMoment): object {
  const { completedMs, ending, isCut } = moment;
  if (isCut === true) return cutStep(name, moment, undefined);
  if (completedMs === undefined) return waitingStep(name);
  return endedStep(name, [completedMs, completedMs], ending === 'StepFailed' ? 'Skipped' : 'Completed');
}

function named(name: string): object {
  return { name, container: `step-${name}` };
}

function waitingStep(name: string): object {
  return { ...named(name), waiting: { reason: 'PodInitializing' } };
}

function endedStep(
  name: string,
  [startedMs, finishedMs]: readonly [number, number],
  terminationReason: string,
): object {
  const isFine = terminationReason === 'Completed';
  const times = { startedAt: time(startedMs), finishedAt: time(finishedMs) };
  const terminated = { ...times, exitCode: isFine ? 0 : 1, reason: isFine ? 'Completed' : 'Error' };
  return { ...named(name), terminationReason, terminated };
}

/**
 * `terminateStepsInPod` (pkg/reconciler/taskrun, v1.15): exit code 1 and the reason of the TaskRun; a step that waited
 * has the TaskRun's creation for its start, because the definition allows no null there.
 */
function cutStep(name: string, { createdMs, completedMs, ending }: StepMoment, startedMs: number | undefined): object {
  const finishedAt = time(completedMs ?? createdMs);
  const terminated = { exitCode: 1, startedAt: time(startedMs ?? createdMs), finishedAt, reason: ending };
  return { ...named(name), terminationReason: ending, terminated };
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
export function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
