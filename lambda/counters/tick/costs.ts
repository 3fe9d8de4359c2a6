/** Counts money beside time during one tick: of the jobs that finish, and of the workers that are there. */
import { workers } from '../../model/catalogue/queue-metrics.ts';
import { jobCost, pipelineCost, workerCost } from '../../model/catalogue/cost-metrics.ts';
import { jobBusySeconds } from '../../model/catalogue/job-metrics.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../model/metric.ts';
import type { Count } from '../finish.ts';
import type { Ledger } from '../ledger.ts';
import { computeCost, type FindPrice, type Price } from '../prices.ts';
import type { TickTotals } from './totals.ts';

/** The costs of one source during one tick. */
export interface TickCosts {
  /** Beside the busy time of a job that counts. */
  readonly countJob: (count: Count) => void;
  /** Makes the cost of a queue exist at 0 where its busy time does. */
  readonly declareQueue: (metric: MetricDefinition, labels: Labels) => void;
  /** By the guarded ledger, because nothing has cleaned these labels yet: what the workers of these families cost in so many seconds. */
  readonly countWorkers: (ledger: Pick<Ledger, 'count'>, families: readonly MetricFamily[], seconds: number) => void;
  /** Queues that have jobs or workers and no price, as `<scope>/<queue>`. */
  readonly unpriced: () => readonly string[];
}

const noCosts: TickCosts = {
  countJob: () => undefined,
  declareQueue: () => undefined,
  countWorkers: () => undefined,
  unpriced: () => [],
};

/** What a worker is to whoever pays for it; one that is offline may be gone, and costs nothing here. */
const paidAs: Readonly<Record<string, 'busy' | 'idle'>> = { busy: 'busy', idle: 'idle', paused: 'idle' };

export function openCosts(findPrice: FindPrice | undefined, series: Pick<TickTotals, 'count' | 'declare'>): TickCosts {
  if (findPrice === undefined) return noCosts;
  const unpriced = new Set<string>();
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
    countWorkers: (ledger, families, seconds) => {
      const samples = families.flatMap((family) =>
        family.type === 'gauge' && family.definition.name === workers.name ? family.samples : [],
      );
      for (const { labels, value } of samples) {
        const state = paidAs[labels['state'] ?? ''];
        // Where there is no worker there is nothing to pay, and no price to ask for.
        const price = state === undefined || value === 0 ? findPrice(labels) : lookUp(labels);
        if (state === undefined || price?.per !== 'worker-hour') continue;
        const cost = computeCost(value * seconds, price);
        ledger.count(workerCost, { ...labels, state, currency: price.currency }, cost);
      }
    },
    unpriced: () => [...unpriced].sort(),
  };
}

function pickSource({ system = '', source = '' }: Labels): Labels<'system' | 'source'> {
  return { system, source };
}
