import { metricNames } from '../lambda/model/cloud-watch-shape.ts';
import { collectorMetrics, countingMetrics, tokenExpiry } from '../lambda/model/catalogue.ts';
import { greatest } from '../lambda/model/extremes.ts';
import type { MetricDefinition } from '../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import { monthlyMetricCost } from '../lambda/sinks/cloudwatch/price.ts';
import type { PreparedSource } from '../lambda/sources/source.ts';
import type { Prepared } from './prepared.ts';
import { type PublishedMetric, publishedMetrics } from './published.ts';

export interface MetricCount {
  readonly perQueue: number;
  readonly perPipeline: number;
  /** Totals of sources and vendors, and what the collector says about itself. */
  readonly others: number;
}

/** The custom metrics of CloudWatch that this configuration makes, of which almost the whole bill is. */
export function countMetrics(prepared: Prepared): MetricCount {
  const perSink = prepared.cloudWatchSinks.map((sink) => countOf(prepared, sink));
  const own = collectorMetrics.map((definition) => countOwn(definition, prepared));
  return {
    perQueue: sum(perSink.map(({ perQueue }) => perQueue)),
    perPipeline: sum(perSink.map(({ perPipeline }) => perPipeline)),
    others: sum(perSink.map(({ others }) => others)) + sum(own),
  };
}

/** Sources publish different metrics; a queue or pipeline is counted as one of the source that publishes most. */
function countOf(prepared: Prepared, sink: CloudWatchConfig): MetricCount {
  const perSource = prepared.sources.map((source) => {
    const published = publishedMetrics({ ...prepared, sources: [source] }, sink);
    const of = (label: string): readonly PublishedMetric[] => published.filter(({ labels }) => labels.includes(label));
    const namesOf = (metrics: readonly PublishedMetric[]): number =>
      new Set(metrics.map(({ namespace, name }) => `${namespace} ${name}`)).size;
    return {
      perQueue: namesOf(of('queue')),
      perPipeline: namesOf(of('pipeline')),
      others: published.length - of('queue').length - of('pipeline').length,
    };
  });
  return {
    perQueue: greatest(perSource.map(({ perQueue }) => perQueue)) ?? 0,
    perPipeline: greatest(perSource.map(({ perPipeline }) => perPipeline)) ?? 0,
    others: sum(perSource.map(({ others }) => others)),
  };
}

function countOwn(definition: MetricDefinition, { sources, sinks }: Prepared): number {
  const { cloudWatch } = definition;
  const telling = sources.filter((source) => tells(source, definition));
  const perSet = cloudWatch.dimensionSets.map((set) => {
    if (set.includes('source')) return telling.length;
    if (set.includes('sink')) return telling.length > 0 ? sinks.length : 0;
    return set.includes('component') ? sources.length + sinks.length : 1;
  });
  return sum(perSet) * metricNames(cloudWatch).length;
}

/** Whether it has to do with this source: only a source that counts has a state. */
function tells({ needsState, metrics }: PreparedSource, definition: MetricDefinition): boolean {
  if (definition === tokenExpiry) return metrics.includes(definition);
  return needsState || !countingMetrics.includes(definition);
}

const examples = [5, 50, 500] as const;

/** What CloudWatch costs a month by the number of queues, up to the most that is allowed, as one line for the terminal. */
export function costLine(prepared: Prepared): string {
  const { perQueue, perPipeline, others } = countMetrics(prepared);
  const { queuesPerMetric, seriesPerMetric } = prepared.config;
  const usdOf = (metrics: number): string => `about $${monthlyMetricCost(metrics).toFixed(0)}`;
  const prices = [
    ...examples
      .filter((queues) => queues < queuesPerMetric)
      .map((queues) => `${String(queues)} queues ${usdOf(queues * perQueue + others)}`),
    // Beyond it they have one series in common.
    `${grouped(queuesPerMetric)} (queuesPerMetric) ${usdOf(queuesPerMetric * perQueue + others)}`,
    ...(perPipeline === 0
      ? []
      : [`${grouped(seriesPerMetric)} pipelines (seriesPerMetric) ${usdOf(seriesPerMetric * perPipeline)} more`]),
  ];
  const pipelines = perPipeline === 0 ? '' : `, ${String(perPipeline)} a pipeline`;
  const each = perPipeline === 0 ? '' : `, each pipeline about $${monthlyMetricCost(perPipeline).toFixed(2)} more`;
  return `CloudWatch metrics: at most ${String(perQueue)} a queue${pipelines} and ${String(others)} others; a month at list price: ${prices.join(', ')}${each}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
