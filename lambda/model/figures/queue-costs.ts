/** Adds up what each queue of a batch has cost since counting began, as a person reads it. */
import type { Batch } from '../batch.ts';
import { jobCost, workerCost } from '../catalogue/cost-metrics.ts';
import type { CounterSample, Labels, MetricDefinition } from '../metric.ts';

/** In one currency. */
export interface QueueCost {
  readonly currency: string;
  /** For its workers where these are paid by the hour, for its jobs elsewhere. */
  readonly paid: number;
  /** What of it was for workers without a job; absent where these cost nothing. */
  readonly idle?: number;
}

/** By the key of the queue; one that has prices in two currencies has the one that comes last in the alphabet. */
export function mapQueueCosts(batch: Batch, formatKey: (labels: Labels) => string): ReadonlyMap<string, QueueCost> {
  const costs = new Map<string, QueueCost>();
  const byCurrency = (samples: readonly CounterSample[]): readonly CounterSample[] =>
    samples.toSorted((a, b) => ((a.labels['currency'] ?? '') < (b.labels['currency'] ?? '') ? -1 : 1));
  for (const { labels, total } of byCurrency(findSamples(batch, jobCost)))
    costs.set(formatKey(labels), { currency: labels['currency'] ?? '', paid: total?.value ?? 0 });
  const ofWorkers = Map.groupBy(byCurrency(findSamples(batch, workerCost)), ({ labels }) => formatKey(labels));
  for (const [key, samples] of ofWorkers) costs.set(key, addUp(samples));
  return costs;
}

function findSamples({ sources }: Batch, metric: MetricDefinition): readonly CounterSample[] {
  return sources
    .flatMap(({ families }) => families)
    .flatMap((family) => (family.type === 'counter' && family.definition.name === metric.name ? family.samples : []));
}

function addUp(samples: readonly CounterSample[]): QueueCost {
  const currency = samples.at(-1)?.labels['currency'] ?? '';
  const own = samples.filter(({ labels }) => labels['currency'] === currency);
  const sum = (of: readonly CounterSample[]): number => of.reduce((added, { total }) => added + (total?.value ?? 0), 0);
  return { currency, paid: sum(own), idle: sum(own.filter(({ labels }) => labels['state'] === 'idle')) };
}
