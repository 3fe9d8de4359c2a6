/** What the simulated cluster runs. */

/** A pipeline of the simulated cluster, and how its runs go. */
export interface PipelinePlan {
  readonly namespace: string;
  readonly pipeline: string;
  /** Runs that are made in an hour, on average. */
  readonly runsAnHour: number;
  /** Of one task, on average. */
  readonly taskSeconds: number;
  readonly tasks: readonly string[];
  /** Its definition stands in each PipelineRun, and has no name. */
  readonly isEmbedded?: boolean;
  /** Held back by Kueue for so long, on average. */
  readonly heldSeconds?: number;
  /** A ResourceQuota keeps the pods of its tasks waiting for so long, on average. */
  readonly quotaSeconds?: number;
}

/** How a run ends, and what its last TaskRun says of it. */
export interface Ending {
  readonly share: number;
  readonly reason: string;
  readonly taskReason: string;
  /** Of the TaskRun's spec, where its PipelineRun ends it. */
  readonly statusMessage?: string;
  readonly result: string;
  readonly taskResult: string;
}

export const success: Ending = {
  share: 1,
  reason: 'Succeeded',
  taskReason: 'Succeeded',
  result: 'success',
  taskResult: 'success',
};

/** How runs end, with the share of each; the last one takes the rest. */
export const endings: readonly Ending[] = [
  { share: 0.1, reason: 'Failed', taskReason: 'StepFailed', result: 'failure', taskResult: 'failure' },
  {
    share: 0.04,
    reason: 'Cancelled',
    taskReason: 'TaskRunCancelled',
    statusMessage: 'TaskRun cancelled as the PipelineRun it belongs to has been cancelled.',
    result: 'cancellation',
    taskResult: 'cancellation',
  },
  {
    share: 0.03,
    reason: 'PipelineRunTimeout',
    taskReason: 'TaskRunCancelled',
    statusMessage: 'TaskRun cancelled as the PipelineRun it belongs to has timed out.',
    result: 'timeout',
    taskResult: 'timeout',
  },
  { share: 0.02, reason: 'Failed', taskReason: 'TaskRunImagePullFailed', result: 'failure', taskResult: 'error' },
  success,
];

/** A team with short and long pipelines, one that has too small a quota and tries things, and one whose queue is Kueue's. */
export const defaultPlan: readonly PipelinePlan[] = [
  { namespace: 'team-a', pipeline: 'build', runsAnHour: 60, taskSeconds: 40, tasks: ['compile', 'test'] },
  { namespace: 'team-a', pipeline: 'deploy', runsAnHour: 6, taskSeconds: 90, tasks: ['apply'] },
  {
    namespace: 'team-b',
    pipeline: 'build',
    runsAnHour: 30,
    taskSeconds: 120,
    tasks: ['compile', 'lint', 'test'],
    quotaSeconds: 60,
  },
  {
    namespace: 'team-b',
    pipeline: 'scratch',
    runsAnHour: 6,
    taskSeconds: 30,
    tasks: ['try'],
    isEmbedded: true,
  },
  { namespace: 'releases', pipeline: 'release', runsAnHour: 4, taskSeconds: 300, tasks: ['sign'], heldSeconds: 600 },
];
