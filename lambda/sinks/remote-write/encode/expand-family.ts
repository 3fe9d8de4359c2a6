import type {
  CounterFamily,
  DistributionFamily,
  Exemplar,
  GaugeFamily,
  Labels,
  MetricFamily,
  RunningHistogram,
} from '../../../model/metric.ts';
import { compareText } from '../../../model/families/order.ts';
import { boundText } from '../../../prometheus-text/numbers.ts';
import { bucketLabel } from '../../../series/label-set.ts';
import { isSoundHistogram } from '../../../series/sound-histogram.ts';

/** Which of its series a family gives under one name: a histogram has three names, everything else has one. */
export type Part = 'value' | 'bucket' | 'sum' | 'count';

/** Why a sample cannot be written. */
export type Flaw = 'no-total' | 'metric-name' | 'label-name' | 'histogram' | 'duplicate';

/** Takes one series; the start is that of a running total. */
export type Put = (labels: Labels, value: number, startMs: number | undefined, more?: Extra) => void;
export interface Extra {
  readonly exemplar: Exemplar;
}
export type Omit = (flaw: Flaw) => void;

/** The names under which a family is written. */
export function namesOf({ type, definition: { name } }: MetricFamily): readonly (readonly [string, Part])[] {
  if (type !== 'distribution') return [[name, 'value']];
  return [
    [`${name}_bucket`, 'bucket'],
    [`${name}_count`, 'count'],
    [`${name}_sum`, 'sum'],
  ];
}

/** Whether a part stands for its samples one by one, so that what is left out is counted once. */
export function isCounted(part: Part): boolean {
  return part === 'value' || part === 'count';
}

/** How many series a part gives; a histogram has a bucket for each bound and one for the rest. */
export function seriesIn(family: MetricFamily, part: Part): number {
  if (family.type !== 'distribution' || part !== 'bucket') return family.samples.length;
  return family.samples.reduce((sum, { total }) => sum + (total?.counts.length ?? 0), 0);
}

/** Receivers keep running totals, so a counter or distribution that only knows its increase has no value to send. */
export function expand(family: MetricFamily, part: Part, put: Put, omit: Omit): void {
  if (family.type === 'distribution') expandHistograms(family, part, put, omit);
  else expandValues(family, put, omit);
}

function expandValues(family: GaugeFamily | CounterFamily, put: Put, omit: Omit): void {
  if (family.type === 'gauge') {
    for (const { labels, value } of family.samples) put(labels, value, undefined);
    return;
  }
  for (const { labels, total } of family.samples) {
    if (total === undefined) omit('no-total');
    else put(labels, total.value, total.startMs);
  }
}

function expandHistograms({ samples }: DistributionFamily, part: Part, put: Put, omit: Omit): void {
  let buckets = bucketsOf([]);
  for (const { labels, total, exemplars } of samples) {
    const flaw = flawOf(labels, total);
    if (total === undefined || flaw !== undefined) {
      omit(flaw ?? 'no-total');
      continue;
    }
    const { bounds, counts, sum, startMs } = total;
    if (part === 'sum') put(labels, sum, startMs);
    if (part === 'count') put(labels, totalOf(counts, counts.length), startMs);
    if (part !== 'bucket') continue;
    if (buckets.bounds !== bounds) buckets = bucketsOf(bounds);
    const extras = extrasOf(exemplars, bounds);
    for (const { le, upTo } of buckets.inOrder)
      put({ ...labels, [bucketLabel]: le }, totalOf(counts, upTo), startMs, extras.get(upTo));
  }
}

const none: ReadonlyMap<number, Extra> = new Map();

/** Exemplars by the bucket that their value falls into, counted from 1; a bucket has room for one. */
function extrasOf(exemplars: readonly Exemplar[] | undefined, bounds: readonly number[]): ReadonlyMap<number, Extra> {
  if (exemplars === undefined) return none;
  return new Map(
    exemplars.map((exemplar) => {
      const at = bounds.findIndex((bound) => exemplar.value <= bound);
      return [at === -1 ? bounds.length + 1 : at + 1, { exemplar }];
    }),
  );
}

function flawOf(labels: Labels, total: RunningHistogram | undefined): Flaw | undefined {
  if (total === undefined) return 'no-total';
  if (!isSoundHistogram(total)) return 'histogram';
  return Object.hasOwn(labels, bucketLabel) ? 'label-name' : undefined;
}

interface Buckets {
  readonly bounds: readonly number[];
  /** By text, as their series are sorted; each counts all observations up to its bound. */
  readonly inOrder: readonly { readonly le: string; readonly upTo: number }[];
}

function bucketsOf(bounds: readonly number[]): Buckets {
  // Prometheus 3 stores 1 as "1.0"; another spelling would be another series.
  const buckets = [...bounds.map(boundText), '+Inf'].map((le, index) => ({ le, upTo: index + 1 }));
  return { bounds, inOrder: buckets.sort((a, b) => compareText(a.le, b.le)) };
}

function totalOf(counts: readonly number[], upTo: number): number {
  let total = 0;
  for (let index = 0; index < upTo; index += 1) total += counts[index] ?? 0;
  return total;
}
