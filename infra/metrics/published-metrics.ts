import { deploymentDimensions, dimensionName, metricNames, namespaceOf } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { selects } from '../../lambda/config/glob.ts';
import { isAbsent } from '../../lambda/model/catalogue/absence.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { Prepared } from '../prepared.ts';

/** One metric name with one set of dimensions, as a `cloudwatch` sink publishes it. */
export interface PublishedMetric {
  readonly definition: MetricDefinition;
  readonly namespace: string;
  readonly name: string;
  /** Labels that are dimensions, without the operator's extra ones. */
  readonly labels: readonly string[];
  /** Names of all dimensions, sorted. */
  readonly dimensions: readonly string[];
  /** Dimensions by which the series of this collector are told from those of others. */
  readonly own: Readonly<Record<string, string>>;
}

/** Labels that a vendor leaves out where they do not apply: an unclustered Buildkite token has no cluster. */
const optionalLabels: ReadonlySet<string> = new Set(['cluster']);

/** What a `cloudwatch` sink publishes for this configuration, every metric once. */
export function publishedMetrics({ config, sources }: Prepared, sink: CloudWatchConfig): readonly PublishedMetric[] {
  const isSelected = selects(sink.metrics ?? {});
  const all = sources.flatMap((source) =>
    source.metrics.flatMap((definition) =>
      namesOf(definition)
        .filter(({ name, labels }) => isSelected(name) && isTold(source, definition, labels))
        .filter(({ labels }) => twinOf(source, definition, labels, isSelected) === undefined)
        .flatMap(({ name }) => inEverySet(definition, name, sink, config.collector)),
    ),
  );
  return [...new Map(all.map((metric) => [keyOf(metric), metric])).values()];
}

/** Whether the source can tell it at all; what it tells only now and then counts. */
export function isTold({ absences }: PreparedSource, definition: MetricDefinition, labels: Labels): boolean {
  return !isAbsent(absences, definition, labels, ['always']);
}

function keyOf({ namespace, name, dimensions }: PublishedMetric): string {
  return JSON.stringify([namespace, name, dimensions]);
}

function inEverySet(
  definition: MetricDefinition,
  name: string,
  sink: CloudWatchConfig,
  collector: string,
): readonly PublishedMetric[] {
  const own = deploymentDimensions(definition.cloudWatch.namespace, collector);
  const namespace = namespaceOf(definition.cloudWatch.namespace, sink.namespace);
  const sets = labelSets(definition).filter((labels) => labels.length > 0 || sink.bareTotals === 'publish');
  return sets.map((labels) => ({
    definition,
    namespace,
    name,
    labels,
    dimensions: dimensionNames(labels, { ...sink.dimensions, ...own }),
    own,
  }));
}

/** Every combination of labels that becomes dimensions. */
export function labelSets({ cloudWatch }: MetricDefinition): readonly (readonly string[])[] {
  return cloudWatch.dimensionSets.flatMap((set) => withoutOptional(set));
}

/** A set, and the set that remains where its optional labels have no value. */
function withoutOptional(set: readonly string[]): readonly (readonly string[])[] {
  const remaining = set.filter((label) => !optionalLabels.has(label));
  return remaining.length === set.length ? [set] : [set, remaining];
}

/** Totals without dimensions stay without: their readers know them by having none. */
function dimensionNames(labels: readonly string[], extra: Readonly<Record<string, string>>): readonly string[] {
  if (labels.length === 0) return [];
  return [...new Set([...labels.map(dimensionName), ...Object.keys(extra)])].sort();
}

interface NamedLabels {
  readonly name: string;
  /** The label that the name stands for. */
  readonly labels: Labels;
}

export function namesOf({ cloudWatch }: MetricDefinition): readonly NamedLabels[] {
  const { name } = cloudWatch;
  if (typeof name === 'string') return [{ name, labels: {} }];
  return Object.entries(name.names).map(([value, text]) => ({ name: text, labels: { [name.label]: value } }));
}

/** The vendor's metric that is published in place of a neutral one, and then alone. */
export function twinOf(
  source: PreparedSource,
  definition: MetricDefinition,
  labels: Labels,
  isSelected: (name: string) => boolean,
): MetricDefinition | undefined {
  return source.metrics.find(({ replaces, cloudWatch }) => {
    if (replaces?.metric !== definition.name || !metricNames(cloudWatch).some(isSelected)) return false;
    return Object.entries(replaces.labels ?? {}).every(([label, value]) => labels[label] === value);
  });
}
