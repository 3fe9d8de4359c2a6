/** The metrics of the source github-actions, and which of the shared ones it fills. */
import type { Absence } from '../../model/catalogue/absence.ts';
import {
  queueJobs,
  queueOldestWait,
  starvedJobs,
  workers,
  workerUtilization,
} from '../../model/catalogue/queue-metrics.ts';
import {
  eventsTaken,
  oldestVisit,
  repositories,
  repositoryVisits,
  stepsLeftOut,
} from '../../model/catalogue/crawl-metrics.ts';
import { sourceLabels } from '../../model/catalogue/identity-labels.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../model/catalogue/job-metrics.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  runWait,
  systemErrors,
} from '../../model/catalogue/run-metrics.ts';
import { credentialMetrics } from '../../model/credential.ts';
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import { deploymentMetrics } from '../../model/catalogue/deployment-metrics.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import type { GithubActionsConfig } from './config.ts';

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

/** Of every configuration. */
const baseMetrics = [
  approvalsWaiting,
  excessPermissions,
  oldestVisit,
  queueJobs,
  queueOldestWait,
  repositories,
  repositoryVisits,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  systemErrors,
  ...credentialMetrics,
] as const satisfies readonly MetricDefinition[];

/** Only where jobs are read. */
const jobMetrics = [
  jobBusySeconds,
  jobDuration,
  jobsFinished,
  jobWait,
  runningJobs,
  runWait,
  stepsLeftOut,
] as const satisfies readonly MetricDefinition[];

/** Only where runners are read. */
const runnerMetrics = [workers, workerUtilization] as const satisfies readonly MetricDefinition[];

/** Only where both are read: jobs tell what waits, runners who could take it. */
const starvedMetrics = [starvedJobs] as const satisfies readonly MetricDefinition[];

/** Only where a webhook tells. */
const eventMetrics = [eventsTaken] as const satisfies readonly MetricDefinition[];

/** All that the source may send. */
export const githubMetrics: readonly MetricDefinition[] = [
  ...baseMetrics,
  ...deploymentMetrics,
  ...eventMetrics,
  ...jobMetrics,
  ...runnerMetrics,
  ...starvedMetrics,
];

export function selectMetrics(config: GithubActionsConfig): readonly MetricDefinition[] {
  const { jobs, runners, deployments, events } = config;
  return [
    ...baseMetrics,
    ...(deployments === undefined ? [] : deploymentMetrics),
    ...(events === undefined ? [] : eventMetrics),
    ...(jobs === 'read' ? jobMetrics : []),
    ...(runners === 'read' ? runnerMetrics : []),
    ...(jobs === 'read' && runners === 'read' ? starvedMetrics : []),
  ];
}

/** What GitHub has no word for, and what it tells at times only. */
export const absences: readonly Absence[] = [
  { metric: queueJobs, values: { label: 'state', are: ['reserved'] }, when: 'always' },
  { metric: runsActive, values: { label: 'state', are: ['finalizing'] }, when: 'always' },
  { metric: workers, values: { label: 'state', are: ['paused'] }, when: 'always' },
  { metric: approvalsWaiting, when: 'usually' },
  { metric: excessPermissions, when: 'usually' },
  { metric: stepsLeftOut, when: 'usually' },
  { metric: systemErrors, when: 'usually' },
];
