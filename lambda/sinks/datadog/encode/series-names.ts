/** Finds the name and the tags of a series: the collector's own, or those of Buildkite's tool. */
import { findToolFigure, formatStatsdName } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import { compareText } from '../../../model/families/order.ts';
import { cleanName, type CleanTag, cleanTag } from './clean-names.ts';

export interface SeriesName {
  readonly name: string;
  /** Sorted, each key once. */
  readonly tags: readonly string[];
  /** Whether a tag is longer than Datadog keeps. */
  readonly isCut: boolean;
  /** The same tags with an empty text for each label that has no value: one for each of `keys`. */
  readonly slots: readonly string[];
  /** The same list for all series of a metric that have the same labels. */
  readonly keys: readonly string[];
}

/** Names the series of one metric. */
export interface MetricNaming {
  /** Series of metrics with another one never have the same name. */
  readonly group: string;
  /** Undefined for a series that Datadog cannot keep. */
  readonly makeName: (labels: Labels) => SeriesName | undefined;
}

export interface NamingSettings {
  readonly compat: boolean;
  /** Added to every series that has no tag of that key. */
  readonly tags: Labels;
  /** Name of the deployment. */
  readonly collector: string;
}

/** Tags are few and come again in every metric: each is cleaned once. */
export type CleanPair = (key: string, value: string) => CleanTag;

export function createTagMemory(onNew: (tag: CleanTag, written: string) => void): CleanPair {
  const byKey = new Map<string, Map<string, CleanTag>>();
  return (key, value) => {
    const known = byKey.get(key) ?? new Map<string, CleanTag>();
    const found = known.get(value);
    if (found !== undefined) return found;
    const tag = cleanTag(key, value);
    byKey.set(key, known.set(value, tag));
    onNew(tag, `${key}:${value}`);
    return tag;
  };
}

export function createNaming(
  definition: MetricDefinition,
  { compat, tags: constant, collector }: NamingSettings,
  clean: CleanPair,
): MetricNaming {
  const figure = compat ? findToolFigure(definition) : undefined;
  if (figure !== undefined) {
    const makeTags = createTagMaker(normalizeKeys(constant), clean);
    return {
      group: `tool ${figure.metric}`,
      makeName: (labels) => {
        const { name, tags } = formatStatsdName(figure, labels, 'tags');
        return { name, ...makeTags(Object.fromEntries(tags)) };
      },
    };
  }
  const name = cleanName(definition.name);
  if (name === undefined) return { group: definition.name, makeName: () => undefined };
  const makeTags = createTagMaker(normalizeKeys({ collector, ...constant }), clean);
  return { group: name, makeName: (labels) => ({ name, ...makeTags(labels) }) };
}

/** A total order of names and tags that have the same keys; false where they have others. */
export function isAfter(a: SeriesName, b: SeriesName): boolean {
  if (a.keys !== b.keys) return false;
  if (a.name !== b.name) return a.name > b.name;
  for (let at = 0; at < a.slots.length; at += 1) {
    const one = a.slots[at] ?? '';
    const other = b.slots[at] ?? '';
    if (one !== other) return one > other;
  }
  return false;
}

/** A label without a value is no tag: that is what it means. */
function createTagMaker(added: Labels, clean: CleanPair): (labels: Labels) => Omit<SeriesName, 'name'> {
  let written: readonly string[] = [];
  let keys: readonly string[] = sortKeys(written, added);
  return (labels) => {
    const own = Object.keys(labels);
    // The series of a metric have the same labels, so that their order is found once.
    if (!isSameList(own, written)) {
      written = own;
      keys = sortKeys(own, added);
    }
    const { slots, isCut } = writeSlots(keys, (key) => labels[key] ?? added[key] ?? '', clean);
    return { tags: slots.includes('') ? slots.filter((text) => text !== '') : slots, isCut, slots, keys };
  };
}

function writeSlots(
  keys: readonly string[],
  findValue: (key: string) => string,
  clean: CleanPair,
): Pick<SeriesName, 'slots' | 'isCut'> {
  const slots: string[] = [];
  let isCut = false;
  for (const key of keys) {
    const value = findValue(key);
    const tag = value === '' ? undefined : clean(key, value);
    slots.push(tag?.text ?? '');
    if (tag?.isCut === true) isCut = true;
  }
  return { slots, isCut };
}

function sortKeys(own: readonly string[], added: Labels): readonly string[] {
  return [...new Set([...own, ...Object.keys(added)])].sort((a, b) => compareText(`${a}:`, `${b}:`));
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}

/** Datadog knows no upper case, in keys neither. */
function normalizeKeys(tags: Labels): Labels {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]));
}
