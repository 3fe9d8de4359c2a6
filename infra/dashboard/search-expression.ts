/** Writes search expressions of CloudWatch: a line for each series that exists. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import { formatDimensionName } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { Labels } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { PublishedMetric } from '../metrics/published-metrics.ts';

export interface SearchOptions {
  /** Dimensions that name a line. */
  readonly namedBy: readonly string[];
  /** Labels that the series must have. */
  readonly only?: Labels;
}

/**
 * A line for each series that exists when the dashboard is looked at, named by the values of some dimensions (CloudWatch
 * user guide, "search expressions").
 */
export function buildSearchExpression(
  { definition, namespace, name, dimensions, own }: PublishedMetric,
  sink: CloudWatchConfig,
  period: Duration,
  { namedBy: told, only = {} }: SearchOptions,
): cloudwatch.SearchExpression {
  const schema = [namespace, ...dimensions].map(quoteTerm).join(',');
  const values = Object.entries(only).map(([label, value]): [string, string] => [formatDimensionName(label), value]);
  const filters = [...Object.entries(own), ...values]
    .map(([dimension, value]) => ` ${dimension}=${JSON.stringify(value)}`)
    .join('');
  const { statistic } = definition.cloudWatch;
  return new cloudwatch.SearchExpression({
    expression: `SEARCH('{${schema}} MetricName="${name}"${filters}', '${statistic}', ${String(period.toSeconds())})`,
    label: told.map((dimension) => `\${PROP('Dim.${dimension}')}`).join(' '),
    period,
    ...(sink.region === undefined ? {} : { searchRegion: sink.region }),
  });
}

/** Names with spaces or other characters than letters, digits and slashes stand in quotes. */
function quoteTerm(text: string): string {
  return /^[A-Za-z0-9/_]+$/.test(text) ? text : `"${text}"`;
}
