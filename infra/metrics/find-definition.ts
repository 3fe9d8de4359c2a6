/** Finds a metric by its Prometheus name among those of the configured sources and of the collector itself. */
import { findNearest } from '../../lambda/config/explain/nearest.ts';
import { collectorMetrics } from '../../lambda/model/catalogue/collector-metrics.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import type { Prepared } from '../prepared.ts';

/** @throws Error for a name that no configured source has, with the nearest that one has. */
export function findDefinition({ sources }: Prepared, name: string): MetricDefinition {
  const known = [...sources.flatMap(({ metrics }) => metrics), ...collectorMetrics];
  const definition = known.find((metric) => metric.name === name);
  if (definition !== undefined) return definition;
  const nearest = findNearest(
    name,
    known.map((metric) => metric.name),
  );
  const hint = nearest === undefined ? 'docs/metrics.md lists what each source has' : `did you mean ${nearest}?`;
  throw new Error(`no configured source has a metric ${name}; ${hint}`);
}
