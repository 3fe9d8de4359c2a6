/** Holds the series of each metric below a limit, and tells what it has folded and by which setting. */
import type { Labels, MetricDefinition, MetricFamily } from '../metric.ts';
import { overflowValue } from '../text/labels.ts';
import { compareText, seriesKey } from '../families/order.ts';
import { rollUp } from '../families/roll-up.ts';

/** Most label sets of a metric that are kept apart. */
export interface SeriesCaps {
  /** Of names that anybody can invent: pipelines, branches, environments, workflows. */
  readonly maxSeriesPerMetric: number;
  /** Of queues and workers, which somebody had to make; absent: as many as of other names. */
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
export function capOf(
  { labels, enumerated = {} }: MetricDefinition,
  { maxSeriesPerMetric, maxQueuesPerMetric }: SeriesCaps,
): Pick<Folding, 'most' | 'setting'> {
  const named = labels.filter((label) => !identity.has(label) && !Object.hasOwn(enumerated, label));
  return named.every((label) => ofQueues.has(label))
    ? { most: maxQueuesPerMetric ?? maxSeriesPerMetric, setting: 'queuesPerMetric' }
    : { most: maxSeriesPerMetric, setting: 'seriesPerMetric' };
}

/** Labels that say which connection a series belongs to; they are never folded. */
const identity: ReadonlySet<string> = new Set(['system', 'source', 'sink']);

/**
 * Holds each family at its limit of label sets, not counting the values of enumerated labels, and folds the rest into one
 * `#other#` series by the family's own combination. Who stays is decided by name, so the choice is the same each run.
 * Where there is less room than the limits allow, one lower limit holds for all: all metrics of those who stay, stay.
 */
export function capSeries(families: readonly MetricFamily[], caps: SeriesCaps): Capped {
  const within = levelFor(families, caps);
  const capped = families.map((family) => {
    const { most, setting } = capOf(family.definition, caps);
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

/** A limit below this one would leave nothing but `#other#`. */
const leastLevel = 2;

/** The greatest limit of label sets by which all families together have room; Infinity where they have it anyhow. */
function levelFor(families: readonly MetricFamily[], caps: SeriesCaps): number {
  const { room = Infinity } = caps;
  if (families.reduce((sum, { samples }) => sum + samples.length, 0) <= room) return Infinity;
  const sizes = families.map(({ definition, samples }) => {
    const enumerated = new Set(Object.keys(definition.enumerated ?? {}));
    const objects = new Set(samples.map(({ labels }) => seriesKey(without(labels, enumerated)))).size;
    return { objects: Math.min(objects, capOf(definition, caps).most), each: samples.length / Math.max(1, objects) };
  });
  const takenAt = (level: number): number =>
    sizes.reduce((sum, { objects, each }) => sum + each * Math.min(objects, level), 0);
  if (takenAt(Infinity) <= room) return Infinity;
  let [low, high] = [leastLevel, sizes.reduce((most, { objects }) => Math.max(most, objects), leastLevel)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (takenAt(middle) <= room) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Parts what has labels into who stays apart under a limit and who is folded, by the same rule as `capSeries`: for
 * sources that can add up the rest before they make samples of it.
 */
export function partAtCap<Item>(
  items: readonly Item[],
  most: number,
  labelsOf: (item: Item) => Labels,
): { readonly apart: readonly Item[]; readonly rest: readonly Item[] } {
  if (items.length <= most) return { apart: items, rest: [] };
  const keyed = items.map((item) => ({ item, key: seriesKey(labelsOf(item)) }));
  const sorted = keyed.sort((a, b) => compareText(a.key, b.key)).map(({ item }) => item);
  const kept = Math.max(1, most - 1);
  return { apart: sorted.slice(0, kept), rest: sorted.slice(kept) };
}

function capFamily(family: MetricFamily, max: number): { family: MetricFamily; overflow: number } {
  // No more samples than the cap cannot be more label sets: the common case costs nothing.
  if (family.samples.length <= max) return { family, overflow: 0 };
  const enumerated = new Set(Object.keys(family.definition.enumerated ?? {}));
  const objectOf = (labels: Labels): string => seriesKey(without(labels, enumerated));
  const objects = [...new Set(family.samples.map(({ labels }) => objectOf(labels)))];
  if (objects.length <= max) return { family, overflow: 0 };
  const kept = new Set(objects.sort(compareText).slice(0, max - 1));
  const relabel = (labels: Labels): Labels => (kept.has(objectOf(labels)) ? labels : other(labels, enumerated));
  const folded = rollUp(family, { key: (labels) => seriesKey(relabel(labels)), relabel });
  return { family: folded, overflow: objects.length - kept.size };
}

function without(labels: Labels, names: ReadonlySet<string>): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.has(name)));
}

function other(labels: Labels, enumerated: ReadonlySet<string>): Labels {
  const keeps = (name: string): boolean => identity.has(name) || enumerated.has(name);
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, keeps(name) ? value : overflowValue]));
}
