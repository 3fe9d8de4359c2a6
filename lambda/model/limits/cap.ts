/** Holds the series of each metric below a limit, and tells what it has folded and by which setting. */
import { connectionLabels } from '../catalogue/identity-labels.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../metric.ts';
import { overflowValue } from '../text/labels.ts';
import { filterSamples, joinFamilies } from '../families/merge.ts';
import { compareText, createKeyFormat, createNameFormat, formatSeriesKey } from '../families/order.ts';
import { rollUp } from '../families/roll-up.ts';

/** Most label sets of a metric that are kept apart. */
export interface SeriesCaps {
  /** Of names that every user of the CI system can make: pipelines, branches, environments, workflows. */
  readonly maxSeriesPerMetric: number;
  /** Of queues and workers, which an administrator makes; absent: as many as of other names. */
  readonly maxQueuesPerMetric?: number | undefined;
  /** Samples over all metrics that the run has room for; absent: as many as there are. */
  readonly room?: number | undefined;
}

/** The setting that raises a limit; `capacity` is what the process and its time allow. */
export type CapSetting = 'queuesPerMetric' | 'seriesPerMetric' | 'capacity';

/** What one metric lost to its limit. */
export interface Folding {
  readonly metric: string;
  readonly labelSets: number;
  readonly most: number;
  readonly setting: CapSetting;
}

export interface Capped {
  readonly families: readonly MetricFamily[];
  /** How many label sets were folded into `#other#`, over all families. */
  readonly overflow: number;
  readonly folded: readonly Folding[];
}

/** Labels that name a queue and where it is. */
const ofQueues: ReadonlySet<string> = new Set(['scope', 'queue', 'cluster', 'org']);

/** The limit of a metric, by what its labels name. */
export function chooseCap(
  { labels, enumerated = {} }: MetricDefinition,
  { maxSeriesPerMetric, maxQueuesPerMetric }: SeriesCaps,
): Pick<Folding, 'most' | 'setting'> {
  const named = labels.filter((label) => !connectionLabels.has(label) && !Object.hasOwn(enumerated, label));
  return named.every((label) => ofQueues.has(label))
    ? { most: maxQueuesPerMetric ?? maxSeriesPerMetric, setting: 'queuesPerMetric' }
    : { most: maxSeriesPerMetric, setting: 'seriesPerMetric' };
}

/**
 * Holds each family at its limit of label sets, not counting the values of enumerated labels, and folds the rest into one
 * `#other#` series by the family's own combination. What stays apart is decided by name, so it is the same in each run.
 * Where there is less room than the limits allow, one lower limit holds for all metrics.
 */
export function capSeries(families: readonly MetricFamily[], caps: SeriesCaps): Capped {
  const keyed = families.map(keySamples);
  const within = findLevel(keyed, caps);
  const capped = keyed.map((family) => {
    const { most, setting } = chooseCap(family.family.definition, caps);
    const isLower = within < most;
    return {
      ...capFamily(family, isLower ? within : most),
      most: isLower ? within : most,
      setting: isLower ? ('capacity' as const) : setting,
    };
  });
  return {
    families: capped.map(({ family }) => family),
    overflow: capped.reduce((sum, { overflow }) => sum + overflow, 0),
    folded: capped
      .filter(({ overflow }) => overflow > 0)
      .map(({ family, overflow, most, setting }) => ({
        metric: family.definition.name,
        labelSets: overflow,
        most,
        setting,
      })),
  };
}

/** A family whose samples are each known by a key: that of its labels without the enumerated ones. */
interface KeyedFamily {
  readonly family: MetricFamily;
  readonly enumerated: ReadonlySet<string>;
  /** One a sample, in their order. Made when first asked for, and once: the keys are most of the work. */
  readonly listKeys: () => readonly string[];
}

function keySamples(family: MetricFamily): KeyedFamily {
  const enumerated = new Set(Object.keys(family.definition.enumerated ?? {}));
  let keys: readonly string[] | undefined;
  const listKeys = (): readonly string[] => (keys ??= listSampleKeys(family, enumerated));
  return { family, enumerated, listKeys };
}

function listSampleKeys({ samples }: MetricFamily, omitted: ReadonlySet<string>): readonly string[] {
  const format = createKeyFormat(omitted);
  return samples.map(({ labels }) => format(labels));
}

/** A limit below this one would leave nothing but `#other#`. */
const leastLevel = 2;

/** The greatest limit of label sets by which all families together have room; Infinity where they have it anyhow. */
function findLevel(families: readonly KeyedFamily[], caps: SeriesCaps): number {
  const { room = Infinity } = caps;
  if (families.reduce((sum, { family: { samples } }) => sum + samples.length, 0) <= room) return Infinity;
  const sizes = families.map(({ family: { definition, samples }, listKeys }) => {
    const objects = new Set(listKeys()).size;
    return {
      objects: Math.min(objects, chooseCap(definition, caps).most),
      each: samples.length / Math.max(1, objects),
    };
  });
  const countTaken = (level: number): number =>
    sizes.reduce((sum, { objects, each }) => sum + each * Math.min(objects, level), 0);
  if (countTaken(Infinity) <= room) return Infinity;
  let [low, high] = [leastLevel, sizes.reduce((most, { objects }) => Math.max(most, objects), leastLevel)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (countTaken(middle) <= room) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Splits labelled items into those that stay apart under a limit and the rest, by the same rule as `capSeries`: for
 * sources that can add up the rest before they make samples of it.
 */
export function splitAtCap<Item>(
  items: readonly Item[],
  most: number,
  labelsOf: (item: Item) => Labels,
): { readonly apart: readonly Item[]; readonly rest: readonly Item[] } {
  if (items.length <= most) return { apart: items, rest: [] };
  const keyed = items.map((item) => ({ item, key: formatSeriesKey(labelsOf(item)) }));
  const sorted = keyed.sort((a, b) => compareText(a.key, b.key)).map(({ item }) => item);
  const kept = Math.max(1, most - 1);
  return { apart: sorted.slice(0, kept), rest: sorted.slice(kept) };
}

function capFamily(
  { family, enumerated, listKeys }: KeyedFamily,
  max: number,
): { family: MetricFamily; overflow: number } {
  // No more samples than the cap cannot be more label sets: the common case costs nothing.
  if (family.samples.length <= max) return { family, overflow: 0 };
  const keys = listKeys();
  const objects = [...new Set(keys)];
  if (objects.length <= max) return { family, overflow: 0 };
  const kept = new Set(objects.sort(compareText).slice(0, max - 1));
  const folded = foldSamples(family, (index) => !kept.has(keys[index] ?? ''), enumerated);
  return { family: folded, overflow: objects.length - kept.size };
}

/** Samples that stay apart keep their labels, so that only the rest has to be looked at. */
function foldSamples(
  family: MetricFamily,
  isFolded: (index: number) => boolean,
  enumerated: ReadonlySet<string>,
): MetricFamily {
  const isKept = (name: string): boolean => connectionLabels.has(name) || enumerated.has(name);
  const apart = filterSamples(family, (_, index) => !isFolded(index));
  const rest = filterSamples(family, (_, index) => isFolded(index));
  const grouping = { key: createFoldedKey(isKept), relabel: (labels: Labels) => foldLabels(labels, isKept) };
  return joinFamilies(apart, rollUp(rest, grouping));
}

/**
 * The key of a label set as it will be: by the values that stay and the names of all. The folded labels themselves are made
 * once a group, and not once a sample, of which there may be hundreds of thousands.
 */
function createFoldedKey(isKept: (name: string) => boolean): (labels: Labels) => string {
  const formatKept = createKeyFormat({ has: (name) => !isKept(name) });
  const formatNames = createNameFormat();
  return (labels) => `${formatNames(labels)} ${formatKept(labels)}`;
}

function foldLabels(labels: Labels, isKept: (name: string) => boolean): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, isKept(name) ? value : overflowValue]),
  );
}
