/** The metrics of the source bitbucket-pipelines, and which of the shared ones it fills. */
import type { Absence } from '../../model/catalogue/absence.ts';
import {
  queueJobs,
  queueOldestWait,
  starvedJobs,
  workers,
  workerUtilization,
} from '../../model/catalogue/queue-metrics.ts';
import {
  pipelineLabels,
  pipelineSets,
  queueLabels,
  queueSets,
  sourceLabels,
} from '../../model/catalogue/identity-labels.ts';
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import { deploymentMetrics } from '../../model/catalogue/deployment-metrics.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import type { BitbucketPipelinesConfig } from './config.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../model/catalogue/job-metrics.ts';
import {
  runActiveDuration,
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
import {
  eventsTaken,
  oldestVisit,
  repositories,
  repositoryVisits,
  stepsLeftOut,
} from '../../model/catalogue/crawl-metrics.ts';

export const buildSeconds = defineMetric({
  name: 'ci_bitbucket_build_seconds_total',
  help: 'Build time that Bitbucket charges for finished runs; parallel steps add up, larger sizes count several times.',
  type: 'counter',
  unit: 'seconds',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'BuildSecondsCharged',
    dimensionSets: pipelineSets,
    statistic: 'Sum',
  },
});

export const onlineRunners = defineMetric({
  name: 'ci_bitbucket_online_runners',
  help: 'Runners that are connected and take steps, idle and busy ones together: known also where nothing tells who works.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'OnlineRunners',
    dimensionSets: queueSets,
    statistic: 'Minimum',
  },
});

export const outdatedRunners = defineMetric({
  name: 'ci_bitbucket_outdated_runners',
  help: 'Runners that are not of the version that Bitbucket recommends; absent where no version is told.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'OutdatedRunners',
    dimensionSets: queueSets,
    statistic: 'Maximum',
  },
});

export const busyRunnersPeak = defineMetric({
  name: 'ci_bitbucket_busy_runners_peak',
  help: 'Most runners that were busy at one look in this calendar month (UTC); Bitbucket bills the most slots used at once.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: {
    name: 'BusyRunnersPeak',
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

export const excessScopes = defineMetric({
  name: 'ci_bitbucket_credential_excess_scopes',
  help: 'Scopes of the credential that the collector has no use for; absent where Bitbucket does not tell its scopes.',
  type: 'gauge',
  unit: 'count',
  labels: sourceLabels,
  combination: 'max',
  cloudWatch: {
    name: 'CredentialExcessScopes',
    dimensionSets: [sourceLabels],
    statistic: 'Maximum',
  },
});

/** Of every configuration. */
const baseMetrics = [
  buildSeconds,
  excessScopes,
  repositoryVisits,
  oldestVisit,
  queueJobs,
  queueOldestWait,
  repositories,
  runActiveDuration,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  systemErrors,
] as const satisfies readonly MetricDefinition[];

/** Only where steps are read. */
const stepMetrics = [jobBusySeconds, jobDuration, jobsFinished, jobWait, runWait, stepsLeftOut] as const;

/** Only where runners are read. */
const runnerMetrics = [
  busyRunnersPeak,
  onlineRunners,
  outdatedRunners,
  starvedJobs,
  workers,
  workerUtilization,
] as const;

/** Only where a webhook tells. */
const eventMetrics = [eventsTaken] as const;

/** All that the source may send. */
export const bitbucketMetrics: readonly MetricDefinition[] = [
  ...baseMetrics,
  ...deploymentMetrics,
  ...eventMetrics,
  ...runnerMetrics,
  ...stepMetrics,
];

export function selectMetrics(config: BitbucketPipelinesConfig): readonly MetricDefinition[] {
  const { steps, runners, deployments, events } = config;
  const hasRunners = runners?.workspace !== 'leave' || runners.repositories !== undefined;
  return [
    ...baseMetrics,
    ...(deployments === undefined ? [] : deploymentMetrics),
    ...(events === undefined ? [] : eventMetrics),
    ...(hasRunners ? runnerMetrics : []),
    ...(steps === 'read' ? stepMetrics : []),
  ];
}

/** What Bitbucket has no word for, and what it tells of some workspaces only. */
export const absences: readonly Absence[] = [
  { metric: queueJobs, values: { label: 'state', are: ['reserved', 'limited'] }, when: 'always' },
  { metric: runsActive, values: { label: 'state', are: ['finalizing'] }, when: 'always' },
  // No document promises that runners tell what they work on.
  { metric: workers, values: { label: 'state', are: ['idle', 'busy'] }, when: 'usually' },
  { metric: workerUtilization, when: 'usually' },
  { metric: busyRunnersPeak, when: 'usually' },
  { metric: excessScopes, when: 'usually' },
  { metric: outdatedRunners, when: 'usually' },
  { metric: stepsLeftOut, when: 'usually' },
  { metric: systemErrors, when: 'usually' },
];
