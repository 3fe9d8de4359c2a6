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
export function buildSteps(moment: StepMoment): readonly object[] {
  return [buildFirstStep('run', moment), buildLastStep('report', moment)];
}

function buildFirstStep(name: string, moment: StepMoment): object {
  const { stepMs, completedMs, ending, isCut } = moment;
  if (isCut === true) return buildCutStep(name, moment, stepMs);
  if (stepMs === undefined) return buildWaitingStep(name);
  const startedAt = formatTime(stepMs);
  if (completedMs === undefined) return { ...buildContainer(name), running: { startedAt } };
  return buildEndedStep(name, [stepMs, completedMs], ending === 'StepFailed' ? 'Error' : 'Completed');
}

function buildLastStep(name: string, moment: StepMoment): object {
  const { completedMs, ending, isCut } = moment;
  if (isCut === true) return buildCutStep(name, moment, undefined);
  if (completedMs === undefined) return buildWaitingStep(name);
  return buildEndedStep(name, [completedMs, completedMs], ending === 'StepFailed' ? 'Skipped' : 'Completed');
}

function buildContainer(name: string): object {
  return { name, container: `step-${name}` };
}

function buildWaitingStep(name: string): object {
  return { ...buildContainer(name), waiting: { reason: 'PodInitializing' } };
}

function buildEndedStep(
  name: string,
  [startedMs, finishedMs]: readonly [number, number],
  terminationReason: string,
): object {
  const isFine = terminationReason === 'Completed';
  const times = { startedAt: formatTime(startedMs), finishedAt: formatTime(finishedMs) };
  const terminated = { ...times, exitCode: isFine ? 0 : 1, reason: isFine ? 'Completed' : 'Error' };
  return { ...buildContainer(name), terminationReason, terminated };
}

/**
 * `terminateStepsInPod` (pkg/reconciler/taskrun, v1.15): exit code 1 and the reason of the TaskRun; a step that waited
 * has the TaskRun's creation for its start, because the definition allows no null there.
 */
function buildCutStep(
  name: string,
  { createdMs, completedMs, ending }: StepMoment,
  startedMs: number | undefined,
): object {
  const finishedAt = formatTime(completedMs ?? createdMs);
  const terminated = { exitCode: 1, startedAt: formatTime(startedMs ?? createdMs), finishedAt, reason: ending };
  return { ...buildContainer(name), terminationReason: ending, terminated };
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
