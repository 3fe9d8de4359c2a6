/** The part of the dashboard with metrics that were read from other systems. */
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { formatDimensionName } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import { groupBy } from '../group-by.ts';
import type { Prepared } from '../prepared.ts';
import { type PublishedMetric, findPublishedMetrics } from '../metrics/published-metrics.ts';
import { buildSearchExpression } from './search-expression.ts';
import { chooseScheduleRate } from '../settings.ts';
import { type Graph, buildSection } from './widgets.ts';

/** A graph for each metric that was chosen from the pages of other systems; nothing without one. */
export function buildRelayedRows(prepared: Prepared): cloudwatch.IWidget[][] {
  const [sink] = prepared.cloudWatchSinks;
  if (sink === undefined) return [];
  const period = chooseScheduleRate(prepared.config);
  // Two sources may measure the same metric; a search finds both.
  const byName = groupBy(
    findPublishedMetrics(prepared, sink).filter(({ definition }) => definition.reduced === true),
    ({ name }) => name,
  );
  return buildSection(
    'What do other systems say of themselves?',
    'Metrics from the pages that the collector reads, under their own names: levels as they are, counters by what they have added in a run. What they mean stands in the documentation of the system.',
    [...byName].map(([name, published]) => buildGraph(name, published, sink, period)),
  );
}

function buildGraph(
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
    metrics: [...bySchema.values()].map((one) =>
      buildSearchExpression(one, sink, period, { namedBy: one.labels.map(formatDimensionName) }),
    ),
  };
}
