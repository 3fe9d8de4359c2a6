/** Chooses under which names, units and attributes metrics are sent. */
import type { MetricDefinition } from '../../../../model/metric.ts';
import { mapToBuildkite } from './buildkite-names.ts';
import { mapToConventions } from './conventions.ts';
import type { MapMetric, MetricMapping } from './metric-mapping.ts';
import { formatOwnUnit } from '../../../../model/for-sinks/ucum.ts';

/** Own names, or those of the conventions; with `compat` Buildkite's figures under the names of its own tool. */
export function chooseMapping({
  naming,
  compat,
}: {
  readonly naming: 'ci' | 'semconv';
  readonly compat: boolean;
}): MapMetric {
  const map = naming === 'ci' ? keepNames : mapToConventions;
  if (!compat) return map;
  return (definition) => {
    const buildkite = mapToBuildkite(definition);
    return buildkite.length > 0 ? buildkite : map(definition);
  };
}

/** The names of the metric catalogue, which a Prometheus behind the receiver stores unchanged. */
function keepNames({ name, unit }: MetricDefinition): readonly MetricMapping[] {
  return [{ name, unit: formatOwnUnit(name, unit) }];
}
