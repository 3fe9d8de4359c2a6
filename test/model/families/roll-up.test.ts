/** Tests of adding up the samples of a family over labels that are left out. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildCounter,
  buildDistribution,
  buildGauge,
  type Combination,
  type GaugeFamily,
  type MetricFamily,
  type RunningHistogram,
} from '../../../lambda/model/metric.ts';
import { groupByLabels, rollUp, computeWholePercent } from '../../../lambda/model/families/roll-up.ts';
import { gaugeDefinition, gaugeFamily, labelsOf, totalOf } from '../../support/metric-arbitraries.ts';

const toSource = groupByLabels(['system', 'source']);
const source = { system: 'buildkite', source: 'main' };

function gaugeOf(
  combination: Combination,
  samples: readonly (readonly [value: number, part?: number, whole?: number])[],
): GaugeFamily {
  return buildGauge(
    gaugeDefinition({ combination }),
    samples.map(([value, part, whole], index) => ({
      labels: labelsOf(`q${String(index)}`),
      value,
      ...(part === undefined || whole === undefined ? {} : { share: { part, whole } }),
    })),
  );
}

function rolled(family: MetricFamily): readonly unknown[] {
  return rollUp(family, toSource).samples;
}

describe('a roll-up', () => {
  it.each<[Combination, Parameters<typeof gaugeOf>[1], unknown]>([
    ['sum', [[1], [2], [4]], { labels: source, value: 7 }],
    ['max', [[1], [4], [-2]], { labels: source, value: 4 }],
    ['min', [[1], [4], [-2]], { labels: source, value: -2 }],
    [
      'ratio',
      [
        [1, 1, 1],
        [0, 0, 3],
      ],
      { labels: source, share: { part: 1, whole: 4 }, value: 0.25 },
    ],
    [
      'ratio',
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      { labels: source, share: { part: 0, whole: 0 }, value: 0 },
    ],
    [
      'whole-percent',
      [
        [100, 1, 1],
        [0, 0, 2],
      ],
      { labels: source, share: { part: 1, whole: 3 }, value: 33 },
    ],
  ])('combines gauges by their %s', (combination, samples, expected) => {
    expect(rolled(gaugeOf(combination, samples))).toEqual([expected]);
  });

  it('adds increases, and running totals where every sample has one', () => {
    const definition = { ...gaugeDefinition(), type: 'counter' as const };
    const [a, b] = [labelsOf('a'), labelsOf('b')];

    const withTotals = buildCounter(definition, [
      { labels: a, increase: 1, total: { value: 10, startMs: 5 } },
      { labels: b, increase: 2, total: { value: 20, startMs: 7 } },
    ]);
    const without = buildCounter(definition, [
      { labels: a, increase: 1, total: { value: 10, startMs: 5 } },
      { labels: b, increase: 2 },
    ]);

    expect(rolled(withTotals)).toEqual([{ labels: source, increase: 3, total: { value: 30, startMs: 7 } }]);
    expect(rolled(without)).toEqual([{ labels: source, increase: 3 }]);
  });

  it('joins observations, and adds histograms with equal bounds', () => {
    const definition = { ...gaugeDefinition(), type: 'distribution' as const };
    const histogram = (bounds: readonly number[], sum: number): RunningHistogram => ({
      bounds,
      counts: [1, 2],
      sum,
      startMs: sum,
    });
    const family = (bounds: readonly number[]): MetricFamily =>
      buildDistribution(definition, [
        { labels: labelsOf('a'), observations: [3, 1], total: histogram([5], 4) },
        { labels: labelsOf('b'), observations: [2], total: histogram(bounds, 9) },
      ]);

    expect(rolled(family([5]))).toEqual([
      { labels: source, observations: [3, 1, 2], total: { bounds: [5], counts: [2, 4], sum: 13, startMs: 9 } },
    ]);
    expect(rolled(family([7]))).toEqual([{ labels: source, observations: [3, 1, 2] }]);
  });

  it('keeps the labels that it groups by and no others', () => {
    fc.assert(
      fc.property(gaugeFamily, fc.subarray(['system', 'source', 'queue', 'state']), (family, names) => {
        for (const { labels } of rollUp(family, groupByLabels(names)).samples)
          expect(Object.keys(labels).sort()).toEqual([...names].sort());
      }),
    );
  });

  it('is the same in one step and in two, and loses nothing', () => {
    fc.assert(
      fc.property(gaugeFamily, (family) => {
        const oneStep = rollUp(family, toSource);
        const twoSteps = rollUp(rollUp(family, groupByLabels(['system', 'source', 'queue'])), toSource);

        expect(twoSteps).toEqual(oneStep);
        expect(oneStep.type === 'gauge' ? totalOf(oneStep) : undefined).toBe(totalOf(family));
      }),
    );
  });

  it('weighs a ratio by its parts: it lies between the smallest and the largest of them', () => {
    const share = fc
      .tuple(fc.nat(100), fc.integer({ min: 1, max: 100 }))
      .map(([part, more]) => ({ part, whole: part + more }));

    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 10 }), (shares) => {
        const ratios = shares.map(({ part, whole }) => part / whole);
        const family = gaugeOf(
          'ratio',
          shares.map(({ part, whole }) => [part / whole, part, whole]),
        );

        const result = rollUp(family, toSource);
        const value = result.type === 'gauge' ? (result.samples[0]?.value ?? Number.NaN) : Number.NaN;

        expect(value).toBeGreaterThanOrEqual(Math.min(...ratios) - 1e-12);
        expect(value).toBeLessThanOrEqual(Math.max(...ratios) + 1e-12);
      }),
    );
  });
});

describe('a whole percentage', () => {
  it.each([
    [0, 0, 0],
    [1, 3, 33],
    [2, 3, 66],
    [3, 3, 100],
    [999, 1000, 99],
  ])('of %i in %i is %i, the fraction cut off', (part, whole, expected) => {
    expect(computeWholePercent({ part, whole })).toBe(expected);
  });
});
