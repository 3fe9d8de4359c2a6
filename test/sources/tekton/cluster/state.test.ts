/** Tests of what the condition of a Tekton run means. */
import { describe, expect, it } from 'vitest';
import { boundReason, failureReasons } from '../../../../lambda/sources/tekton/cluster/reasons.ts';
import { jobStateOf, runStateOf, interpretCondition } from '../../../../lambda/sources/tekton/cluster/state.ts';
import { expectGolden } from '../../../support/golden.ts';

/** Every reason that Tekton writes, with what decides beside it; the last rows are values that do not exist. */
const unfinished = [
  ['PipelineRun, TaskRun', 'none', ''],
  ['PipelineRun', 'Unknown', 'PipelineRunPending'],
  ['PipelineRun with a start', 'Unknown', 'PipelineRunPending'],
  ['TaskRun', 'Unknown', 'TaskRunPending'],
  ['PipelineRun, TaskRun', 'Unknown', 'Started'],
  ['PipelineRun', 'Unknown', 'ResolvingPipelineRef'],
  ['PipelineRun, TaskRun', 'Unknown', 'ResolvingTaskRef'],
  ['TaskRun', 'Unknown', 'ResolvingStepActionRef'],
  ['TaskRun', 'Unknown', 'ExceededResourceQuota'],
  ['TaskRun', 'Unknown', 'ExceededNodeResources'],
  ['TaskRun', 'Unknown', 'Pending'],
  ['TaskRun', 'Unknown', 'PullImageFailed'],
  ['PipelineRun, TaskRun', 'Unknown', 'Running'],
  ['TaskRun', 'Unknown', 'ToBeRetried'],
  ['PipelineRun', 'Unknown', 'PipelineRunStopping'],
  ['PipelineRun', 'Unknown', 'CancelledRunningFinally'],
  ['PipelineRun', 'Unknown', 'StoppedRunningFinally'],
  ['PipelineRun', 'Unknown', 'PipelineRunTimeoutRunningFinally'],
  ['PipelineRun', 'Unknown', 'Cancelled'],
  ['TaskRun', 'Unknown', 'TaskRunCancelled'],
  ['PipelineRun', 'Unknown', 'PipelineRunCouldntCancel'],
  ['PipelineRun', 'Unknown', 'PipelineRunCouldntTimeOut'],
  ['PipelineRun, TaskRun', 'Unknown', 'SomethingNew'],
  ['PipelineRun, TaskRun', 'Perhaps', 'SomethingNew'],
] as const;

const finished = [
  ['True', 'Succeeded'],
  ['True', 'Completed'],
  ['True', 'SomethingNew'],
  ['False', 'PipelineRunTimeout'],
  ['False', 'TaskRunTimeout'],
  ['False', 'Cancelled'],
  ['False', 'TaskRunCancelled'],
  ['False', 'TaskRunCancelled', 'TaskRun cancelled as the PipelineRun it belongs to has timed out.'],
  ['False', 'TaskRunCancelled', 'TaskRun cancelled as the PipelineRun it belongs to has been cancelled.'],
  ['False', 'CouldntGetPipeline'],
  ['False', 'CouldntGetTask'],
  ['False', 'CreateRunFailed'],
  ['False', 'PipelineValidationFailed'],
  ['False', 'TaskRunValidationFailed'],
  ['False', 'ResourceVerificationFailed'],
  ['False', 'ParameterMissing'],
  ['False', 'FailureIgnored'],
  ['False', 'Failed'],
  ['False', 'TaskRunImagePullFailed'],
  ['False', 'PodEvicted'],
  ['False', 'StepOOM'],
  ['False', 'StepFailed'],
  ['False', 'SidecarOOM'],
  ['False', 'SidecarFailed'],
  ['False', 'InitContainerOOM'],
  ['False', 'InitContainerFailed'],
  ['False', 'CELEvaluationFailed'],
  ['False', 'CouldntCreateWorkspacePVC'],
  ['False', 'CouldntGetPipelineResult'],
  ['False', 'InvalidMatrixParameterTypes'],
  ['False', 'InvalidParamValue'],
  ['False', 'InvalidPipelineResourceBindings'],
  ['False', 'InvalidPipelineResultReference'],
  ['False', 'InvalidTaskResultReference'],
  ['False', 'InvalidTaskRunSpecs'],
  ['False', 'InvalidWorkspaceBindings'],
  ['False', 'ObjectParameterMissKeys'],
  ['False', 'ParamArrayIndexingInvalid'],
  ['False', 'ParameterTypeMismatch'],
  ['False', 'PipelineInvalidGraph'],
  ['False', 'ReasonCouldntCreateOrUpdateAffinityAssistantStatefulSet'],
  ['False', 'RequiredWorkspaceMarkedOptional'],
  ['False', 'CreateContainerConfigError'],
  ['False', 'PodAdmissionFailed'],
  ['False', 'PodCreationFailed'],
  ['False', 'TaskRunResolutionFailed'],
  ['False', 'TaskRunResultLargerThanAllowedLimit'],
  ['False', 'TaskRunStopSidecarFailed'],
  ['False', 'TaskValidationFailed'],
  ['False', 'SomethingNew'],
  ['False', ''],
] as const;

describe('the condition of a run', () => {
  it('has the meaning of the golden table', async () => {
    const open = unfinished.map(([what, status, reason]) => {
      const condition = {
        status: status === 'none' ? undefined : status,
        reason,
        hasStarted: what.endsWith('with a start'),
      };
      const meaning = interpretCondition(condition);
      if (!('phase' in meaning)) throw new Error(`${reason} is finished`);
      const { phase } = meaning;
      return [what, status, reason, phase, jobStateOf(phase), runStateOf(phase)].join(' | ');
    });
    const ended = finished.map(([status, reason, statusMessage]) => {
      const meaning = interpretCondition({ status, reason, statusMessage });
      if (!('result' in meaning)) throw new Error(`${reason} is not finished`);
      return [status, reason, statusMessage ?? '', meaning.result, boundReason(reason)].join(' | ');
    });

    const text = [
      'object | status | reason | phase | job | run',
      ...open,
      '',
      'status | reason | status message | result | bounded reason',
      ...ended,
      '',
    ].join('\n');
    await expectGolden('tekton/states.txt', text);
  });

  it('keeps reasons within a list', () => {
    expect(boundReason('MadeUpByACustomTask')).toBe('other');
    expect(new Set(failureReasons).size).toBe(failureReasons.length);
  });
});
