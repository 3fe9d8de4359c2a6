/** What the text of an alarm sends its reader to: a graph of the dashboard, or the metric where there can be no graph. */
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import type { Prepared } from '../prepared.ts';
import { findStoredName } from '../metrics/promql-selector.ts';

export function describeGraph(
  { config, cloudWatchSinks, otlpSinks }: Prepared,
  graph: string,
  metric: MetricDefinition,
): string {
  const [sink] = otlpSinks;
  if (cloudWatchSinks.length > 0 || sink === undefined) return `The dashboard's graph "${graph}"`;
  return `The metric ${findStoredName({ sink, config }, metric)}, by PromQL,`;
}
