/** What a family looks like in CloudWatch: its names, dimensions and converted values. */

/** The sink (PutMetricData) and the log (embedded metric format) share it: one metric cannot have two shapes. */
import type {
  CloudWatchShape,
  CloudWatchUnit,
  CounterSample,
  DistributionSample,
  GaugeSample,
  Labels,
  MetricFamily,
  NamespaceRole,
} from '../metric.ts';
import { groupByLabels, rollUp } from '../families/roll-up.ts';

export interface Dimension {
  readonly name: string;
  readonly value: string;
}

/** One metric of CloudWatch in one run. */
export interface CloudWatchPoint {
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  readonly unit: CloudWatchUnit;
  /** Converted: one for a gauge or a counter, every observation for a distribution. */
  readonly values: readonly number[];
}

/** The namespace of a role, given the operator's neutral namespace. */
export function resolveNamespace(role: NamespaceRole, neutral: string): string {
  if (role === 'neutral') return neutral;
  if (role === 'collector') return `${neutral}/Collector`;
  return role.vendor;
}

/** The name of a collector whose configuration gives none. */
export const defaultCollector = 'ci-metrics';

/**
 * What tells the series of one collector of an account from those of another: its name. A collector with the default
 * name, of which an account and Region can have only one, keeps its series without it; a vendor's own names stay as the
 * vendor's tool publishes them.
 */
export function buildDeploymentDimensions(role: NamespaceRole, collector: string): Readonly<Record<string, string>> {
  return collector === defaultCollector || typeof role === 'object' ? {} : { Collector: collector };
}

/** Labels are fixed by the definitions, so this stays small; names are asked for once a sample. */
const namesByLabel = new Map<string, string>();

/** `queue` is `Queue`, `pull_request` is `PullRequest`. */
export function formatDimensionName(label: string): string {
  const known = namesByLabel.get(label);
  if (known !== undefined) return known;
  const name = label.replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
  namesByLabel.set(label, name);
  return name;
}

// eslint-disable-next-line no-control-regex -- ASCII is exactly this range
const nonAscii = /[^\x00-\x7f]+/g;

/**
 * CloudWatch takes ASCII only (PutMetricData API reference, Dimension): other characters are percent-encoded as in a
 * URL. ASCII values are never changed, so a name that already has a `%` keeps the dashboards that were made for it.
 */
export function encodeDimensionValue(value: string): string {
  return value.toWellFormed().replace(nonAscii, encodeURIComponent);
}

/**
 * Labels without a value give no dimension: CloudWatch refuses blank ones, and absence is what they mean. Sorted samples
 * repeat most labels of the one before, and then share its dimensions.
 */
export function createDimensionMapper(set: readonly string[]): (labels: Labels) => readonly Dimension[] {
  const slots = set.map((label) => ({ label, before: '', dimension: { name: formatDimensionName(label), value: '' } }));
  return (labels) => {
    const dimensions: Dimension[] = [];
    for (const slot of slots) {
      const value = labels[slot.label];
      if (value === undefined || value === '') continue;
      if (value !== slot.before) {
        slot.before = value;
        slot.dimension = { name: slot.dimension.name, value: encodeDimensionValue(value) };
      }
      dimensions.push(slot.dimension);
    }
    return dimensions;
  };
}

/** All names that a metric can have in CloudWatch. */
export function collectMetricNames({ name }: CloudWatchShape): readonly string[] {
  return typeof name === 'string' ? [name] : Object.values(name.names);
}

/** What a caller knows of a label set: its dimensions, and what it has made of them. */
export interface MappedLabels {
  readonly dimensions: readonly Dimension[];
}

export interface MappedPoint<Mapped extends MappedLabels> extends Omit<CloudWatchPoint, 'dimensions'> {
  readonly mapped: Mapped;
}

/**
 * The points of a family in one of its dimension sets, one by one; samples that differ only in other labels are
 * combined.
 */
export function* generatePoints(
  family: MetricFamily,
  set: readonly string[],
  tickMs: number,
): Generator<CloudWatchPoint> {
  const mapDimensions = createDimensionMapper(set);
  const mapLabels = (labels: Labels): MappedLabels => ({ dimensions: mapDimensions(labels) });
  for (const { name, mapped, unit, values } of generateMappedPoints(family, { set, tickMs, mapLabels }))
    yield { name, dimensions: mapped.dimensions, unit, values };
}

interface PointOptions<Mapped extends MappedLabels> {
  /** One of the metric's own. */
  readonly set: readonly string[];
  readonly tickMs: number;
  /** Gives the dimensions that the labels have in the set. */
  readonly mapLabels: (labels: Labels) => Mapped;
}

/** The same for a caller that keeps the dimensions of series that come again. */
export function* generateMappedPoints<Mapped extends MappedLabels>(
  family: MetricFamily,
  { set, tickMs, mapLabels }: PointOptions<Mapped>,
): Generator<MappedPoint<Mapped>> {
  const shape = family.definition.cloudWatch;
  const reduced = reduceTo(family, typeof shape.name === 'string' ? set : [...set, shape.name.label]);
  const laterSets = selectLaterSets(shape.dimensionSets, set);
  for (const sample of reduced.samples) {
    const name = chooseName(shape, sample.labels);
    const values = convertValues(sample, shape, tickMs);
    if (name === undefined || values.length === 0) continue;
    const mapped = mapLabels(sample.labels);
    if (!isAnotherSet(mapped.dimensions, set, laterSets)) yield { name, mapped, unit: shape.unit, values };
  }
}

function reduceTo(family: MetricFamily, kept: readonly string[]): MetricFamily {
  const hasOthers = family.definition.labels.some((label) => !kept.includes(label));
  return hasOthers ? rollUp(family, groupByLabels(kept)) : family;
}

function selectLaterSets(sets: readonly (readonly string[])[], set: readonly string[]): readonly (readonly string[])[] {
  return sets.slice(sets.indexOf(set) + 1);
}

/**
 * A sample without a value for a label (an unclustered total) can look like a roll-up that drops this label. The
 * roll-up has that sample in its sum, so it alone may speak for these dimensions.
 */
function isAnotherSet(
  dimensions: readonly Dimension[],
  set: readonly string[],
  laterSets: readonly (readonly string[])[],
): boolean {
  if (dimensions.length === set.length) return false;
  const names = dimensions.map(({ name }) => name);
  return laterSets.some(
    (later) => later.length === names.length && later.every((label) => names.includes(formatDimensionName(label))),
  );
}

/** Undefined for a label value that has no metric of its own. */
function chooseName({ name }: CloudWatchShape, labels: Labels): string | undefined {
  if (typeof name === 'string') return name;
  const value = labels[name.label];
  return value === undefined ? undefined : name.names[value];
}

function convertValues(
  sample: GaugeSample | CounterSample | DistributionSample,
  shape: CloudWatchShape,
  tickMs: number,
): readonly number[] {
  if ('observations' in sample) return sample.observations.map((value) => convertValue(value, shape, tickMs));
  return [convertValue('value' in sample ? sample.value : sample.increase, shape, tickMs)];
}

function convertValue(value: number, { conversion }: CloudWatchShape, tickMs: number): number {
  // 0.07 × 100 is 7.000000000000001 in binary; 15 digits are what a double holds exactly.
  if (conversion === 'percent') return Number((value * 100).toPrecision(15));
  // What happened during the run is younger than its tick, and no age is negative.
  if (conversion === 'age') return Math.max(0, tickMs / 1000 - value);
  if (conversion === 'left') return Math.max(0, value - tickMs / 1000);
  return value;
}
