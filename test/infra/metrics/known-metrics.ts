/** Works out from the definitions every CloudWatch metric that a configuration can publish. */
import { collectorMetrics } from '../../../lambda/model/catalogue/collector-metrics.ts';
import {
  buildDeploymentDimensions,
  formatDimensionName,
  collectMetricNames,
} from '../../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { MetricDefinition } from '../../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from '../../../infra/prepared.ts';

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
  const ownOf = ({ cloudWatch }: MetricDefinition) => buildDeploymentDimensions(cloudWatch.namespace, config.collector);
  const own = collectorMetrics.flatMap((definition) =>
    references(definition, config.collectorNamespace, ownOf(definition)),
  );
  const ofSources = cloudWatchSinks.flatMap((sink) =>
    sources.flatMap(({ metrics }) =>
      metrics.flatMap(({ cloudWatch, ...definition }) => {
        const namespace = namespaceIn(cloudWatch, sink);
        if (namespace === undefined) return [];
        const extra = { ...sink.dimensions, ...ownOf({ ...definition, cloudWatch }) };
        return references({ ...definition, cloudWatch }, namespace, extra);
      }),
    ),
  );
  return new Set([...own, ...ofSources].map(textOf));
}

/** Undefined for the collector's health, which has its own way whatever the sinks are. */
function namespaceIn({ namespace }: MetricDefinition['cloudWatch'], sink: CloudWatchConfig): string | undefined {
  if (namespace === 'neutral') return sink.namespace;
  return namespace === 'collector' ? undefined : namespace.vendor;
}

/** How alarms ask of a level whether all runs of a period say it, most of them, and how many there were. */
const ofWholePeriods = ['Minimum', 'Average', 'SampleCount'] as const;

function references(
  { cloudWatch, type }: MetricDefinition,
  namespace: string,
  extra: Readonly<Record<string, string>>,
): readonly MetricReference[] {
  // A Buildkite token that belongs to no cluster gives the same metrics without this dimension.
  const sets = cloudWatch.dimensionSets.flatMap((set) => [set, set.filter((label) => label !== 'cluster')]);
  return sets.flatMap((set) =>
    collectMetricNames(cloudWatch).flatMap((name) =>
      [cloudWatch.statistic, ...(type === 'gauge' ? ofWholePeriods : [])].map((statistic) => ({
        namespace,
        name,
        dimensions: set.length === 0 ? [] : [...new Set([...set.map(formatDimensionName), ...Object.keys(extra)])],
        statistic,
      })),
    ),
  );
}

export function textOf({ namespace, name, dimensions, statistic }: MetricReference): string {
  return `${namespace} ${name} {${[...dimensions].sort().join(',')}} ${statistic}`;
}
