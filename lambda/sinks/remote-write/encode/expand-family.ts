/** Turns the samples of a family into the series of each of its names, histograms into buckets. */
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
import { formatBound } from '../../../prometheus-text/numbers.ts';
import { bucketLabel } from '../../../series/label-set.ts';
import { isSoundHistogram } from '../../../series/sound-histogram.ts';

/** Which of its series a family gives under one name: a histogram has three names, everything else has one. */
export type SeriesKind = 'value' | 'bucket' | 'sum' | 'count';

/** Why a sample cannot be written. */
export type OmissionReason = 'no-total' | 'metric-name' | 'label-name' | 'histogram' | 'duplicate';

/** Takes one series; the start is that of a running total. */
export type PutSample = (labels: Labels, value: number, startMs: number | undefined, more?: Extra) => void;
export interface Extra {
  readonly exemplar: Exemplar;
}
export type OmitSample = (reason: OmissionReason) => void;

/** The names under which a family is written. */
export function collectNames({ type, definition: { name } }: MetricFamily): readonly (readonly [string, SeriesKind])[] {
  if (type !== 'distribution') return [[name, 'value']];
  return [
    [`${name}_bucket`, 'bucket'],
    [`${name}_count`, 'count'],
    [`${name}_sum`, 'sum'],
  ];
}

/** Whether a part stands for its samples one by one, so that what is left out is counted once. */
export function isCounted(kind: SeriesKind): boolean {
  return kind === 'value' || kind === 'count';
}

/** How many series a part gives; a histogram has a bucket for each bound and one for the rest. */
export function countSeries(family: MetricFamily, kind: SeriesKind): number {
  if (family.type !== 'distribution' || kind !== 'bucket') return family.samples.length;
  return family.samples.reduce((sum, { total }) => sum + (total?.counts.length ?? 0), 0);
}

/** Receivers keep running totals, so a counter or distribution that only knows its increase has no value to send. */
export function expandFamily(family: MetricFamily, kind: SeriesKind, put: PutSample, omit: OmitSample): void {
  if (family.type === 'distribution') expandHistograms(family, kind, put, omit);
  else expandValues(family, put, omit);
}

function expandValues(family: GaugeFamily | CounterFamily, put: PutSample, omit: OmitSample): void {
  if (family.type === 'gauge') {
    for (const { labels, value } of family.samples) put(labels, value, undefined);
    return;
  }
  for (const { labels, total } of family.samples) {
    if (total === undefined) omit('no-total');
    else put(labels, total.value, total.startMs);
  }
}

function expandHistograms({ samples }: DistributionFamily, kind: SeriesKind, put: PutSample, omit: OmitSample): void {
  let buckets = buildBuckets([]);
  for (const { labels, total, exemplars } of samples) {
    const reason = checkHistogram(labels, total);
    if (total === undefined || reason !== undefined) {
      omit(reason ?? 'no-total');
      continue;
    }
    const { bounds, counts, sum, startMs } = total;
    if (kind === 'sum') put(labels, sum, startMs);
    if (kind === 'count') put(labels, sumCounts(counts, counts.length), startMs);
    if (kind !== 'bucket') continue;
    if (buckets.bounds !== bounds) buckets = buildBuckets(bounds);
    const extras = groupExemplars(exemplars, bounds);
    for (const { le, upTo } of buckets.inOrder)
      put({ ...labels, [bucketLabel]: le }, sumCounts(counts, upTo), startMs, extras.get(upTo));
  }
}

const none: ReadonlyMap<number, Extra> = new Map();

/** Exemplars by the bucket that their value falls into, counted from 1; a bucket has room for one. */
function groupExemplars(
  exemplars: readonly Exemplar[] | undefined,
  bounds: readonly number[],
): ReadonlyMap<number, Extra> {
  if (exemplars === undefined) return none;
  return new Map(
    exemplars.map((exemplar) => {
      const at = bounds.findIndex((bound) => exemplar.value <= bound);
      return [at === -1 ? bounds.length + 1 : at + 1, { exemplar }];
    }),
  );
}

function checkHistogram(labels: Labels, total: RunningHistogram | undefined): OmissionReason | undefined {
  if (total === undefined) return 'no-total';
  if (!isSoundHistogram(total)) return 'histogram';
  return Object.hasOwn(labels, bucketLabel) ? 'label-name' : undefined;
}

interface Buckets {
  readonly bounds: readonly number[];
  /** By text, as their series are sorted; each counts all observations up to its bound. */
  readonly inOrder: readonly { readonly le: string; readonly upTo: number }[];
}

function buildBuckets(bounds: readonly number[]): Buckets {
  // Prometheus 3 stores 1 as "1.0"; another spelling would be another series.
  const buckets = [...bounds.map(formatBound), '+Inf'].map((le, index) => ({ le, upTo: index + 1 }));
  return { bounds, inOrder: buckets.sort((a, b) => compareText(a.le, b.le)) };
}

function sumCounts(counts: readonly number[], upTo: number): number {
  let total = 0;
  for (let index = 0; index < upTo; index += 1) total += counts[index] ?? 0;
  return total;
}
