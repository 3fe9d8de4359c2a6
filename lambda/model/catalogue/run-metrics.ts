/** The metrics of jobs and runs: how long they wait and run, how they end, and what is open. */

/** Counters and distributions are told to the ledger of `lambda/counters/`, which keeps totals over a cold start. */
import {
  type PipelineLabel,
  pipelineLabels,
  pipelineSets,
  type QueueLabel,
  queueLabels,
  queueSets,
  type SourceLabel,
  sourceLabels,
} from './identity-labels.ts';
import type { CloudWatchShape, MetricDefinition } from '../metric.ts';
import { results } from './results.ts';

const attempts = ['first', 'retry'] as const;
export const runStates = ['pending', 'executing', 'finalizing'] as const;
export type RunState = (typeof runStates)[number];
/** What a run is that a person has to let go on, where the CI system tells it apart from one that waits for a machine. */
const waitingState = 'waiting';
/** Quantiles that a vendor itself reports; 0 and 1 are its least and greatest. */
const waitQuantiles = ['0', '0.5', '0.95', '1'] as const;

/** All that a vendor's own figures of a queue tell apart. */
const recentResults = ['success', 'failure'] as const;

/** Every threshold of the shipped alarms and rules is a bound, so that no query has to interpolate it. Seconds. */
export const durationBounds = [5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400] as const;
export const waitBounds = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200] as const;

type Presentation<Label extends string> = Pick<CloudWatchShape<Label>, 'name' | 'statistic'> &
  Partial<Pick<CloudWatchShape<Label>, 'unit' | 'conversion'>>;

function shapeQueueMetric<Label extends string>(
  shape: Presentation<Label | QueueLabel>,
): CloudWatchShape<Label | QueueLabel> {
  return { namespace: 'neutral', unit: 'Seconds', dimensionSets: queueSets, ...shape };
}

function shapePipelineMetric<Label extends string>(
  shape: Presentation<Label | PipelineLabel>,
): CloudWatchShape<Label | PipelineLabel> {
  return { namespace: 'neutral', unit: 'Seconds', dimensionSets: pipelineSets, ...shape };
}

export const queueOldestWait: MetricDefinition<'gauge', QueueLabel> = {
  name: 'ci_queue_oldest_wait_seconds',
  help: 'How long the oldest queued job of a queue has been waiting; 0 when nothing is queued.',
  type: 'gauge',
  unit: 'seconds',
  labels: queueLabels,
  combination: 'max',
  cloudWatch: shapeQueueMetric({ name: 'OldestQueuedJobAge', statistic: 'Maximum' }),
};

export const queueWaitQuantile: MetricDefinition<'gauge', QueueLabel | 'rank'> = {
  name: 'ci_queue_wait_quantile_seconds',
  help: 'Waiting time of jobs as the CI system itself reports it; rank 0 is its least and 1 its greatest.',
  type: 'gauge',
  unit: 'seconds',
  labels: [...queueLabels, 'rank'],
  enumerated: { rank: waitQuantiles },
  combination: 'max',
  cloudWatch: shapeQueueMetric<'rank'>({
    name: {
      label: 'rank',
      names: { '0': 'QueueWaitMin', '0.5': 'QueueWaitP50', '0.95': 'QueueWaitP95', '1': 'QueueWaitMax' },
    },
    statistic: 'Maximum',
  }),
};

export const queuePaused: MetricDefinition<'gauge', QueueLabel> = {
  name: 'ci_queue_paused',
  help: '1 while somebody has paused a queue, 0 otherwise; absent where the CI system does not tell.',
  type: 'gauge',
  unit: 'count',
  labels: queueLabels,
  combination: 'max',
  cloudWatch: shapeQueueMetric({ name: 'QueuePaused', unit: 'Count', statistic: 'Maximum' }),
};

export const queuePausedSince: MetricDefinition<'gauge', QueueLabel> = {
  name: 'ci_queue_paused_since_timestamp_seconds',
  help: 'When a queue was paused that still is, as Unix time; absent for a queue that is not paused.',
  type: 'gauge',
  unit: 'timestamp',
  labels: queueLabels,
  combination: 'min',
  cloudWatch: shapeQueueMetric({ name: 'SecondsSinceQueuePaused', statistic: 'Maximum', conversion: 'age' }),
};

export const queueRecentJobs: MetricDefinition<'gauge', QueueLabel | 'result'> = {
  name: 'ci_queue_recent_jobs',
  help: 'Jobs that ended in the latest minute of which the CI system itself reports; a level, so do not add it up.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'result'],
  enumerated: { result: recentResults },
  combination: 'sum',
  cloudWatch: shapeQueueMetric<'result'>({
    name: { label: 'result', names: { success: 'RecentSucceededJobs', failure: 'RecentFailedJobs' } },
    unit: 'Count',
    statistic: 'Maximum',
  }),
};

export const jobWait: MetricDefinition<'distribution', QueueLabel> = {
  name: 'ci_job_wait_seconds',
  help: 'Time from a job being able to start to its start, observed once a job when it has finished.',
  type: 'distribution',
  unit: 'seconds',
  measures: 'wait',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: shapeQueueMetric({ name: 'JobWaitTime', statistic: 'p95' }),
};

export const jobDuration: MetricDefinition<'distribution', QueueLabel | 'result'> = {
  name: 'ci_job_duration_seconds',
  help: 'Time from the start of a job to its end, by result.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...queueLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: shapeQueueMetric<'result'>({ name: 'JobDuration', statistic: 'p95' }),
};

export const jobsFinished: MetricDefinition<'counter', QueueLabel | 'result'> = {
  name: 'ci_jobs_total',
  help: 'Finished jobs by queue and result.',
  type: 'counter',
  unit: 'count',
  labels: [...queueLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: shapeQueueMetric<'result'>({
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
    unit: 'Count',
    statistic: 'Sum',
  }),
};

export const jobBusySeconds: MetricDefinition<'counter', QueueLabel> = {
  name: 'ci_job_busy_seconds_total',
  help: 'Time that workers spent on finished jobs; multiplied by the price of a worker it is their cost.',
  type: 'counter',
  unit: 'seconds',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: shapeQueueMetric({ name: 'BusySeconds', statistic: 'Sum' }),
};

export const runsActive: MetricDefinition<'gauge', PipelineLabel | 'state'> = {
  name: 'ci_runs_active',
  help: 'Runs that have not ended, by pipeline and state; absent for a pipeline that was not looked at in this run.',
  type: 'gauge',
  unit: 'count',
  labels: [...pipelineLabels, 'state'],
  enumerated: { state: [...runStates, waitingState] },
  combination: 'sum',
  cloudWatch: shapePipelineMetric<'state'>({ name: 'ActiveRuns', unit: 'Count', statistic: 'Maximum' }),
};

export const runWait: MetricDefinition<'distribution', PipelineLabel> = {
  name: 'ci_run_wait_seconds',
  help: 'Time from the creation of a run to its start, observed once a run when it has finished.',
  type: 'distribution',
  unit: 'seconds',
  measures: 'wait',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: shapePipelineMetric({ name: 'RunWaitTime', statistic: 'p95' }),
};

export const runDuration: MetricDefinition<'distribution', PipelineLabel | 'result'> = {
  name: 'ci_run_duration_seconds',
  help: 'Time from the start of a run to its end, by result.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...pipelineLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: shapePipelineMetric<'result'>({ name: 'RunDuration', statistic: 'p95' }),
};

/**
 * A run that was approved after three days took three days, and machines worked on it for minutes. Only of sources where
 * people can hold a run: elsewhere it would be the same figure for twice the price.
 */
export const runActiveDuration: MetricDefinition<'distribution', PipelineLabel | 'result'> = {
  name: 'ci_run_active_duration_seconds',
  help: 'Time from the start of a run to its end without what it waited for people; absent where people hold no run.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...pipelineLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: shapePipelineMetric<'result'>({ name: 'RunActiveDuration', statistic: 'p95' }),
};

export const runsFinished: MetricDefinition<'counter', PipelineLabel | 'result' | 'attempt' | 'branch'> = {
  name: 'ci_runs_total',
  help: 'Finished runs by pipeline, result, attempt and class of branch.',
  type: 'counter',
  unit: 'count',
  labels: [...pipelineLabels, 'result', 'attempt', 'branch'],
  enumerated: { result: results, attempt: attempts },
  combination: 'sum',
  cloudWatch: shapePipelineMetric<'result' | 'attempt' | 'branch'>({
    name: {
      label: 'result',
      names: {
        success: 'SucceededRuns',
        failure: 'FailedRuns',
        error: 'ErroredRuns',
        timeout: 'TimedOutRuns',
        cancellation: 'CancelledRuns',
        skip: 'SkippedRuns',
        other: 'OtherRuns',
      },
    },
    unit: 'Count',
    statistic: 'Sum',
  }),
};

export const runLastFinished: MetricDefinition<'gauge', PipelineLabel | 'branch'> = {
  name: 'ci_run_last_finished_timestamp_seconds',
  help: 'When the newest run of a pipeline with a verdict ended, as Unix time; a cancelled or skipped run gives none.',
  type: 'gauge',
  unit: 'timestamp',
  labels: [...pipelineLabels, 'branch'],
  combination: 'max',
  cloudWatch: shapePipelineMetric<'branch'>({
    name: 'SecondsSinceLastVerdict',
    statistic: 'Minimum',
    conversion: 'age',
  }),
};

export const runLastSuccess: MetricDefinition<'gauge', PipelineLabel | 'branch'> = {
  name: 'ci_run_last_success_timestamp_seconds',
  help: 'When the newest successful run of a pipeline ended, as Unix time; absent until there is one.',
  type: 'gauge',
  unit: 'timestamp',
  labels: [...pipelineLabels, 'branch'],
  combination: 'max',
  cloudWatch: shapePipelineMetric<'branch'>({
    name: 'SecondsSinceLastSuccess',
    statistic: 'Minimum',
    conversion: 'age',
  }),
};

export const runLastResult: MetricDefinition<'gauge', PipelineLabel | 'branch'> = {
  name: 'ci_run_last_result',
  help: '1 when the newest run of a pipeline with a verdict succeeded, 0 when it did not; the newest was created last.',
  type: 'gauge',
  unit: 'count',
  labels: [...pipelineLabels, 'branch'],
  combination: 'min',
  cloudWatch: shapePipelineMetric<'branch'>({ name: 'LastRunSucceeded', unit: 'Count', statistic: 'Minimum' }),
};

export const runsStuck: MetricDefinition<'gauge', PipelineLabel> = {
  name: 'ci_runs_stuck',
  help: 'Runs that have been open far longer than the pipeline usually takes.',
  type: 'gauge',
  unit: 'count',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: shapePipelineMetric({ name: 'StuckRuns', unit: 'Count', statistic: 'Maximum' }),
};

export const systemErrors: MetricDefinition<'counter', SourceLabel | 'component' | 'error'> = {
  name: 'ci_system_errors_total',
  help: 'Faults of the CI system or of its data, not of a build: lost agents and runs, unknown states, skewed clocks.',
  type: 'counter',
  unit: 'count',
  labels: [...sourceLabels, 'component', 'error'],
  combination: 'sum',
  cloudWatch: {
    namespace: 'neutral',
    name: 'SystemErrors',
    unit: 'Count',
    dimensionSets: [[...sourceLabels, 'error'], sourceLabels],
    statistic: 'Sum',
  },
};

export const runMetrics = [
  jobBusySeconds,
  jobDuration,
  jobWait,
  jobsFinished,
  queueOldestWait,
  queuePaused,
  queuePausedSince,
  queueRecentJobs,
  queueWaitQuantile,
  runActiveDuration,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runWait,
  runsActive,
  runsFinished,
  runsStuck,
  systemErrors,
] as const satisfies readonly MetricDefinition[];
