import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Duration } from 'aws-cdk-lib/core';
import type { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import type { PublishedMetric } from './published.ts';

/**
 * A line for each series that exists when the dashboard is looked at, named by the values of some dimensions (CloudWatch
 * user guide, "search expressions").
 */
export function searchFor(
  { definition, namespace, name, dimensions }: PublishedMetric,
  sink: CloudWatchConfig,
  period: Duration,
  told: readonly string[],
): cloudwatch.SearchExpression {
  const schema = [namespace, ...dimensions].map(searchTerm).join(',');
  const { statistic } = definition.cloudWatch;
  return new cloudwatch.SearchExpression({
    expression: `SEARCH('{${schema}} MetricName="${name}"', '${statistic}', ${String(period.toSeconds())})`,
    label: told.map((dimension) => `\${PROP('Dim.${dimension}')}`).join(' '),
    period,
    ...(sink.region === undefined ? {} : { searchRegion: sink.region }),
  });
}

/** Names with spaces or other characters than letters, digits and slashes stand in quotes. */
function searchTerm(text: string): string {
  return /^[A-Za-z0-9/_]+$/.test(text) ? text : `"${text}"`;
}
