/** Merges families of one name, each series once. */
import type { Labels, MetricFamily } from '../metric.ts';
import { sortFamilies, isSameSeries } from './order.ts';

export interface Merged {
  readonly families: readonly MetricFamily[];
  /** Series that two parts gave under the same name and labels; the first is kept. */
  readonly duplicates: number;
}

/** One family per metric name with every series once, in canonical order: what a text page or one write request needs. */
export function mergeFamilies(families: readonly MetricFamily[]): Merged {
  const byName = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = byName.get(family.definition.name);
    byName.set(family.definition.name, known === undefined ? family : joinFamilies(known, family));
  }
  const withoutDuplicates = sortFamilies([...byName.values()]).map(dropDuplicates);
  return {
    families: withoutDuplicates.map(({ family }) => family),
    duplicates: withoutDuplicates.reduce((sum, { duplicates }) => sum + duplicates, 0),
  };
}

/** The samples of both. @throws TypeError for two types of metric. */
export function joinFamilies(a: MetricFamily, b: MetricFamily): MetricFamily {
  if (a.type === 'gauge' && b.type === 'gauge') return { ...a, samples: [...a.samples, ...b.samples] };
  if (a.type === 'counter' && b.type === 'counter') return { ...a, samples: [...a.samples, ...b.samples] };
  if (a.type === 'distribution' && b.type === 'distribution') return { ...a, samples: [...a.samples, ...b.samples] };
  throw new TypeError(`two metrics are named ${a.definition.name}: one is a ${a.type}, the other a ${b.type}`);
}

/** In canonical order the samples of one label set stand side by side, the first part's first. */
function dropDuplicates(family: MetricFamily): { family: MetricFamily; duplicates: number } {
  let before: Labels | undefined;
  const isFirst = ({ labels }: { readonly labels: Labels }): boolean => {
    const isRepeated = before !== undefined && isSameSeries(before, labels);
    before = labels;
    return !isRepeated;
  };
  const kept = filterSamples(family, isFirst);
  return { family: kept, duplicates: family.samples.length - kept.samples.length };
}

/** Keeps the samples that pass, whatever the family's type. */
export function filterSamples(
  family: MetricFamily,
  keep: (sample: { readonly labels: Labels }, index: number) => boolean,
): MetricFamily {
  switch (family.type) {
    case 'gauge':
      return { ...family, samples: family.samples.filter(keep) };
    case 'counter':
      return { ...family, samples: family.samples.filter(keep) };
    case 'distribution':
      return { ...family, samples: family.samples.filter(keep) };
  }
}
