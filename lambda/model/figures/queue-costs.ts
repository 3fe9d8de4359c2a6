/** Adds up what each queue of a batch has cost since counting began, as a person reads it. */
import type { Batch } from '../batch.ts';
import { jobCost, workerCost } from '../catalogue/cost-metrics.ts';
import { compareText } from '../families/order.ts';
import type { CounterSample, Labels, MetricDefinition } from '../metric.ts';

/** In one currency. */
export interface QueueCost {
  readonly currency: string;
  /** For its workers where these are paid by the hour, for its jobs elsewhere. */
  readonly paid: number;
  /** What of it was for workers without a job; absent where these cost nothing. */
  readonly idle?: number;
}

/** By the key of the queue; one that has had prices in two currencies is told in the one that it has now. */
export function mapQueueCosts(batch: Batch, formatKey: (labels: Labels) => string): ReadonlyMap<string, QueueCost> {
  const group = (metric: MetricDefinition): ReadonlyMap<string, readonly CounterSample[]> =>
    Map.groupBy(findSamples(batch, metric), ({ labels }) => formatKey(labels));
  const [ofJobs, ofWorkers] = [group(jobCost), group(workerCost)];
  const keys = new Set([...ofJobs.keys(), ...ofWorkers.keys()]);
  return new Map([...keys].map((key) => [key, addUp(ofJobs.get(key) ?? [], ofWorkers.get(key) ?? [])]));
}

function findSamples({ sources }: Batch, metric: MetricDefinition): readonly CounterSample[] {
  return sources
    .flatMap(({ families }) => families)
    .flatMap((family) => (family.type === 'counter' && family.definition.name === metric.name ? family.samples : []));
}

function addUp(ofJobs: readonly CounterSample[], ofWorkers: readonly CounterSample[]): QueueCost {
  const currency = findCurrency([...ofJobs, ...ofWorkers]);
  const sum = (samples: readonly CounterSample[], state?: string): number =>
    samples
      .filter(({ labels }) => labels['currency'] === currency && (state === undefined || labels['state'] === state))
      .reduce((added, { total }) => added + (total?.value ?? 0), 0);
  const [byJobs, byWorkers] = [sum(ofJobs), sum(ofWorkers)];
  // Workers that have cost nothing yet must not hide what the jobs have.
  const hasWorkers = ofWorkers.some(({ labels }) => labels['currency'] === currency);
  if (!hasWorkers || (byWorkers === 0 && byJobs > 0)) return { currency, paid: byJobs };
  return { currency, paid: byWorkers, idle: sum(ofWorkers, 'idle') };
}

/** That of the series which grows, or else of the one that began last: that of a former price stays for weeks. */
function findCurrency(samples: readonly CounterSample[]): string {
  const [live] = samples.toSorted(
    (a, b) =>
      Number(b.increase > 0) - Number(a.increase > 0) ||
      (b.total?.startMs ?? 0) - (a.total?.startMs ?? 0) ||
      compareText(a.labels['currency'] ?? '', b.labels['currency'] ?? ''),
  );
  return live?.labels['currency'] ?? '';
}
