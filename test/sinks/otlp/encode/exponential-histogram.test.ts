/** Tests of exponential histograms: buckets, scales and conversion from bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildExponential,
  convertToExponential,
  findIndex,
  maxBuckets,
  computeUpperBound,
} from '../../../../lambda/sinks/otlp/encode/points/exponential-histogram.ts';
import type { Buckets } from '../../../../lambda/sinks/otlp/encode/points/point.ts';

const positive = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
const observation = fc.oneof(
  positive,
  fc.constant(0),
  positive.map((value) => -value),
);

function countOf({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

describe('the bucket of a value', () => {
  it('has it above its lower bound and at most at its upper one', () => {
    fc.assert(
      fc.property(positive, fc.integer({ min: -10, max: 20 }), (value, scale) => {
        const index = findIndex(value, scale);

        expect(value).toBeGreaterThan(computeUpperBound(index - 1, scale));
        expect(value).toBeLessThanOrEqual(computeUpperBound(index, scale));
      }),
    );
  });

  it.each([
    [1, 0, -1],
    [2, 0, 0],
    [4, 0, 1],
    [4.000_001, 0, 2],
    [4, 1, 3],
    [1024, 3, 79],
    [0.5, 0, -2],
  ])('of %d at scale %i is %i: upper bounds belong to their bucket', (value, scale, index) => {
    expect(findIndex(value, scale)).toBe(index);
  });
});

describe('observations', () => {
  it('are all counted, within the number of buckets, each in a bucket that has it', () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 200 }), (values) => {
        const made = buildExponential(values);

        expect(made.count).toBe(values.length);
        expect(made.zeroCount).toBe(values.filter((value) => value === 0).length);
        expect(countOf(made.positive)).toBe(values.filter((value) => value > 0).length);
        expect(countOf(made.negative)).toBe(values.filter((value) => value < 0).length);
        expect(Math.max(made.positive.counts.length, made.negative.counts.length)).toBeLessThanOrEqual(maxBuckets);
        for (const value of values.filter((one) => one > 0)) {
          expect(made.positive.counts[findIndex(value, made.scale) - made.positive.offset]).toBeGreaterThan(0);
        }
        if (values.length > 0) expect([made.min, made.max]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });

  it('have the finest scale at which they have room', () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 2, maxLength: 50 }), (values) => {
        const { scale } = buildExponential(values);
        const finer = findIndex(Math.max(...values), scale + 1) - findIndex(Math.min(...values), scale + 1) + 1;

        expect(scale === 20 || finer > maxBuckets).toBe(true);
      }),
    );
  });
});

describe('a histogram with bounds', () => {
  const histogram = fc
    .uniqueArray(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 14 })
    .map((bounds) => bounds.toSorted((a, b) => a - b))
    .chain((bounds) => {
      const size = { minLength: bounds.length + 1, maxLength: bounds.length + 1 };
      return fc.record({ bounds: fc.constant(bounds), counts: fc.array(fc.nat({ max: 1000 }), size), sum: fc.nat() });
    });

  it('keeps count and sum, and each of its buckets goes as a whole into one that holds its upper bound', () => {
    fc.assert(
      fc.property(histogram, ({ bounds, counts, sum }) => {
        const made = convertToExponential({ bounds, counts, sum });
        const at = (index: number): number => made.positive.counts[index - made.positive.offset] ?? 0;

        expect([made.count, made.sum, countOf(made.positive)]).toEqual([
          counts.reduce((a, b) => a + b, 0),
          sum,
          made.count,
        ]);
        expect(made.positive.counts.length).toBeLessThanOrEqual(maxBuckets);
        for (const [index, bound] of bounds.entries())
          expect(at(findIndex(bound, made.scale))).toBeGreaterThanOrEqual(counts[index] ?? 0);
        // What is above the last bound stays above it.
        const above = made.positive.counts.slice(findIndex(bounds.at(-1) ?? 0, made.scale) + 1 - made.positive.offset);
        expect(above.reduce((a, b) => a + b, 0)).toBe(counts.at(-1));
      }),
    );
  });

  it('has buckets that never fall while its counts grow, and the same scale in every run', () => {
    fc.assert(
      fc.property(histogram, fc.array(fc.nat({ max: 50 }), { maxLength: 15 }), ({ bounds, counts, sum }, more) => {
        const before = convertToExponential({ bounds, counts, sum });
        const after = convertToExponential({
          bounds,
          counts: counts.map((count, index) => count + (more[index] ?? 0)),
          sum,
        });

        expect([after.scale, after.positive.offset]).toEqual([before.scale, before.positive.offset]);
        for (const [index, count] of before.positive.counts.entries())
          expect(after.positive.counts[index]).toBeGreaterThanOrEqual(count);
      }),
    );
  });

  it('with bounds at and below 0 has a count of zeros and negative buckets', () => {
    const made = convertToExponential({ bounds: [-4, 0, 4], counts: [1, 2, 3, 4], sum: 9 });

    expect(made).toMatchObject({ zeroCount: 2, count: 10 });
    expect([countOf(made.negative), countOf(made.positive)]).toEqual([1, 7]);
  });
});
