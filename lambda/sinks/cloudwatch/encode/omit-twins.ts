/** Leaves out neutral samples that a vendor's own metric repeats, so that CloudWatch does not charge for them twice. */
import type { SourceOutput } from '../../../model/batch.ts';
import { collectMetricNames } from '../../../model/for-sinks/cloud-watch-shape.ts';
import { filterSamples } from '../../../model/families/merge.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../../model/metric.ts';

/**
 * The families of a part without the neutral samples that a vendor's own metric of the same part repeats: CloudWatch
 * takes a price for each. A vendor metric that is excluded, or has no samples, replaces nothing.
 */
export function omitTwins(
  { families }: SourceOutput,
  isPublished: (metricName: string) => boolean,
): readonly MetricFamily[] {
  const replaced = families.flatMap(({ definition: { cloudWatch, replaces }, samples }) => {
    const isSent = samples.length > 0 && collectMetricNames(cloudWatch).some(isPublished);
    return isSent && replaces !== undefined ? [buildTwin(replaces)] : [];
  });
  if (replaced.length === 0) return families;
  return families.map((family) =>
    omitSamples(
      family,
      replaced.filter(({ metric }) => metric === family.definition.name),
    ),
  );
}

interface Twin {
  readonly metric: string;
  readonly labels: readonly (readonly [string, string])[];
}

function buildTwin({ metric, labels = {} }: NonNullable<MetricDefinition['replaces']>): Twin {
  return { metric, labels: Object.entries(labels) };
}

function omitSamples(family: MetricFamily, replaced: readonly Twin[]): MetricFamily {
  if (replaced.length === 0) return family;
  return filterSamples(family, ({ labels }) => !replaced.some((twin) => hasLabels(labels, twin)));
}

function hasLabels(labels: Labels, { labels: wanted }: Twin): boolean {
  return wanted.every(([name, value]) => labels[name] === value);
}
