import type { Result, RunState } from '../../model/run-metrics.ts';

/** The two kinds of run, by the plural that the Kubernetes API uses. */
export type RunKind = 'pipelineruns' | 'taskruns';

/** What an unfinished PipelineRun does. `unseen`: the controller has not written anything yet. */
export const pipelineRunPhases = ['unseen', 'pending', 'starting', 'running', 'stopping'] as const;

/** What an unfinished TaskRun does. `quota`, `node`, `pod` and `image` tell what its pod waits for. */
export const taskRunPhases = [
  'unseen',
  'pending',
  'starting',
  'quota',
  'node',
  'pod',
  'image',
  'running',
  'stopping',
] as const;

export type Phase = (typeof taskRunPhases)[number];

export type Status = { readonly phase: Phase } | { readonly result: Result; readonly reason: string };

/** The condition of type `Succeeded`, and what beside it decides. */
export interface Condition {
  /** `True`, `False` or `Unknown`; absent before the first reconcile. */
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
  readonly hasStarted?: boolean;
  /** Of a TaskRun's spec: tells a cancellation from the timeout of its PipelineRun. */
  readonly statusMessage?: string | undefined;
}

/** By the reason of a condition that is `Unknown` (tektoncd/pipeline, pkg/apis/pipeline/v1). Any other one is running. */
const phases: ReadonlyMap<string, Phase> = new Map([
  ['PipelineRunPending', 'pending'],
  ['TaskRunPending', 'pending'],
  ['Started', 'starting'],
  ['ResolvingPipelineRef', 'starting'],
  ['ResolvingTaskRef', 'starting'],
  ['ResolvingStepActionRef', 'starting'],
  ['ExceededResourceQuota', 'quota'],
  ['ExceededNodeResources', 'node'],
  ['Pending', 'pod'],
  ['PullImageFailed', 'image'],
  ['PipelineRunStopping', 'stopping'],
  ['CancelledRunningFinally', 'stopping'],
  ['StoppedRunningFinally', 'stopping'],
  ['PipelineRunTimeoutRunningFinally', 'stopping'],
  ['Cancelled', 'stopping'],
  ['TaskRunCancelled', 'stopping'],
  ['PipelineRunCouldntCancel', 'stopping'],
  ['PipelineRunCouldntTimeOut', 'stopping'],
]);

/** What Tekton writes into a TaskRun that it cancels because the time of its PipelineRun is up. */
const cancelledByTimeout = 'TaskRun cancelled as the PipelineRun it belongs to has timed out.';

/** Faults of the system or of a definition, not of what the run tests. */
const systemFault = /^CouldntGet|^CreateRunFailed$|Validation|^ResourceVerificationFailed$/;

export function statusOf(condition: Condition): Status {
  const { status, reason = '' } = condition;
  if (status === undefined || status === '') return { phase: 'unseen' };
  if (status === 'True') return { result: 'success', reason };
  if (status === 'False') return failed(condition, reason);
  // A PipelineRun that is no longer held back but waits for its volume claim still says that it is pending.
  if (reason === 'PipelineRunPending' && condition.hasStarted === true) return { phase: 'starting' };
  return { phase: phases.get(reason) ?? 'running' };
}

function failed({ statusMessage }: Condition, reason: string): Status {
  if (reason === 'PipelineRunTimeout' || reason === 'TaskRunTimeout') return { result: 'timeout', reason };
  if (reason === 'Cancelled' || reason === 'TaskRunCancelled') {
    return { result: statusMessage === cancelledByTimeout ? 'timeout' : 'cancellation', reason };
  }
  return { result: systemFault.test(reason) ? 'error' : 'failure', reason };
}

export type JobState = 'queued' | 'running' | 'blocked';

/** The neutral state of a job: everything that waits for a pod is queued, what somebody holds back is blocked. */
export function jobStateOf(phase: Phase): JobState {
  if (phase === 'pending') return 'blocked';
  return phase === 'running' || phase === 'stopping' ? 'running' : 'queued';
}

export function runStateOf(phase: Phase): RunState {
  if (phase === 'stopping') return 'finalizing';
  return phase === 'running' ? 'executing' : 'pending';
}

/** Reasons of failed runs that are a label value; whatever else a release invents is `other`. */
export const failureReasons = [
  'Cancelled',
  'CouldntGetPipeline',
  'CouldntGetTask',
  'CreateRunFailed',
  'Failed',
  'FailureIgnored',
  'InitContainerFailed',
  'InitContainerOOM',
  'ParameterMissing',
  'PipelineRunTimeout',
  'PipelineValidationFailed',
  'PodEvicted',
  'ResourceVerificationFailed',
  'SidecarFailed',
  'SidecarOOM',
  'StepFailed',
  'StepOOM',
  'TaskRunCancelled',
  'TaskRunImagePullFailed',
  'TaskRunTimeout',
  'TaskRunValidationFailed',
  'other',
] as const;

const known: ReadonlySet<string> = new Set(failureReasons);

export function boundedReason(reason: string): string {
  return known.has(reason) ? reason : 'other';
}
