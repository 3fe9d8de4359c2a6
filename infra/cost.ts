import { metricNames } from '../lambda/model/cloud-watch-shape.ts';
import { collectorMetrics } from '../lambda/model/catalogue.ts';
import type { MetricDefinition } from '../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import { monthlyMetricCost } from '../lambda/sinks/cloudwatch/price.ts';
import type { Prepared } from './prepared.ts';
import { publishedMetrics } from './published.ts';

export interface MetricCount {
  readonly perQueue: number;
  /** Totals of sources and vendors, and what the collector says about itself. */
  readonly others: number;
}

/** The custom metrics of CloudWatch that this configuration makes, of which almost the whole bill is. */
export function countMetrics(prepared: Prepared): MetricCount {
  const perSink = prepared.cloudWatchSinks.map((sink) => countOf(prepared, sink));
  const own = collectorMetrics.map((definition) => countOwn(definition, prepared));
  return {
    perQueue: sum(perSink.map(({ perQueue }) => perQueue)),
    others: sum(perSink.map(({ others }) => others)) + sum(own),
  };
}

/** Sources publish different metrics; a queue is counted as one of the source that publishes most. */
function countOf(prepared: Prepared, sink: CloudWatchConfig): MetricCount {
  const perSource = prepared.sources.map((source) => {
    const published = publishedMetrics({ ...prepared, sources: [source] }, sink);
    const ofQueues = published.filter(({ labels }) => labels.includes('queue'));
    return {
      perQueue: new Set(ofQueues.map(({ namespace, name }) => `${namespace} ${name}`)).size,
      others: published.length - ofQueues.length,
    };
  });
  return {
    perQueue: Math.max(0, ...perSource.map(({ perQueue }) => perQueue)),
    others: sum(perSource.map(({ others }) => others)),
  };
}

function countOwn({ cloudWatch }: MetricDefinition, { sources, sinks }: Prepared): number {
  const perSet = cloudWatch.dimensionSets.map((set) => {
    if (set.includes('source')) return sources.length;
    if (set.includes('sink')) return sinks.length;
    return set.includes('component') ? sources.length + sinks.length : 1;
  });
  return sum(perSet) * metricNames(cloudWatch).length;
}

const examples = [5, 50, 500] as const;

/** What CloudWatch costs a month by the number of queues, as one line for the terminal. */
export function costLine(prepared: Prepared): string {
  const { perQueue, others } = countMetrics(prepared);
  const prices = examples.map((queues) => {
    const usd = monthlyMetricCost(queues * perQueue + others);
    return `${String(queues)} queues about $${usd.toFixed(0)}`;
  });
  return `CloudWatch metrics: at most ${String(perQueue)} a queue and ${String(others)} others; a month at list price: ${prices.join(', ')}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
