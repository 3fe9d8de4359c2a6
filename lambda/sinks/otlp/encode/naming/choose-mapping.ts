/** Under which names, units and attributes the collector's metrics are told. */
import type { MetricDefinition } from '../../../../model/metric.ts';
import { tellBuildkite } from './buildkite-names.ts';
import { tellConventions } from './conventions.ts';
import type { Tell, Telling } from './metric-mapping.ts';
import { ownUnitOf } from '../../../../model/for-sinks/ucum.ts';

/** Own names, or those of the conventions; with `compat` Buildkite's figures under the names of its own tool. */
export function namesFor({ naming, compat }: { readonly naming: 'ci' | 'semconv'; readonly compat: boolean }): Tell {
  const tell = naming === 'ci' ? tellAsTheyAre : tellConventions;
  if (!compat) return tell;
  return (definition) => {
    const buildkite = tellBuildkite(definition);
    return buildkite.length > 0 ? buildkite : tell(definition);
  };
}

/** The names of the metric catalogue, which a Prometheus behind the receiver stores unchanged. */
function tellAsTheyAre({ name, unit }: MetricDefinition): readonly Telling[] {
  return [{ name, unit: ownUnitOf(name, unit) }];
}
