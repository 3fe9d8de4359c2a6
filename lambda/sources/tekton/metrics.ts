/** The metrics of the source tekton, and which of them a configuration fills. */
import type { Absence } from '../../model/catalogue/absence.ts';
import { queueJobs, queueOldestWait } from '../../model/catalogue/queue-metrics.ts';
import { queueLabels, sourceLabels } from '../../model/catalogue/identity-labels.ts';
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import type { CloudWatchShape, MetricDefinition } from '../../model/metric.ts';
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
import { results } from '../../model/catalogue/results.ts';
import type { TektonConfig } from './config.ts';
import { anonymous } from './naming.ts';
import { failureReasons, pipelineRunPhases, taskRunPhases } from './cluster/reasons.ts';

const scopeLabels = [...sourceLabels, 'scope'] as const;

/** In CloudWatch for the whole cluster only: `ci_queue_jobs` has the queues, and each state of each costs. */
const clusterSet = [sourceLabels] as const;
const scopeSets = [scopeLabels, sourceLabels] as const;

function buildStateNames(states: readonly string[], object: string): CloudWatchShape<'state'>['name'] {
  const names: Record<string, string> = {};
  for (const state of states) names[state] = `Tekton${state.charAt(0).toUpperCase()}${state.slice(1)}${object}`;
  return { label: 'state', names };
}

export const pipelineRuns = defineMetric({
  name: 'ci_tekton_pipelineruns',
  help: 'Unfinished PipelineRuns by what they do; unseen ones have no status from the controller yet, pending ones are held back.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'state'],
  enumerated: { state: pipelineRunPhases },
  combination: 'sum',
  cloudWatch: {
    name: buildStateNames(pipelineRunPhases, 'PipelineRuns'),
    dimensionSets: clusterSet,
    statistic: 'Maximum',
  },
});

export const taskRuns = defineMetric({
  name: 'ci_tekton_taskruns',
  help: 'Unfinished TaskRuns by what they do; quota, node, pod and image tell what their pod waits for.',
  type: 'gauge',
  unit: 'count',
  labels: [...queueLabels, 'state'],
  enumerated: { state: taskRunPhases },
  combination: 'sum',
  cloudWatch: {
    name: buildStateNames(taskRunPhases, 'TaskRuns'),
    dimensionSets: clusterSet,
    statistic: 'Maximum',
  },
});

export const unseenRuns = defineMetric({
  name: 'ci_tekton_unseen_runs',
  help: 'PipelineRuns and TaskRuns that the controller has not touched in two minutes: it is down, or they belong to another one.',
  type: 'gauge',
  unit: 'count',
  labels: scopeLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'TektonUnseenRuns',
    dimensionSets: scopeSets,
    statistic: 'Maximum',
  },
});

export const retainedObjects = defineMetric({
  name: 'ci_tekton_retained_objects',
  help: 'Runs that the API server holds, finished ones included; what a collection costs grows with them.',
  type: 'gauge',
  unit: 'count',
  labels: [...sourceLabels, 'object'],
  enumerated: { object: ['pipelineruns', 'taskruns'] },
  combination: 'sum',
  cloudWatch: {
    name: {
      label: 'object',
      names: { pipelineruns: 'TektonRetainedPipelineRuns', taskruns: 'TektonRetainedTaskRuns' },
    },
    dimensionSets: clusterSet,
    statistic: 'Maximum',
  },
});

export const podStart = defineMetric({
  name: 'ci_tekton_pod_start_seconds',
  help: 'Time from the start of a TaskRun to its first step: scheduling, images and preparation of its pod.',
  type: 'distribution',
  unit: 'seconds',
  labels: queueLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'TektonPodStart',
    dimensionSets: clusterSet,
    statistic: 'p95',
  },
});

export const failures = defineMetric({
  name: 'ci_tekton_failures_total',
  help: 'Runs that ended without success, by the reason that Tekton gives; a reason that is not known here is other.',
  type: 'counter',
  unit: 'count',
  labels: [...scopeLabels, 'object', 'reason'],
  enumerated: { object: ['pipelineruns', 'taskruns'], reason: failureReasons },
  combination: 'sum',
  cloudWatch: {
    name: 'TektonFailures',
    dimensionSets: [[...sourceLabels, 'object', 'reason']],
    statistic: 'Sum',
  },
});

const taskLabels = [...scopeLabels, 'pipeline', 'task'] as const;

export const tasksFinished = defineMetric({
  name: 'ci_tekton_tasks_total',
  help: 'Finished TaskRuns of the tasks that the operator listed, by result.',
  type: 'counter',
  unit: 'count',
  labels: [...taskLabels, 'result'],
  enumerated: { result: results },
  combination: 'sum',
  cloudWatch: {
    name: 'TektonTasks',
    dimensionSets: [[...scopeLabels, 'task', 'result']],
    statistic: 'Sum',
  },
});

export const taskDuration = defineMetric({
  name: 'ci_tekton_task_duration_seconds',
  help: 'Time from the start of a TaskRun to its end, for the tasks that the operator listed.',
  type: 'distribution',
  unit: 'seconds',
  labels: taskLabels,
  combination: 'sum',
  cloudWatch: {
    name: 'TektonTaskDuration',
    dimensionSets: [[...scopeLabels, 'task']],
    statistic: 'p95',
  },
});

export const stepFailures = defineMetric({
  name: 'ci_tekton_step_failures_total',
  help: 'Steps that ended with another exit code than 0, for the steps that the operator listed.',
  type: 'counter',
  unit: 'count',
  labels: [...scopeLabels, 'task', 'step'],
  combination: 'sum',
  cloudWatch: {
    name: 'TektonStepFailures',
    dimensionSets: [[...scopeLabels, 'task', 'step']],
    statistic: 'Sum',
  },
});

const ofPipelineRuns: readonly MetricDefinition[] = [
  pipelineRuns,
  queueJobs,
  queueOldestWait,
  retainedObjects,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsActive,
  runsFinished,
  runsStuck,
  runWait,
  systemErrors,
  unseenRuns,
];

const ofTaskRuns: readonly MetricDefinition[] = [jobBusySeconds, jobDuration, jobsFinished, taskRuns];
const ofFetchedTaskRuns: readonly MetricDefinition[] = [jobWait, podStart];

export const tektonMetrics: readonly MetricDefinition[] = [
  ...ofPipelineRuns,
  ...ofTaskRuns,
  ...ofFetchedTaskRuns,
  failures,
  stepFailures,
  taskDuration,
  tasksFinished,
];

export function selectMetrics(config: TektonConfig): readonly MetricDefinition[] {
  const hasTaskRuns = config.taskRuns === 'read';
  return [
    ...ofPipelineRuns,
    ...(hasTaskRuns ? ofTaskRuns : []),
    ...(hasTaskRuns && config.details === 'read' ? ofFetchedTaskRuns : []),
    ...(config.failureReasons === 'publish' ? [failures] : []),
    ...(config.tasks === undefined ? [] : [taskDuration, tasksFinished]),
    ...(config.steps === undefined ? [] : [stepFailures]),
  ];
}

/** The controller names a run in the moment in which it starts it, so that few have no name when they end. */
const unnamed = { label: 'pipeline', are: [anonymous] } as const;
const ofFinishedRuns = [runDuration, runLastFinished, runLastResult, runLastSuccess, runsFinished, runWait] as const;

const noTaskRuns: Absence = { metric: retainedObjects, values: { label: 'object', are: ['taskruns'] }, when: 'always' };

/** What Tekton has no word for, and what a cluster in good health does not tell. */
export function describeAbsences(config: TektonConfig): readonly Absence[] {
  const states = config.taskRuns === 'read' ? ['reserved', 'limited'] : ['reserved', 'limited', 'running'];
  return [
    { metric: queueJobs, values: { label: 'state', are: states }, when: 'always' },
    { metric: runsActive, values: { label: 'state', are: ['waiting'] }, when: 'always' },
    ...(config.taskRuns === 'read' ? [] : [noTaskRuns]),
    ...ofFinishedRuns.map((metric): Absence => ({ metric, values: unnamed, when: 'usually' })),
    { metric: systemErrors, when: 'usually' },
  ];
}
