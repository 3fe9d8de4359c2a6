/** The canonical order of families and samples, and the key by which a series is found. */
import type { Labels, MetricFamily } from '../metric.ts';

/** Code-unit order, which is byte order for the ASCII names of metrics and labels; locale order differs by machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** One text for one label set, whatever the order in which the labels were written; no other set has it. */
export function formatSeriesKey(labels: Labels): string {
  return formatKey(labels, sortNames(labels));
}

/**
 * The same for many label sets, without some of the labels. Those of one family mostly have the same names in the same
 * order, which are then sorted once.
 */
export function createKeyFormat(omitted: Pick<ReadonlySet<string>, 'has'>): (labels: Labels) => string {
  const findNames = rememberNames((names) => names.filter((name) => !omitted.has(name)).sort(compareText));
  return (labels) => formatKey(labels, findNames(labels));
}

/** The names of many label sets, in order, as one text that no other names have. */
export function createNameFormat(): (labels: Labels) => string {
  return rememberNames((names) => JSON.stringify(names.toSorted(compareText)));
}

/** What follows from the names of a label set, made anew only where they differ from those of the one before. */
function rememberNames<Value>(make: (names: readonly string[]) => Value): (labels: Labels) => Value {
  let last: { readonly names: readonly string[]; readonly value: Value } | undefined;
  return (labels) => {
    const names = Object.keys(labels);
    if (last === undefined || !isEqualList(names, last.names)) last = { names, value: make(names) };
    return last.value;
  };
}

function isEqualList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** The values of `names` as one text that no other values have: each is preceded by its length. */
export function formatKey(labels: Labels, names: readonly string[]): string {
  let key = '';
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) key += `${name}=${String(value.length)}:${value};`;
  }
  return key;
}

/** Most label sets are written in order already; sorting the rest is what costs. */
function sortNames(labels: Labels): readonly string[] {
  const names = Object.keys(labels);
  return isSorted(names, compareText) ? names : names.sort(compareText);
}

function isSorted<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): boolean {
  for (let index = 1; index < items.length; index += 1) {
    const a = items[index - 1];
    const b = items[index];
    if (a !== undefined && b !== undefined && compare(a, b) > 0) return false;
  }
  return true;
}

/** Families by name, samples by labels, so that equal data gives equal bytes in every sink. */
export function sortFamilies(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return families.map(sortSamples).sort((a, b) => compareText(a.definition.name, b.definition.name));
}

function sortSamples(family: MetricFamily): MetricFamily {
  switch (family.type) {
    case 'gauge':
      return { ...family, samples: sortBySeries(family.samples) };
    case 'counter':
      return { ...family, samples: sortBySeries(family.samples) };
    case 'distribution':
      return { ...family, samples: sortBySeries(family.samples) };
  }
}

/** What is in order, of all that was asked for: sinks ask again for what a source's reading has put in order. */
const sorted = new WeakSet<readonly unknown[]>();

function sortBySeries<Sample extends { readonly labels: Labels }>(samples: readonly Sample[]): readonly Sample[] {
  const [first] = samples;
  if (first === undefined || sorted.has(samples)) return samples;
  // Label by label, as people read it: a key that starts with a length would put `b` before `aa`.
  const names = sortNames(first.labels);
  const compare = (a: Sample, b: Sample): number => compareLabels(a.labels, b.labels, names);
  const inOrder = isSorted(samples, compare) ? samples : samples.toSorted(compare);
  sorted.add(inOrder);
  return inOrder;
}

function compareLabels(a: Labels, b: Labels, names: readonly string[]): number {
  for (const name of names) {
    const order = compareText(a[name] ?? '', b[name] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

export function isSameSeries(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  // Nearly all series differ, so that the names of the second are hardly ever needed.
  return names.every((name) => a[name] === b[name]) && names.length === Object.keys(b).length;
}
