/** Finds the name and the tags of a series: the collector's own, or those of Buildkite's tool. */
import { toolFigureOf, toolNameInStatsd } from '../../../model/buildkite-tool.ts';
import type { Labels, MetricDefinition } from '../../../model/metric.ts';
import { compareText } from '../../../model/order.ts';
import { cleanName, type CleanTag, cleanTag } from './clean.ts';

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

export function rememberTags(onNew: (tag: CleanTag, written: string) => void): CleanPair {
  const known = new Map<string, CleanTag>();
  return (key, value) => {
    const written = `${key}:${value}`;
    const found = known.get(written);
    if (found !== undefined) return found;
    const tag = cleanTag(key, value);
    known.set(written, tag);
    onNew(tag, written);
    return tag;
  };
}

/** Names the series of one metric; a series without a name is one that Datadog cannot keep. */
export function nameSeries(
  definition: MetricDefinition,
  { compat, tags: constant, collector }: NamingSettings,
  clean: CleanPair,
): (labels: Labels) => SeriesName | undefined {
  const figure = compat ? toolFigureOf(definition) : undefined;
  if (figure !== undefined) {
    const added = Object.entries(constant);
    return (labels) => {
      const { name, tags } = toolNameInStatsd(figure, labels, 'tags');
      return { name, tags: tagsOf(tags, added, clean) };
    };
  }
  const name = cleanName(definition.name);
  if (name === undefined) return () => undefined;
  const added = Object.entries({ collector, ...constant });
  return (labels) => ({ name, tags: tagsOf(Object.entries(labels), added, clean) });
}

/** A label without a value is no tag: that is what it means. */
function tagsOf(own: readonly Pair[], added: readonly Pair[], clean: CleanPair): readonly CleanTag[] {
  const keys = new Set(own.map(([key]) => key.toLowerCase()));
  const pairs = [...own, ...added.filter(([key]) => !keys.has(key.toLowerCase()))];
  return pairs
    .filter(([, value]) => value !== '')
    .map(([key, value]) => clean(key, value))
    .sort((a, b) => compareText(a.text, b.text));
}
