/** The metrics that only GitHub Actions has. */
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import { queueLabels, queueSets, sourceLabels } from '../../model/catalogue/identity-labels.ts';

export const hostings = ['hosted', 'self_hosted', 'unknown'] as const;
export type Hosting = (typeof hostings)[number];

export const runningJobs = defineMetric({
  name: 'ci_github_actions_running_jobs',
  help: 'Jobs that run, on runners of GitHub or on self-hosted ones; a plan limits how many hosted ones run at once.',
  type: 'gauge',
  unit: 'count',
  labels: [...sourceLabels, 'hosting'],
  enumerated: { hosting: hostings },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'hosting',
      names: {
        hosted: 'RunningHostedJobs',
        self_hosted: 'RunningSelfHostedJobs',
        unknown: 'RunningJobsOfUnknownHosting',
      },
    },
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

export const queuedJobs = defineMetric({
  name: 'ci_github_actions_queued_jobs',
  help: 'Jobs that wait for a runner of GitHub or for a self-hosted one; hosted ones may wait for the limit of the plan.',
  type: 'gauge',
  unit: 'count',
  labels: [...sourceLabels, 'hosting'],
  enumerated: { hosting: hostings },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'hosting',
      names: {
        hosted: 'QueuedHostedJobs',
        self_hosted: 'QueuedSelfHostedJobs',
        unknown: 'QueuedJobsOfUnknownHosting',
      },
    },
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

const approvalLabels = [...sourceLabels, 'scope', 'deploy_environment'] as const;

export const approvalsWaiting = defineMetric({
  name: 'ci_github_actions_approvals_waiting',
  help: 'Runs that wait until somebody, or a timer, lets them deploy to an environment.',
  type: 'gauge',
  unit: 'count',
  labels: approvalLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'ApprovalsWaiting',
    dimensionSets: [approvalLabels, sourceLabels],
    statistic: 'Maximum',
  },
});

export const excessPermissions = defineMetric({
  name: 'ci_github_actions_credential_excess_permissions',
  help: 'Permissions of the credential that the collector has no use for; absent where GitHub does not tell them.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: {
    name: 'CredentialExcessPermissions',
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

const mergeQueueLabels = [...sourceLabels, 'scope', 'branch'] as const;

export const mergeQueueGroups = defineMetric({
  name: 'ci_github_actions_merge_queue_groups',
  help: 'Merge groups of a merge queue whose checks have not ended, by the branch that they are to be merged into.',
  type: 'gauge',
  unit: 'count',
  labels: mergeQueueLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'MergeQueueGroups',
    dimensionSets: [mergeQueueLabels, sourceLabels],
    statistic: 'Maximum',
  },
});

export const mergeQueueOldest = defineMetric({
  name: 'ci_github_actions_merge_queue_oldest_seconds',
  help: 'Since when the checks of the oldest merge group have been asked for that has not ended; 0 when there is none.',
  type: 'gauge',
  unit: 'seconds',
  labels: mergeQueueLabels,
  combination: 'max',
  cloudWatch: {
    name: 'MergeQueueOldest',
    dimensionSets: [mergeQueueLabels, sourceLabels],
    statistic: 'Maximum',
  },
});

export const hostedRunnerLimit = defineMetric({
  name: 'ci_github_actions_hosted_runner_limit',
  help: 'Jobs that a larger runner of GitHub takes at once at most, by the queue of its name; 0 while it takes none.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'HostedRunnerLimit',
    dimensionSets: queueSets,
    statistic: 'Minimum',
  },
});

const billedLabels = [...sourceLabels, 'scope', 'sku'] as const;

export const billedTime = defineMetric({
  name: 'ci_github_actions_billed_seconds',
  help: 'Time on runners of GitHub that it has put on the bill of this calendar month (UTC), by kind of machine; starts again with the month.',
  type: 'gauge',
  unit: 'seconds',
  labels: billedLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'BilledTime',
    dimensionSets: [billedLabels, sourceLabels],
    statistic: 'Maximum',
  },
});
