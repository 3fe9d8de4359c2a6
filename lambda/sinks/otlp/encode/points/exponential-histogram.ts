/** Turns observations, or a histogram with explicit bounds, into a histogram with exponential buckets. */
import { findGreatest, findLeast } from '../../../../model/lists/extremes.ts';
import type { Buckets, ExplicitHistogram, ExponentialHistogram } from './point.ts';

/** What the SDKs of OpenTelemetry take as default for the buckets of one sign. */
export const maxBuckets = 160;

/** The finest scale of the OpenTelemetry SDK specification, and the coarsest at which 1 s and 1 h differ. */
const finestScale = 20;
const coarsestScale = -10;

/** Exact but for the digits that an exponential histogram does not keep. */
export function buildExponential(observations: readonly number[]): ExponentialHistogram {
  const positive = observations.filter((value) => value > 0);
  const negative = observations.filter((value) => value < 0).map((value) => -value);
  const scale = Math.min(chooseScale(positive), chooseScale(negative));
  const [min, max] = [findLeast(observations), findGreatest(observations)];
  const countOnce = (values: readonly number[]): readonly Weighted[] => values.map((value) => ({ value, count: 1 }));
  return {
    scale,
    zeroCount: observations.length - positive.length - negative.length,
    positive: fillBuckets(countOnce(positive), scale),
    negative: fillBuckets(countOnce(negative), scale),
    count: observations.length,
    sum: observations.reduce((sum, value) => sum + value, 0),
    ...(min === undefined || max === undefined ? {} : { min, max }),
  };
}

/**
 * Each bucket goes as a whole into the one that holds its upper bound, so that counts never fall from run to run and a
 * quantile is at most one bucket too high. What is above the last bound goes into the next bucket above it. The scale
 * follows from the bounds alone, so that it is the same in every run.
 */
export function convertToExponential({ bounds, counts, sum = 0 }: ExplicitHistogram): ExponentialHistogram {
  const scale = chooseScale(
    bounds.filter((bound) => bound > 0),
    1,
  );
  const boundAt = (index: number): number => bounds[index] ?? 0;
  const zeroCount = counts.reduce(
    (total, count, index) => (index < bounds.length && boundAt(index) === 0 ? total + count : total),
    0,
  );
  const weighted = counts.flatMap((count, index): readonly Weighted[] => {
    if (index < bounds.length) return [{ value: boundAt(index), count }];
    return [{ value: pickAboveAll(bounds, scale), count }];
  });
  return {
    scale,
    zeroCount,
    positive: fillBuckets(
      weighted.filter(({ value }) => value > 0),
      scale,
    ),
    negative: fillBuckets(
      weighted.filter(({ value }) => value < 0).map(({ value, count }) => ({ value: -value, count })),
      scale,
    ),
    count: counts.reduce((total, count) => total + count, 0),
    sum,
  };
}

/** A value in the bucket that follows the one of the last bound; without a positive bound, in the first above 0. */
function pickAboveAll(bounds: readonly number[], scale: number): number {
  const last = bounds.at(-1) ?? 0;
  return last > 0 ? computeUpperBound(findIndex(last, scale) + 1, scale) : 1;
}

interface Weighted {
  readonly value: number;
  readonly count: number;
}

/** The finest scale at which values of one sign, and so many buckets above them, have room. */
function chooseScale(values: readonly number[], more = 0): number {
  const [least, greatest] = [findLeast(values), findGreatest(values)];
  if (least === undefined || greatest === undefined) return finestScale;
  for (let scale = finestScale; scale > coarsestScale; scale -= 1) {
    const buckets = findIndex(greatest, scale) - findIndex(least, scale) + 1 + more;
    if (buckets <= maxBuckets && isIndex(findIndex(greatest, scale)) && isIndex(findIndex(least, scale))) return scale;
  }
  return coarsestScale;
}

/** Receivers read an index as a 32-bit integer. */
function isIndex(index: number): boolean {
  return Math.abs(index) < 2 ** 31;
}

function fillBuckets(values: readonly Weighted[], scale: number): Buckets {
  const indexes = values.map(({ value }) => findIndex(value, scale));
  const [offset, last] = [findLeast(indexes), findGreatest(indexes)];
  if (offset === undefined || last === undefined) return { offset: 0, counts: [] };
  const counts = new Array<number>(last - offset + 1).fill(0);
  for (const [position, { count }] of values.entries()) {
    const at = (indexes[position] ?? offset) - offset;
    counts[at] = (counts[at] ?? 0) + count;
  }
  return { offset, counts };
}

/** The bucket of a positive value; corrected by one where the logarithm was rounded to the wrong side of a bound. */
export function findIndex(value: number, scale: number): number {
  const index = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
  if (value > computeUpperBound(index, scale)) return index + 1;
  return value <= computeUpperBound(index - 1, scale) ? index - 1 : index;
}

/** Inclusive; the lower bound of the bucket above it. */
export function computeUpperBound(index: number, scale: number): number {
  return 2 ** ((index + 1) / 2 ** scale);
}
