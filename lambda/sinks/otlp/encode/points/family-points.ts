/** Makes the values of one family's points, as running totals or as what the run added. */
import type { CounterSample, DistributionSample, Exemplar, Labels, MetricFamily } from '../../../../model/metric.ts';
import { durationBounds } from '../../../../model/catalogue/bounds.ts';
import { isSoundHistogram } from '../../../../series/sound-histogram.ts';
import { buildExponential, convertToExponential } from './exponential-histogram.ts';
import type { MetricKind, PointValue, Temporality } from './point.ts';

/** Why a sample is left out. */
export type OmissionReason = 'no-total' | 'histogram' | 'duplicate' | 'other-kind' | 'attributes' | 'size' | 'time';

/** How the operator wants points to be. */
export interface PointSettings {
  readonly temporality: Temporality;
  readonly histograms: 'explicit' | 'exponential';
  readonly exemplars: 'send' | 'omit';
}

/** Takes one point; the start is that of a running total, for the interval of an increase begins with the run. */
export type PutPoint = (
  labels: Labels,
  value: PointValue,
  startMs: number | undefined,
  exemplars?: readonly Exemplar[],
) => void;
export type OmitPoint = (reason: OmissionReason) => void;

export function chooseKind({ type }: Pick<MetricFamily, 'type'>, { histograms }: PointSettings): MetricKind {
  if (type !== 'distribution') return type;
  return histograms === 'explicit' ? 'histogram' : 'exponential';
}

/** By calls and not one by one as they are asked for: a large batch has 150,000 of them. */
export function putFamily(family: MetricFamily, settings: PointSettings, put: PutPoint, omit: OmitPoint): void {
  if (family.type === 'gauge') {
    for (const { labels, value } of family.samples) put(labels, { type: 'number', value }, undefined);
    return;
  }
  if (family.type === 'counter') {
    for (const sample of family.samples) putCounter(sample, settings, put, omit);
    return;
  }
  const fallback = family.definition.bounds ?? durationBounds;
  for (const sample of family.samples) {
    if (settings.temporality === 'delta') putObservations(sample, { settings, fallback }, put, omit);
    else putHistogram(sample, settings, put, omit);
  }
}

/** An increase of 0 is left out: a receiver that adds up takes a missing one for 0. */
function putCounter(
  { labels, increase, total }: CounterSample,
  { temporality }: PointSettings,
  put: PutPoint,
  omit: OmitPoint,
): void {
  if (temporality === 'delta') {
    if (increase !== 0) put(labels, { type: 'number', value: increase }, undefined);
  } else if (total === undefined) omit('no-total');
  else put(labels, { type: 'number', value: total.value }, total.startMs);
}

function putObservations(
  sample: DistributionSample,
  { settings, fallback }: { readonly settings: PointSettings; readonly fallback: readonly number[] },
  put: PutPoint,
  omit: OmitPoint,
): void {
  if (sample.observations.length === 0) return;
  const value = buildIncrease(sample, settings, fallback);
  if (value === undefined) omit('histogram');
  else put(sample.labels, value, undefined, selectExemplars(sample, settings));
}

function putHistogram(sample: DistributionSample, settings: PointSettings, put: PutPoint, omit: OmitPoint): void {
  const { labels, total } = sample;
  if (total === undefined || !isSoundHistogram(total)) {
    omit(total === undefined ? 'no-total' : 'histogram');
    return;
  }
  const { bounds, counts, sum, startMs } = total;
  const value: PointValue =
    settings.histograms === 'explicit'
      ? { type: 'histogram', bounds, counts, sum }
      : { type: 'exponential', ...convertToExponential({ bounds, counts, sum }) };
  put(labels, value, startMs, selectExemplars(sample, settings));
}

function selectExemplars(
  { exemplars }: DistributionSample,
  { exemplars: choice }: PointSettings,
): readonly Exemplar[] | undefined {
  return choice === 'send' ? exemplars : undefined;
}

function buildIncrease(
  { observations, total }: DistributionSample,
  { histograms }: PointSettings,
  fallback: readonly number[],
): PointValue | undefined {
  // A value that is none has no bucket.
  if (observations.some((value) => !Number.isFinite(value))) return undefined;
  if (histograms === 'exponential') return { type: 'exponential', ...buildExponential(observations) };
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
