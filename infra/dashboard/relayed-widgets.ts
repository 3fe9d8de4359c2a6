import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { dimensionName } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from '../prepared.ts';
import { type PublishedMetric, publishedMetrics } from '../metrics/published-metrics.ts';
import { searchFor } from './search-expression.ts';
import { scheduleRate } from '../settings.ts';
import { type Graph, section } from './widgets.ts';

/** A graph for each metric that was chosen from the pages of other systems; nothing without one. */
export function relayedRows(prepared: Prepared): cloudwatch.IWidget[][] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return [];
  const period = scheduleRate(prepared.config);
  // Two sources may measure the same metric; a search finds both.
  const byName = Map.groupBy(
    publishedMetrics(prepared, sink).filter(({ definition }) => definition.reduced === true),
    ({ name }) => name,
  );
  return section(
    'What do other systems say of themselves?',
    'Metrics from the pages that the collector reads, under their own names: levels as they are, counters by what they have added in a run. What they mean stands in the documentation of the system.',
    [...byName].map(([name, published]) => graphOf(name, published, sink, period)),
  );
}

function graphOf(
  title: string,
  published: readonly PublishedMetric[],
  sink: CloudWatchConfig,
  period: Duration,
): Graph {
  const bySchema = new Map(published.map((one) => [one.dimensions.join(), one]));
  const [first] = published;
  return {
    title,
    period,
    ...(first?.definition.unit === 'seconds' ? { unit: 'seconds' } : {}),
    metrics: [...bySchema.values()].map((one) => searchFor(one, sink, period, { told: one.labels.map(dimensionName) })),
  };
}
