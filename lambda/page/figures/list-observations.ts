/** Lists what was observed in a run, by the labels that tell series apart. */
import type { Batch } from '../../model/batch.ts';
import type { DistributionSample, MetricDefinition } from '../../model/metric.ts';

/** Of one distribution, in all sources. */
export function listObservations(
  { sources: parts }: Batch,
  definition: MetricDefinition<'distribution'>,
): readonly DistributionSample[] {
  return parts
    .flatMap(({ families }) => families)
    .flatMap((family) =>
      family.type === 'distribution' && family.definition.name === definition.name ? family.samples : [],
    );
}
