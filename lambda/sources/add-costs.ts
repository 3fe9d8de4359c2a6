/** Adds to what a source publishes the costs of its jobs and workers, where some of its queues may have a price. */
import { workers } from '../model/catalogue/queue-metrics.ts';
import { jobCost, pipelineCost, workerCost } from '../model/catalogue/cost-metrics.ts';
import { jobBusySeconds } from '../model/catalogue/job-metrics.ts';
import type { MetricDefinition } from '../model/metric.ts';
import { matchAny } from '../settings/glob.ts';
import type { Prices } from '../settings/prices.ts';
import type { PreparedSource } from './source.ts';

/** The ledger counts them beside what the source itself tells it; worker hours need its memory even for levels alone. */
export function addCosts(prepared: PreparedSource, prices: Prices | undefined): PreparedSource {
  const own = (prices?.queues ?? []).filter(({ source }) => matchAny([source])(prepared.name));
  const costs = listCosts(
    prepared.metrics,
    own.map(({ per }) => per),
  );
  if (costs.length === 0) return prepared;
  return {
    ...prepared,
    metrics: [...prepared.metrics, ...costs],
    needsState: prepared.needsState || costs.includes(workerCost),
  };
}

/** What a source with these metrics publishes of costs, where its queues are paid so. */
function listCosts(
  metrics: readonly MetricDefinition[],
  per: readonly Prices['queues'][number]['per'][],
): readonly MetricDefinition[] {
  if (per.length === 0) return [];
  return [
    ...(metrics.includes(jobBusySeconds) ? [jobCost, pipelineCost] : []),
    ...(metrics.includes(workers) && per.includes('worker-hour') ? [workerCost] : []),
  ];
}

/** Everything that a kind of source may ever emit, where its queues may have any price. */
export function listWithCosts(metrics: readonly MetricDefinition[]): readonly MetricDefinition[] {
  return [...metrics, ...listCosts(metrics, ['worker-hour'])];
}
