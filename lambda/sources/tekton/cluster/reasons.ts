/** What each reason that Tekton writes means for a run and for a step. */

/**
 * What each reason of Tekton means: of a run that goes on, of one that has ended, and of a step.
 * Complete for Tekton Pipelines v1.15 (pkg/apis/pipeline/v1, pkg/pod/status.go and pkg/reconciler of tektoncd/pipeline).
 */
import type { Result } from '../../../model/catalogue/results.ts';

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

/** By the reason of a condition that is `Unknown`. */
export const phaseByReason: ReadonlyMap<string, Phase> = new Map([
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
  ['Running', 'running'],
  ['ToBeRetried', 'running'],
  ['PipelineRunStopping', 'stopping'],
  ['CancelledRunningFinally', 'stopping'],
  ['StoppedRunningFinally', 'stopping'],
  ['PipelineRunTimeoutRunningFinally', 'stopping'],
  ['Cancelled', 'stopping'],
  ['TaskRunCancelled', 'stopping'],
  ['PipelineRunCouldntCancel', 'stopping'],
  ['PipelineRunCouldntTimeOut', 'stopping'],
]);

/** What the run did itself: its containers ran, and one of them failed. */
const ownFailures = [
  'Failed',
  'FailureIgnored',
  'InitContainerFailed',
  'InitContainerOOM',
  'SidecarFailed',
  'SidecarOOM',
  'StepFailed',
  'StepOOM',
  'TaskRunResultLargerThanAllowedLimit',
] as const;

/** Definitions and parameters with which nothing can be run. */
const definitionErrors = [
  'CELEvaluationFailed',
  'CreateContainerConfigError',
  'InvalidMatrixParameterTypes',
  'InvalidParamValue',
  'InvalidPipelineResourceBindings',
  'InvalidPipelineResultReference',
  'InvalidTaskResultReference',
  'InvalidTaskRunSpecs',
  'InvalidWorkspaceBindings',
  'ObjectParameterMissKeys',
  'ParamArrayIndexingInvalid',
  'ParameterMissing',
  'ParameterTypeMismatch',
  'PipelineInvalidGraph',
  'PipelineValidationFailed',
  'RequiredWorkspaceMarkedOptional',
  'TaskRunValidationFailed',
  'TaskValidationFailed',
] as const;

/** What the cluster, a registry or a resolver did not give. */
const systemErrors = [
  'CouldntCreateWorkspacePVC',
  'CouldntGetPipeline',
  'CouldntGetPipelineResult',
  'CouldntGetTask',
  'CreateRunFailed',
  'PodAdmissionFailed',
  'PodCreationFailed',
  'PodEvicted',
  'ReasonCouldntCreateOrUpdateAffinityAssistantStatefulSet',
  'ResourceVerificationFailed',
  'TaskRunImagePullFailed',
  'TaskRunResolutionFailed',
  'TaskRunStopSidecarFailed',
] as const;

/** By the reason of a condition that is `False`. */
export const resultByReason: ReadonlyMap<string, Result> = new Map<string, Result>([
  ['Cancelled', 'cancellation'],
  ['TaskRunCancelled', 'cancellation'],
  ['PipelineRunTimeout', 'timeout'],
  ['TaskRunTimeout', 'timeout'],
  ...ownFailures.map((reason) => [reason, 'failure'] as const),
  ...[...definitionErrors, ...systemErrors].map((reason) => [reason, 'error'] as const),
]);

/** Reasons of failed runs that are a label value; whatever else a release invents is `other`. */
export const failureReasons: readonly string[] = [...[...resultByReason.keys()].sort(), 'other'];

export function boundReason(reason: string): string {
  return resultByReason.has(reason) ? reason : 'other';
}

/**
 * Why a step ended with another code than 0 without having failed: an earlier one had failed, its failure does not
 * matter, or its TaskRun was ended (`failTaskRun`), which gives every step that waits or runs exit code 1 and the
 * TaskRun's own reason.
 */
export const reasonsWithoutError: ReadonlySet<string> = new Set([
  'Skipped',
  'Continued',
  'Cancelled',
  'TaskRunCancelled',
  'TaskRunTimeout',
  'TaskRunImagePullFailed',
  'CreateContainerConfigError',
  'PodCreationFailed',
  'TaskRunResultLargerThanAllowedLimit',
]);
