/** Finds the name and the tags of a series: the collector's own, or those of Buildkite's tool. */
import { findToolFigure, formatStatsdName } from '../../../model/for-sinks/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import { compareText } from '../../../model/families/order.ts';
import { cleanName, type CleanTag, cleanTag } from './clean-names.ts';

export interface SeriesName {
  readonly name: string;
  /** Sorted, each key once. */
  readonly tags: readonly CleanTag[];
}

export interface NamingSettings {
  readonly compat: boolean;
  /** Added to every series that has no tag of that key. */
  readonly tags: Labels;
  /** Name of the deployment. */
  readonly collector: string;
}

type Pair = readonly [key: string, value: string];

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

/** Names the series of one metric; a series without a name is one that Datadog cannot keep. */
export function createNaming(
  definition: MetricDefinition,
  { compat, tags: constant, collector }: NamingSettings,
  clean: CleanPair,
): (labels: Labels) => SeriesName | undefined {
  const figure = compat ? findToolFigure(definition) : undefined;
  if (figure !== undefined) {
    const added = normalizeKeys(constant);
    return (labels) => {
      const { name, tags } = formatStatsdName(figure, labels, 'tags');
      return { name, tags: buildTags(tags, added, clean) };
    };
  }
  const name = cleanName(definition.name);
  if (name === undefined) return () => undefined;
  const added = normalizeKeys({ collector, ...constant });
  return (labels) => ({ name, tags: buildTags(Object.entries(labels), added, clean) });
}

/** A label without a value is no tag: that is what it means. Datadog knows no upper case, in keys neither. */
function buildTags(own: readonly Pair[], added: readonly Pair[], clean: CleanPair): readonly CleanTag[] {
  const tags: CleanTag[] = [];
  for (const [key, value] of own) if (value !== '') tags.push(clean(key, value));
  for (const [key, value] of added) if (!own.some(([taken]) => taken === key)) tags.push(clean(key, value));
  return tags.sort(compareTags);
}

function compareTags(a: CleanTag, b: CleanTag): number {
  return compareText(a.text, b.text);
}

function normalizeKeys(tags: Labels): readonly Pair[] {
  return Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]);
}
