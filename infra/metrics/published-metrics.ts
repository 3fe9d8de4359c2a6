/** Lists the metrics that a `cloudwatch` sink publishes, with their names and dimensions. */
import {
  buildDeploymentDimensions,
  formatDimensionName,
  collectMetricNames,
  resolveNamespace,
} from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { matchSelection } from '../../lambda/settings/glob.ts';
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
export function findPublishedMetrics(
  { config, sources }: Prepared,
  sink: CloudWatchConfig,
): readonly PublishedMetric[] {
  const isSelected = matchSelection(sink.metrics ?? {});
  const all = sources.flatMap((source) =>
    source.metrics.flatMap((definition) =>
      expandNames(definition)
        .filter(({ name, labels }) => isSelected(name) && canEmit(source, definition, labels))
        .filter(({ labels }) => findTwin(source, definition, labels, isSelected) === undefined)
        .flatMap(({ name }) => expandSets(definition, name, sink, config.collector)),
    ),
  );
  return [...new Map(all.map((metric) => [formatKey(metric), metric])).values()];
}

/** Whether the source can tell it at all; what it tells only now and then counts. */
export function canEmit({ absences }: PreparedSource, definition: MetricDefinition, labels: Labels): boolean {
  return !isAbsent(absences, definition, labels, ['always']);
}

function formatKey({ namespace, name, dimensions }: PublishedMetric): string {
  return JSON.stringify([namespace, name, dimensions]);
}

function expandSets(
  definition: MetricDefinition,
  name: string,
  sink: CloudWatchConfig,
  collector: string,
): readonly PublishedMetric[] {
  const own = buildDeploymentDimensions(definition.cloudWatch.namespace, collector);
  const namespace = resolveNamespace(definition.cloudWatch.namespace, sink.namespace);
  const sets = expandLabelSets(definition).filter((labels) => labels.length > 0 || sink.bareTotals === 'publish');
  return sets.map((labels) => ({
    definition,
    namespace,
    name,
    labels,
    dimensions: collectDimensionNames(labels, { ...sink.dimensions, ...own }),
    own,
  }));
}

/** Every combination of labels that becomes dimensions. */
export function expandLabelSets({ cloudWatch }: MetricDefinition): readonly (readonly string[])[] {
  return cloudWatch.dimensionSets.flatMap((set) => expandOptional(set));
}

/** A set, and the set that remains where its optional labels have no value. */
function expandOptional(set: readonly string[]): readonly (readonly string[])[] {
  const remaining = set.filter((label) => !optionalLabels.has(label));
  return remaining.length === set.length ? [set] : [set, remaining];
}

/** Totals without dimensions stay without: their readers know them by having none. */
function collectDimensionNames(labels: readonly string[], extra: Readonly<Record<string, string>>): readonly string[] {
  if (labels.length === 0) return [];
  return [...new Set([...labels.map(formatDimensionName), ...Object.keys(extra)])].sort();
}

interface NamedLabels {
  readonly name: string;
  /** The label that the name stands for. */
  readonly labels: Labels;
}

export function expandNames({ cloudWatch }: MetricDefinition): readonly NamedLabels[] {
  const { name } = cloudWatch;
  if (typeof name === 'string') return [{ name, labels: {} }];
  return Object.entries(name.names).map(([value, text]) => ({ name: text, labels: { [name.label]: value } }));
}

/** The vendor's metric that is published in place of a neutral one, and then alone. */
export function findTwin(
  source: PreparedSource,
  definition: MetricDefinition,
  labels: Labels,
  isSelected: (name: string) => boolean,
): MetricDefinition | undefined {
  return source.metrics.find(({ replaces, cloudWatch }) => {
    if (replaces?.metric !== definition.name || !collectMetricNames(cloudWatch).some(isSelected)) return false;
    return Object.entries(replaces.labels ?? {}).every(([label, value]) => labels[label] === value);
  });
}
