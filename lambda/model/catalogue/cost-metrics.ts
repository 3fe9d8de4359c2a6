/** The metrics of money: what jobs cost, and what workers cost that are busy or idle. */
import type { MetricDefinition } from '../metric.ts';
import { defineMetric } from './define-metric.ts';
import { pipelineLabels, queueLabels, sourceLabels } from './identity-labels.ts';

/** Workers that are paid for; a paused one is idle to whoever pays. */
const paidStates = ['busy', 'idle'] as const;

const queueSets = [
  [...queueLabels, 'currency'],
  [...sourceLabels, 'currency'],
] as const;

export const jobCost = defineMetric({
  name: 'ci_job_cost_total',
  help: 'Cost of finished jobs by queue: their busy time by the price of the queue as it was when they were counted.',
  type: 'counter',
  unit: 'currency',
  labels: [...queueLabels, 'currency'],
  combination: 'sum',
  cloudWatch: { name: 'JobCost', dimensionSets: queueSets, statistic: 'Sum' },
});

export const pipelineCost = defineMetric({
  name: 'ci_pipeline_cost_total',
  help: 'The same cost of finished jobs, by the pipeline whose jobs they are; do not add it to that by queue.',
  type: 'counter',
  unit: 'currency',
  labels: [...pipelineLabels, 'currency'],
  combination: 'sum',
  cloudWatch: { name: 'PipelineCost', dimensionSets: [[...pipelineLabels, 'currency']], statistic: 'Sum' },
});

export const workerCost = defineMetric({
  name: 'ci_worker_cost_total',
  help: 'Cost of workers that are paid by the hour, busy or idle; absent for a queue without such a price.',
  type: 'counter',
  unit: 'currency',
  labels: [...queueLabels, 'state', 'currency'],
  enumerated: { state: paidStates },
  combination: 'sum',
  cloudWatch: {
    name: { label: 'state', names: { busy: 'BusyWorkerCost', idle: 'IdleWorkerCost' } },
    dimensionSets: queueSets,
    statistic: 'Sum',
  },
});

export const costMetrics = [jobCost, pipelineCost, workerCost] as const satisfies readonly MetricDefinition[];
