/** Finds a figure of one queue in CloudWatch, under whichever name the configuration publishes it. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import {
  buildDeploymentDimensions,
  collectMetricNames,
  encodeDimensionValue,
  formatDimensionName,
  resolveNamespace,
} from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import { chooseScheduleRate } from '../settings.ts';
import type { Prepared } from '../prepared.ts';
import { buildMetric, findSystem, findVendorMetric } from './build-metric.ts';
import { formatInsightsSelect } from './insights-query.ts';

/** One queue of one source, as its metrics name it. */
export interface QueueOfSource {
  /** Name of the source in the configuration. */
  readonly source: string;
  /** The Buildkite cluster, for instance. */
  readonly scope: string;
  readonly queue: string;
  /**
   * Slug of the Buildkite organization, a dimension of Buildkite's own metrics.
   * @default `organization` of the source, or a query that finds the queue in whatever organization it is
   */
  readonly organization?: string;
}

/** A query stands in for a metric whose dimensions are not all known; alarms and graphs take either. */
export type QueueMetric = cloudwatch.Metric | cloudwatch.MathExpression;

/** What Buildkite calls the scope of agents without a cluster; its own metrics then have no cluster. */
const unclustered = 'unclustered';

/**
 * The neutral metric, or the vendor's where that is published in its place.
 * @throws Error when this configuration publishes neither, saying what to do.
 */
export function buildQueueMetric(
  prepared: Prepared,
  definition: MetricDefinition,
  queue: QueueOfSource & { readonly state?: string },
  options: cloudwatch.MetricOptions = {},
): QueueMetric {
  const { source, scope, queue: name, state } = queue;
  const system = findSystem(prepared, source);
  const labels = { system, source, scope, queue: name, ...(state === undefined ? {} : { state }) };
  const vendor = findVendorMetric(prepared, definition, labels);
  if (vendor === undefined) return buildMetric(prepared, definition, labels, options);
  const org = queue.organization ?? findOrganization(prepared, source);
  const own = { ...(scope === unclustered ? {} : { cluster: scope }), queue: name };
  if (org !== undefined) return buildMetric(prepared, vendor.twin, { ...own, org }, options);
  return buildQuery(prepared, vendor, own, options);
}

function findOrganization({ config }: Prepared, source: string): string | undefined {
  const organization = config.sources.find(({ name }) => name === source)?.['organization'];
  return typeof organization === 'string' ? organization : undefined;
}

/** The organization is told by the API alone, so at synth the queue is found by its other dimensions. */
function buildQuery(
  { config }: Prepared,
  { twin, sink }: { readonly twin: MetricDefinition; readonly sink: CloudWatchConfig },
  labels: Labels,
  { period = chooseScheduleRate(config), label, color, region, account, statistic }: cloudwatch.MetricOptions,
): cloudwatch.MathExpression {
  const { cloudWatch } = twin;
  const fixed = { ...sink.dimensions, ...buildDeploymentDimensions(cloudWatch.namespace, config.collector) };
  const own = Object.entries(labels).map(([name, value]): readonly [string, string] => [
    formatDimensionName(name),
    encodeDimensionValue(value),
  ]);
  const where = { ...fixed, ...Object.fromEntries(own) };
  const [name = ''] = collectMetricNames(cloudWatch);
  const expression = formatInsightsSelect({
    namespace: resolveNamespace(cloudWatch.namespace, sink.namespace),
    name,
    dimensions: [...Object.keys(where), formatDimensionName('org')].sort(),
    aggregate: chooseAggregate(statistic ?? cloudWatch.statistic),
    where,
  });
  const searchRegion = region ?? sink.region;
  return new cloudwatch.MathExpression({
    expression,
    usingMetrics: {},
    period,
    label: label ?? name,
    ...(color === undefined ? {} : { color }),
    ...(searchRegion === undefined ? {} : { searchRegion }),
    ...(account === undefined ? {} : { searchAccount: account }),
  });
}

const aggregates: Readonly<Record<string, 'MAX' | 'MIN' | 'AVG' | 'SUM'>> = {
  Maximum: 'MAX',
  Minimum: 'MIN',
  Average: 'AVG',
  Sum: 'SUM',
};

/** Metrics Insights has no other statistics of a level (CloudWatch user guide, "Metrics Insights query components"). */
function chooseAggregate(statistic: string): 'MAX' | 'MIN' | 'AVG' | 'SUM' {
  const aggregate = aggregates[statistic];
  if (aggregate !== undefined) return aggregate;
  throw new Error(
    `a queue without its organization has the statistics ${Object.keys(aggregates).join(', ')}, not ${statistic}; give the queue its "organization"`,
  );
}
