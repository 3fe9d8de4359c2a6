/** Puts the lines of a histogram on a page together, and finds those that contradict each other. */
import { parseValue } from './numbers.ts';
import type { PageExemplar, PageFamily, PageLabels, PageSample } from './page.ts';

/** One histogram of a family, its lines put together. */
export interface PageHistogram {
  /** Without `le`. */
  readonly labels: PageLabels;
  /** Finite upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** Not cumulative; one more than bounds, the last one above all of them. */
  readonly counts: readonly number[];
  /** Absent where the page has none. */
  readonly sum?: number;
  /** When it began to count, where OpenMetrics says so. Epoch milliseconds. */
  readonly startMs?: number;
  readonly timestampMs?: number;
  readonly exemplars: readonly PageExemplar[];
}

export interface PageHistograms {
  readonly histograms: readonly PageHistogram[];
  /** Label sets whose buckets fall, lack `+Inf` or do not add up to `_count`: it is not known which line is right. */
  readonly unsound: readonly PageLabels[];
}

interface Group {
  readonly labels: PageLabels;
  readonly buckets: Map<number, PageSample>;
  sum?: PageSample;
  count?: PageSample;
  created?: PageSample;
}

/** The histograms of a family, one for each label set; lines may come in any order. */
export function buildHistograms(family: PageFamily): PageHistograms {
  const histograms: PageHistogram[] = [];
  const unsound: PageLabels[] = [];
  for (const group of groupSamples(family)) {
    const histogram = buildHistogram(group);
    if (histogram === undefined) unsound.push(group.labels);
    else histograms.push(histogram);
  }
  return { histograms, unsound };
}

function groupSamples({ name, samples }: PageFamily): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const sample of samples) {
    const labels = omitLabel(sample.labels, 'le');
    const key = JSON.stringify([...labels]);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { labels, buckets: new Map() }));
    assignSample(group, sample, sample.name.slice(name.length));
  }
  return groups.values();
}

function assignSample(group: Group, sample: PageSample, suffix: string): void {
  // `le="1"` and `le="1.0"` are one bound; the later line counts, as for any series that is repeated.
  if (suffix === '_bucket') group.buckets.set(parseValue(sample.labels.get('le') ?? '') ?? NaN, sample);
  else if (suffix === '_sum' || suffix === '_gsum') group.sum = sample;
  else if (suffix === '_count' || suffix === '_gcount') group.count = sample;
  else if (suffix === '_created') group.created = sample;
}

function buildHistogram({ labels, buckets, sum, count, created }: Group): PageHistogram | undefined {
  const ascending = [...buckets].sort(([a], [b]) => a - b);
  const last = buckets.get(Infinity);
  if (last === undefined || (count ?? last).value !== last.value) return undefined;
  const counts = computeDifferences(ascending.map(([, { value }]) => value));
  if (counts === undefined) return undefined;
  const { timestampMs } = count ?? last;
  return {
    labels,
    bounds: ascending.slice(0, -1).map(([bound]) => bound),
    counts,
    ...(sum === undefined ? {} : { sum: sum.value }),
    ...(created === undefined ? {} : { startMs: Math.round(created.value * 1000) }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
    exemplars: ascending.flatMap(([, { exemplar }]) => exemplar ?? []),
  };
}

/** Undefined for values that fall. */
function computeDifferences(cumulative: readonly number[]): readonly number[] | undefined {
  const counts = cumulative.map((value, index) => value - (cumulative[index - 1] ?? 0));
  return counts.every((count) => count >= 0) ? counts : undefined;
}

/** The labels but one. */
export function omitLabel(labels: PageLabels, name: string): PageLabels {
  if (!labels.has(name)) return labels;
  return new Map([...labels].filter(([label]) => label !== name));
}
