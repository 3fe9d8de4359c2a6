import type { Labels, MetricFamily } from './metric.ts';
import { overflowValue } from './labels.ts';
import { compareText, seriesKey } from './order.ts';
import { rollUp } from './roll-up.ts';

export interface Capped {
  readonly families: readonly MetricFamily[];
  /** How many label sets were folded into `#other#`, over all families. */
  readonly overflow: number;
}

/** Labels that say which connection a series belongs to; they are never folded. */
const identity: ReadonlySet<string> = new Set(['system', 'source', 'sink']);

/**
 * Holds each family at `max` label sets, not counting the values of enumerated labels, and folds the rest into one
 * `#other#` series by the family's own combination. Who stays is decided by name, so the choice is the same each run.
 */
export function capSeries(families: readonly MetricFamily[], max: number): Capped {
  const capped = families.map((family) => capFamily(family, max));
  return {
    families: capped.map(({ family }) => family),
    overflow: capped.reduce((sum, { overflow }) => sum + overflow, 0),
  };
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
