/** Counts money beside time during one tick: of the jobs that finish, and of the workers that are there. */
import { workers } from '../../model/catalogue/queue-metrics.ts';
import { jobCost, pipelineCost, workerCost } from '../../model/catalogue/cost-metrics.ts';
import type { SourceLabel } from '../../model/catalogue/identity-labels.ts';
import { jobBusySeconds } from '../../model/catalogue/job-metrics.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../model/metric.ts';
import type { Count } from '../finish.ts';
import type { Ledger } from '../ledger.ts';
import { computeCost, type FindPrice, type Price } from '../prices.ts';
import { openPaidTime, type PaidRun } from './paid-time.ts';
import type { TickTotals } from './totals.ts';

/** The costs of one source during one tick. */
export interface TickCosts {
  /** Beside the busy time of a job that counts. */
  readonly countJob: (count: Count) => void;
  /** Makes the cost of a queue exist at 0 where its busy time does. */
  readonly declareQueue: (metric: MetricDefinition, labels: Labels) => void;
  /**
   * What the workers of these families cost since they were read last; by the guarded ledger, because nothing has cleaned
   * these labels yet. Returns the longest time that was cut off and costs nothing. Seconds.
   */
  readonly countWorkers: (ledger: WorkerLedger, families: readonly MetricFamily[], run: PaidRun) => number;
  /** Whether there were workers that are paid by the hour: a source that tells nothing else has read something. */
  readonly hasCountedWorkers: () => boolean;
  /** Queues that have jobs or workers and no price, as `<scope>/<queue>`. */
  readonly unpriced: () => readonly string[];
}

export type WorkerLedger = Pick<Ledger, 'count' | 'recall' | 'remember'>;

const noCosts: TickCosts = {
  countJob: () => undefined,
  declareQueue: () => undefined,
  countWorkers: () => 0,
  hasCountedWorkers: () => false,
  unpriced: () => [],
};

/** What a worker is to whoever pays for it; one that is offline may be gone, and costs nothing here. */
const paidAs: Readonly<Record<string, 'busy' | 'idle'>> = { busy: 'busy', idle: 'idle', paused: 'idle' };

export function openCosts(findPrice: FindPrice | undefined, series: Pick<TickTotals, 'count' | 'declare'>): TickCosts {
  if (findPrice === undefined) return noCosts;
  const unpriced = new Set<string>();
  let hasCounted = false;
  const lookUp = (labels: Labels): Price | undefined => {
    const price = findPrice(labels);
    if (price === undefined) unpriced.add(`${labels['scope'] ?? ''}/${labels['queue'] ?? ''}`);
    return price;
  };
  return {
    declareQueue: (metric, labels) => {
      const price = metric === jobBusySeconds ? findPrice(labels) : undefined;
      if (price !== undefined) series.declare(jobCost, { ...labels, currency: price.currency });
    },
    countJob: ({ metric, labels, increase, ownedBy }) => {
      const price = metric === jobBusySeconds ? lookUp(labels) : undefined;
      if (price === undefined) return;
      const { currency } = price;
      const cost = computeCost(increase, price);
      series.count(jobCost, { ...labels, currency }, cost);
      if (ownedBy === undefined) return;
      series.count(pipelineCost, { ...pickSource(labels), ...ownedBy, currency }, cost);
    },
    countWorkers: (ledger, families, run) => {
      const paidTime = openPaidTime(ledger, run);
      for (const { labels, state, value } of collectPaid(families)) {
        // Where there is no worker there is nothing to pay, and no price to ask for.
        const price = value === 0 ? findPrice(labels) : lookUp(labels);
        if (price?.per !== 'worker-hour') continue;
        hasCounted = true;
        const cost = computeCost(value * paidTime.measure(labels), price);
        ledger.count(workerCost, { ...labels, state, currency: price.currency }, cost);
      }
      return paidTime.close();
    },
    hasCountedWorkers: () => hasCounted,
    unpriced: () => [...unpriced].sort(),
  };
}

interface PaidWorkers {
  readonly labels: Labels;
  readonly state: 'busy' | 'idle';
  readonly value: number;
}

/**
 * The workers that are paid for. Where a source does not tell how many of a queue are idle, it knows those that are
 * paused alone: their cost is left out, for it would stand for that of the whole queue.
 */
function collectPaid(families: readonly MetricFamily[]): readonly PaidWorkers[] {
  const samples = families.flatMap((family) =>
    family.type === 'gauge' && family.definition.name === workers.name ? family.samples : [],
  );
  const told = new Set(
    samples.filter(({ labels }) => labels['state'] === 'idle').map(({ labels }) => formatQueue(labels)),
  );
  return samples.flatMap(({ labels, value }) => {
    const state = paidAs[labels['state'] ?? ''];
    if (state === undefined || (labels['state'] === 'paused' && !told.has(formatQueue(labels)))) return [];
    return [{ labels, state, value }];
  });
}

function formatQueue({ scope, queue }: Labels): string {
  return JSON.stringify([scope, queue]);
}

function pickSource({ system = '', source = '' }: Labels): Labels<SourceLabel> {
  return { system, source };
}
