/** Makes the values of one family's points, as running totals or as what the run added. */
import type { CounterSample, DistributionSample, Exemplar, Labels, MetricFamily } from '../../../model/metric.ts';
import { durationBounds } from '../../../model/run-metrics.ts';
import { isSoundHistogram } from '../../../series/sound-histogram.ts';
import { exponentialOf, exponentialOfBuckets } from './exponential.ts';
import type { MetricKind, PointValue, Temporality } from './point.ts';

/** Why a sample cannot be told. */
export type Flaw = 'no-total' | 'histogram' | 'duplicate' | 'other-kind' | 'attributes' | 'size' | 'time';

/** How the operator wants points to be. */
export interface PointSettings {
  readonly temporality: Temporality;
  readonly histograms: 'explicit' | 'exponential';
  readonly exemplars: 'send' | 'omit';
}

export interface RawPoint {
  readonly labels: Labels;
  readonly value: PointValue;
  /** Of a running total; the interval of an increase begins with the run. Epoch milliseconds. */
  readonly startMs: number | undefined;
  readonly exemplars?: readonly Exemplar[];
}

export function kindOf({ type }: Pick<MetricFamily, 'type'>, { histograms }: PointSettings): MetricKind {
  if (type !== 'distribution') return type;
  return histograms === 'explicit' ? 'histogram' : 'exponential';
}

export function* pointsOfFamily(
  family: MetricFamily,
  settings: PointSettings,
  omit: (flaw: Flaw) => void,
): Generator<RawPoint> {
  if (family.type === 'gauge') {
    for (const { labels, value } of family.samples)
      yield { labels, value: { type: 'number', value }, startMs: undefined };
    return;
  }
  if (family.type === 'counter') {
    for (const sample of family.samples) yield* counterPoint(sample, settings, omit);
    return;
  }
  const fallback = family.definition.bounds ?? durationBounds;
  for (const sample of family.samples) yield* histogramPoint(sample, settings, fallback, omit);
}

/** An increase of nothing is left out: who adds up takes what is absent for 0. */
function* counterPoint(
  { labels, increase, total }: CounterSample,
  { temporality }: PointSettings,
  omit: (flaw: Flaw) => void,
): Generator<RawPoint> {
  if (temporality === 'delta') {
    if (increase !== 0) yield { labels, value: { type: 'number', value: increase }, startMs: undefined };
  } else if (total === undefined) omit('no-total');
  else yield { labels, value: { type: 'number', value: total.value }, startMs: total.startMs };
}

function* histogramPoint(
  sample: DistributionSample,
  settings: PointSettings,
  fallback: readonly number[],
  omit: (flaw: Flaw) => void,
): Generator<RawPoint> {
  const { labels, total, exemplars } = sample;
  const shown = settings.exemplars === 'send' && exemplars !== undefined ? { exemplars } : {};
  if (settings.temporality === 'delta') {
    if (sample.observations.length === 0) return;
    const value = increaseOf(sample, settings, fallback);
    if (value === undefined) omit('histogram');
    else yield { labels, value, startMs: undefined, ...shown };
    return;
  }
  if (total === undefined || !isSoundHistogram(total)) {
    omit(total === undefined ? 'no-total' : 'histogram');
    return;
  }
  const { bounds, counts, sum, startMs } = total;
  const value: PointValue =
    settings.histograms === 'explicit'
      ? { type: 'histogram', bounds, counts, sum }
      : { type: 'exponential', ...exponentialOfBuckets({ bounds, counts, sum }) };
  yield { labels, value, startMs, ...shown };
}

function increaseOf(
  { observations, total }: DistributionSample,
  { histograms }: PointSettings,
  fallback: readonly number[],
): PointValue | undefined {
  // A value that is none has no bucket.
  if (observations.some((value) => !Number.isFinite(value))) return undefined;
  if (histograms === 'exponential') return { type: 'exponential', ...exponentialOf(observations) };
  const bounds = total?.bounds ?? fallback;
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const value of observations) {
    const at = bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? bounds.length : at;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return {
    type: 'histogram',
    bounds,
    counts,
    sum: observations.reduce((sum, value) => sum + value, 0),
    min: observations.reduce((least, value) => Math.min(least, value), Infinity),
    max: observations.reduce((greatest, value) => Math.max(greatest, value), -Infinity),
  };
}
