/** The metrics of finished jobs: how long they waited and ran, how they ended, and what workers spent on them. */
import type { MetricDefinition } from '../metric.ts';
import { defineMetric } from './define-metric.ts';
import { queueLabels, queueSets } from './identity-labels.ts';
import { results } from './results.ts';

export const jobWait = defineMetric({
  name: 'ci_job_wait_seconds',
  help: 'Time from a job being able to start to its start, observed once a job when it has finished.',
  type: 'distribution',
  unit: 'seconds',
  measures: 'wait',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: { name: 'JobWaitTime', dimensionSets: queueSets, statistic: 'p95' },
});

export const jobDuration = defineMetric({
  name: 'ci_job_duration_seconds',
  help: 'Time from the start of a job to its end, by result.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...queueLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: { name: 'JobDuration', dimensionSets: queueSets, statistic: 'p95' },
});

export const jobsFinished = defineMetric({
  name: 'ci_jobs_total',
  help: 'Finished jobs by queue and result.',
  type: 'counter',
  unit: 'count',
  labels: [...queueLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'result',
      names: {
        success: 'SucceededJobs',
        failure: 'FailedJobs',
        error: 'ErroredJobs',
        timeout: 'TimedOutJobs',
        cancellation: 'CancelledJobs',
        skip: 'SkippedJobs',
        other: 'OtherJobs',
      },
    },
    dimensionSets: queueSets,
    statistic: 'Sum',
  },
});

export const jobBusySeconds = defineMetric({
  name: 'ci_job_busy_seconds_total',
  help: 'Time that workers spent on finished jobs; multiplied by the price of a worker it is their cost.',
  type: 'counter',
  unit: 'seconds',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: { name: 'BusySeconds', dimensionSets: queueSets, statistic: 'Sum' },
});

export const jobMetrics = [
  jobBusySeconds,
  jobDuration,
  jobWait,
  jobsFinished,
] as const satisfies readonly MetricDefinition[];
