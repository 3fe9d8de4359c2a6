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
import { deploymentMetrics } from '../../model/catalogue/deployment-metrics.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import type { GithubActionsConfig } from './config.ts';
import {
  approvalsWaiting,
  billedTime,
  excessPermissions,
  hostedRunnerLimit,
  mergeQueueGroups,
  mergeQueueOldest,
  queuedJobs,
  runningJobs,
} from './own-metrics.ts';

/** Of every configuration. */
const baseMetrics = [
  approvalsWaiting,
  excessPermissions,
  mergeQueueGroups,
  mergeQueueOldest,
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
  queuedJobs,
  runningJobs,
  runWait,
  stepsLeftOut,
] as const satisfies readonly MetricDefinition[];

/** Only where runners are read. */
const runnerMetrics = [workers, workerUtilization] as const satisfies readonly MetricDefinition[];

/** Only where the larger runners of GitHub are read. */
const hostedRunnerMetrics = [hostedRunnerLimit] as const satisfies readonly MetricDefinition[];

/** Only where the bill is read. */
const billingMetrics = [billedTime] as const satisfies readonly MetricDefinition[];

/** Only where both are read: jobs tell what waits, runners who could take it. */
const starvedMetrics = [starvedJobs] as const satisfies readonly MetricDefinition[];

/** Only where a webhook tells. */
const eventMetrics = [eventsTaken] as const satisfies readonly MetricDefinition[];

/** All that the source may send. */
export const githubMetrics: readonly MetricDefinition[] = [
  ...baseMetrics,
  ...billingMetrics,
  ...deploymentMetrics,
  ...eventMetrics,
  ...hostedRunnerMetrics,
  ...jobMetrics,
  ...runnerMetrics,
  ...starvedMetrics,
];

export function selectMetrics(config: GithubActionsConfig): readonly MetricDefinition[] {
  const { jobs, runners, deployments, events, hostedRunners, billing, enterprise } = config;
  return [
    ...baseMetrics,
    ...(deployments === undefined ? [] : deploymentMetrics),
    ...(events === undefined ? [] : eventMetrics),
    ...(jobs === 'read' ? jobMetrics : []),
    ...(hostedRunners === 'read' ? hostedRunnerMetrics : []),
    ...(billing === 'read' ? billingMetrics : []),
    ...(runners === 'read' || enterprise !== undefined ? runnerMetrics : []),
    ...(jobs === 'read' && runners === 'read' ? starvedMetrics : []),
  ];
}

/** What GitHub has no word for, and what it tells at times only. */
export const absences: readonly Absence[] = [
  { metric: queueJobs, values: { label: 'state', are: ['reserved'] }, when: 'always' },
  { metric: runsActive, values: { label: 'state', are: ['finalizing'] }, when: 'always' },
  { metric: workers, values: { label: 'state', are: ['paused'] }, when: 'always' },
  { metric: approvalsWaiting, when: 'usually' },
  { metric: billedTime, when: 'usually' },
  { metric: excessPermissions, when: 'usually' },
  { metric: hostedRunnerLimit, when: 'usually' },
  { metric: mergeQueueGroups, when: 'usually' },
  { metric: mergeQueueOldest, when: 'usually' },
  { metric: stepsLeftOut, when: 'usually' },
  { metric: systemErrors, when: 'usually' },
];
