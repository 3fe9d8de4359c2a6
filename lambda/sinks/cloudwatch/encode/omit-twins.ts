import type { SourcePart } from '../../../model/batch.ts';
import { metricNames } from '../../../model/for-sinks/cloud-watch-shape.ts';
import { withSamples } from '../../../model/families/merge.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../../model/metric.ts';

/**
 * The families of a part without the neutral samples that a vendor's own metric of the same part repeats: CloudWatch
 * takes a price for each. A vendor metric that is excluded, or has no samples, replaces nothing.
 */
export function withoutTwins(
  { families }: SourcePart,
  isPublished: (metricName: string) => boolean,
): readonly MetricFamily[] {
  const replaced = families.flatMap(({ definition: { cloudWatch, replaces }, samples }) => {
    const isSent = samples.length > 0 && metricNames(cloudWatch).some(isPublished);
    return isSent && replaces !== undefined ? [twinOf(replaces)] : [];
  });
  if (replaced.length === 0) return families;
  return families.map((family) =>
    without(
      family,
      replaced.filter(({ metric }) => metric === family.definition.name),
    ),
  );
}

interface Twin {
  readonly metric: string;
  readonly labels: readonly (readonly [string, string])[];
}

function twinOf({ metric, labels = {} }: NonNullable<MetricDefinition['replaces']>): Twin {
  return { metric, labels: Object.entries(labels) };
}

function without(family: MetricFamily, replaced: readonly Twin[]): MetricFamily {
  if (replaced.length === 0) return family;
  return withSamples(family, ({ labels }) => !replaced.some((twin) => hasLabels(labels, twin)));
}

function hasLabels(labels: Labels, { labels: wanted }: Twin): boolean {
  return wanted.every(([name, value]) => labels[name] === value);
}
