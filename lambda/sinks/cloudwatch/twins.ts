import type { SourcePart } from '../../model/batch.ts';
import { metricNames } from '../../model/cloud-watch-shape.ts';
import { withSamples } from '../../model/merge.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../model/metric.ts';

type Replaced = NonNullable<MetricDefinition['replaces']>;

/**
 * The families of a part without the neutral samples that a vendor's own metric of the same part repeats: CloudWatch
 * takes a price for each. A vendor metric that is excluded, or has no samples, replaces nothing.
 */
export function withoutTwins(
  { families }: SourcePart,
  isPublished: (metricName: string) => boolean,
): readonly MetricFamily[] {
  const replaced = families.flatMap(({ definition, samples }) => {
    const isSent = samples.length > 0 && metricNames(definition.cloudWatch).some(isPublished);
    return isSent && definition.replaces !== undefined ? [definition.replaces] : [];
  });
  if (replaced.length === 0) return families;
  return families.map((family) =>
    without(
      family,
      replaced.filter(({ metric }) => metric === family.definition.name),
    ),
  );
}

function without(family: MetricFamily, replaced: readonly Replaced[]): MetricFamily {
  if (replaced.length === 0) return family;
  return withSamples(family, ({ labels }) => !replaced.some((twin) => hasLabels(labels, twin.labels ?? {})));
}

function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
