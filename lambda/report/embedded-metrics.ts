/** Formats the collector's own metrics as log lines that CloudWatch Logs turns into metrics. */
import {
  type CloudWatchPoint,
  buildDeploymentDimensions,
  generatePoints,
} from '../model/for-sinks/cloud-watch-shape.ts';
import type { CloudWatchUnit, GaugeFamily } from '../model/metric.ts';
import { splitChunks } from '../model/lists/split-chunks.ts';

/** Embedded metric format specification, `Metrics`: more in one directive are dropped without a word. */
const maxMetricsPerDirective = 100;

/** Embedded metric format specification, `DimensionSet`: a set with more is dropped without a word. */
const maxDimensions = 30;

export interface EmbeddedMetricOptions {
  /** Namespace of every metric in the lines, such as `CI/Collector`. */
  readonly namespace: string;
  /** Name of the deployment. */
  readonly collector: string;
  readonly tickMs: number;
}

/** Points of one set of dimensions; a metric stands once in it. */
interface Group {
  readonly dimensions: CloudWatchPoint['dimensions'];
  readonly metrics: Map<string, { readonly unit: CloudWatchUnit; readonly value: number }>;
}

/**
 * Log lines that CloudWatch Logs turns into metrics: they arrive even when PutMetricData fails. One line for each set
 * of dimension values, because a line can name a dimension only once.
 */
export function formatEmbeddedMetrics(
  families: readonly GaugeFamily[],
  { namespace, collector, tickMs }: EmbeddedMetricOptions,
): readonly string[] {
  const groups = new Map<string, Group>();
  const own = Object.entries(buildDeploymentDimensions('collector', collector)).map(([name, value]) => ({
    name,
    value,
  }));
  for (const family of families) {
    for (const set of family.definition.cloudWatch.dimensionSets) {
      for (const point of generatePoints(family, set, tickMs)) add(groups, addOwnDimensions(point, own));
    }
  }
  return [...groups.values()].flatMap(({ dimensions, metrics }) =>
    splitChunks([...metrics], maxMetricsPerDirective).map((chunk) => formatLine(namespace, tickMs, dimensions, chunk)),
  );
}

/** A figure that has the name of the collector as a label has it once. */
function addOwnDimensions(point: CloudWatchPoint, own: CloudWatchPoint['dimensions']): CloudWatchPoint {
  const { dimensions } = point;
  const missing = own.filter(({ name }) => dimensions.every((dimension) => dimension.name !== name));
  return missing.length === 0 ? point : { ...point, dimensions: [...dimensions, ...missing] };
}

function add(groups: Map<string, Group>, { name, unit, dimensions, values }: CloudWatchPoint): void {
  const [value] = values;
  // Not a number in JSON, and too many dimensions: CloudWatch would drop the whole line without a word.
  if (value === undefined || !Number.isFinite(value) || dimensions.length > maxDimensions) return;
  const key = JSON.stringify(dimensions);
  const group = groups.get(key) ?? { dimensions, metrics: new Map() };
  groups.set(key, group);
  group.metrics.set(name, { unit, value });
}

type Metric = readonly [name: string, { readonly unit: CloudWatchUnit; readonly value: number }];

function formatLine(
  namespace: string,
  tickMs: number,
  dimensions: CloudWatchPoint['dimensions'],
  metrics: readonly Metric[],
): string {
  const directive = {
    Namespace: namespace,
    Dimensions: [dimensions.map(({ name }) => name)],
    Metrics: metrics.map(([name, { unit }]) => ({ Name: name, Unit: unit })),
  };
  return JSON.stringify({
    _aws: { Timestamp: tickMs, CloudWatchMetrics: [directive] },
    ...Object.fromEntries(dimensions.map(({ name, value }) => [name, value])),
    ...Object.fromEntries(metrics.map(([name, { value }]) => [name, value])),
  });
}
