import { collectorMetrics } from '../../lambda/model/catalogue.ts';
import { dimensionName, metricNames } from '../../lambda/model/cloud-watch-shape.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from '../../infra/prepared.ts';

/** A metric as a graph or an alarm refers to it. */
export interface MetricReference {
  readonly namespace: string;
  readonly name: string;
  /** Names only, in any order. */
  readonly dimensions: readonly string[];
  readonly statistic: string;
}

/**
 * Everything that this configuration can publish, worked out from the definitions alone: what a graph or an alarm names
 * must be among it, down to the dimensions and the statistic.
 */
export function knownMetrics({ config, sources, cloudWatchSinks }: Prepared): ReadonlySet<string> {
  const own = collectorMetrics.flatMap((definition) => references(definition, config.collectorNamespace, {}));
  const ofSources = cloudWatchSinks.flatMap((sink) =>
    sources.flatMap(({ metrics }) =>
      metrics.flatMap((definition) => references(definition, namespaceIn(definition, sink), sink.dimensions)),
    ),
  );
  return new Set([...own, ...ofSources].map(textOf));
}

function namespaceIn({ cloudWatch }: MetricDefinition, sink: CloudWatchConfig): string {
  if (cloudWatch.namespace === 'neutral') return sink.namespace;
  return cloudWatch.namespace === 'collector' ? `${sink.namespace}/Collector` : cloudWatch.namespace.vendor;
}

function references(
  { cloudWatch }: MetricDefinition,
  namespace: string,
  extra: Readonly<Record<string, string>>,
): readonly MetricReference[] {
  // A Buildkite token that belongs to no cluster gives the same metrics without this dimension.
  const sets = cloudWatch.dimensionSets.flatMap((set) => [set, set.filter((label) => label !== 'cluster')]);
  return sets.flatMap((set) =>
    metricNames(cloudWatch).map((name) => ({
      namespace,
      name,
      dimensions: set.length === 0 ? [] : [...set.map(dimensionName), ...Object.keys(extra)],
      statistic: cloudWatch.statistic,
    })),
  );
}

export function textOf({ namespace, name, dimensions, statistic }: MetricReference): string {
  return `${namespace} ${name} {${[...dimensions].sort().join(',')}} ${statistic}`;
}
