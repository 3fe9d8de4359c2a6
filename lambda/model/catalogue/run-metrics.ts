/** The metrics of runs: what is open, how long runs wait and take, how they end, and what the CI system itself got wrong. */
import type { MetricDefinition } from '../metric.ts';
import { defineMetric } from './define-metric.ts';
import { pipelineLabels, pipelineSets, sourceLabels } from './identity-labels.ts';
import { results } from './results.ts';

const attempts = ['first', 'retry'] as const;
export const runStates = ['pending', 'executing', 'finalizing'] as const;
export type RunState = (typeof runStates)[number];
/** What a run is that a person has to let go on, where the CI system tells it apart from one that waits for a machine. */
const waitingState = 'waiting';

export const runsActive = defineMetric({
  name: 'ci_runs_active',
  help: 'Runs that have not ended, by pipeline and state; absent for a pipeline that was not looked at in this run.',
  type: 'gauge',
  unit: 'count',
  labels: [...pipelineLabels, 'state'],
  enumerated: { state: [...runStates, waitingState] },
  combination: 'sum',
  cloudWatch: { name: 'ActiveRuns', dimensionSets: pipelineSets, statistic: 'Maximum' },
});

export const runWait = defineMetric({
  name: 'ci_run_wait_seconds',
  help: 'Time from the creation of a run to its start, observed once a run when it has finished.',
  type: 'distribution',
  unit: 'seconds',
  measures: 'wait',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: { name: 'RunWaitTime', dimensionSets: pipelineSets, statistic: 'p95' },
});

export const runDuration = defineMetric({
  name: 'ci_run_duration_seconds',
  help: 'Time from the start of a run to its end, by result.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...pipelineLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: { name: 'RunDuration', dimensionSets: pipelineSets, statistic: 'p95' },
});

/**
 * A run that was approved after three days took three days, and machines worked on it for minutes. Only of sources where
 * people can hold a run: elsewhere it would be the same figure for twice the price.
 */
export const runActiveDuration = defineMetric({
  name: 'ci_run_active_duration_seconds',
  help: 'Time from the start of a run to its end without what it waited for people; absent where people hold no run.',
  type: 'distribution',
  unit: 'seconds',
  labels: [...pipelineLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: { name: 'RunActiveDuration', dimensionSets: pipelineSets, statistic: 'p95' },
});

export const runsFinished = defineMetric({
  name: 'ci_runs_total',
  help: 'Finished runs by pipeline, result, attempt and class of branch.',
  type: 'counter',
  unit: 'count',
  labels: [...pipelineLabels, 'result', 'attempt', 'branch'],
  enumerated: { result: results, attempt: attempts },
  combination: 'sum',
  cloudWatch: {
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
    dimensionSets: pipelineSets,
    statistic: 'Sum',
  },
});

export const runLastFinished = defineMetric({
  name: 'ci_run_last_finished_timestamp_seconds',
  help: 'When the newest run of a pipeline with a verdict ended, as Unix time; a cancelled or skipped run gives none.',
  type: 'gauge',
  unit: 'timestamp',
  labels: [...pipelineLabels, 'branch'],
  combination: 'max',
  cloudWatch: {
    name: 'SecondsSinceLastVerdict',
    dimensionSets: pipelineSets,
    statistic: 'Minimum',
    conversion: 'age',
  },
});

export const runLastSuccess = defineMetric({
  name: 'ci_run_last_success_timestamp_seconds',
  help: 'When the newest successful run of a pipeline ended, as Unix time; absent until there is one.',
  type: 'gauge',
  unit: 'timestamp',
  labels: [...pipelineLabels, 'branch'],
  combination: 'max',
  cloudWatch: {
    name: 'SecondsSinceLastSuccess',
    dimensionSets: pipelineSets,
    statistic: 'Minimum',
    conversion: 'age',
  },
});

export const runLastResult = defineMetric({
  name: 'ci_run_last_result',
  help: '1 when the newest run of a pipeline with a verdict succeeded, 0 when it did not; the newest was created last.',
  type: 'gauge',
  unit: 'count',
  labels: [...pipelineLabels, 'branch'],
  combination: 'min',
  cloudWatch: { name: 'LastRunSucceeded', dimensionSets: pipelineSets, statistic: 'Minimum' },
});

export const runsStuck = defineMetric({
  name: 'ci_runs_stuck',
  help: 'Runs that have been open far longer than the pipeline usually takes.',
  type: 'gauge',
  unit: 'count',
  labels: pipelineLabels,
  combination: 'sum',
  cloudWatch: { name: 'StuckRuns', dimensionSets: pipelineSets, statistic: 'Maximum' },
});

export const systemErrors = defineMetric({
  name: 'ci_system_errors_total',
  help: 'Faults of the CI system or of its data, not of a build: lost agents and runs, unknown states, skewed clocks.',
  type: 'counter',
  unit: 'count',
  labels: [...sourceLabels, 'component', 'error'],
  combination: 'sum',
  cloudWatch: {
    name: 'SystemErrors',
    dimensionSets: [[...sourceLabels, 'error'], sourceLabels],
    statistic: 'Sum',
  },
});

export const runMetrics = [
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
