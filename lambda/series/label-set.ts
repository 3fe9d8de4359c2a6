/** The labels of a series as one flat list, and the order in which series stand. */

/** Name, value, name, value, …, sorted by name. */
export type LabelSet = readonly string[];

/** The label that tells the buckets of a histogram apart. */
export const bucketLabel = 'le';

/** Empty for a label that the series does not have. */
export function findLabel(labels: LabelSet, name: string): string {
  for (let at = 0; at < labels.length; at += 2) if (labels[at] === name) return labels[at + 1] ?? '';
  return '';
}

/**
 * A total order of label sets, label by label, but `le` after all others: the buckets of one histogram stand side by
 * side, and samples in canonical order give their series in this order without being sorted. Zero for equal sets only.
 */
export function compareSets(a: LabelSet, b: LabelSet): number {
  let buckets = 0;
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const one = a[at] ?? '';
    const other = b[at] ?? '';
    if (one === other) continue;
    const order = one < other ? -1 : 1;
    // At an odd place stands the value of the name before it.
    if (at % 2 === 0 || a[at - 1] !== bucketLabel) return order;
    buckets = order;
  }
  return a.length - b.length || buckets;
}
