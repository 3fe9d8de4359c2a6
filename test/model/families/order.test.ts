/** Tests of the canonical order of families, samples and labels. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeFamilies, filterSamples } from '../../../lambda/model/families/merge.ts';
import {
  buildCounter,
  buildDistribution,
  buildGauge,
  type MetricDefinition,
  type MetricFamily,
} from '../../../lambda/model/metric.ts';
import { compareText, sortFamilies, formatKey, formatSeriesKey } from '../../../lambda/model/families/order.ts';
import { gaugeDefinition, gaugeFamily, labelsOf } from '../../support/metric-arbitraries.ts';

function counterDefinition(): MetricDefinition<'counter'> {
  return { ...gaugeDefinition(), type: 'counter', name: 'ci_test_total' };
}

function distributionDefinition(): MetricDefinition<'distribution'> {
  return { ...gaugeDefinition(), type: 'distribution', name: 'ci_test_seconds' };
}

describe('the key of a series', () => {
  const labels = fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 6 }));

  it('is the same in whatever order the labels were written', () => {
    fc.assert(
      fc.property(labels, (set) => {
        const turned = Object.fromEntries(Object.entries(set).toReversed());

        expect(formatSeriesKey(turned)).toBe(formatSeriesKey(set));
      }),
    );
  });

  it('differs where values differ, whatever separators they hold', () => {
    const names = ['a', 'b'];
    const value = fc.stringMatching(/^[ab=:;0-9]{0,6}$/);

    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) => {
        const isSame = a === c && b === d;

        expect(formatKey({ a, b }, names) === formatKey({ a: c, b: d }, names)).toBe(isSame);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the canonical order', () => {
  it('is by code unit, not by locale', () => {
    expect(['b', 'a', 'B', 'ä', 'aa', 'Z'].sort(compareText)).toEqual(['B', 'Z', 'a', 'aa', 'b', 'ä']);
  });

  it('puts families by name and samples by label values, all types alike', () => {
    const samples = ['b', 'a'].map((queue) => labelsOf(queue));
    const families = [
      buildCounter(
        counterDefinition(),
        samples.map((labels) => ({ labels, increase: 1 })),
      ),
      buildGauge(
        gaugeDefinition(),
        samples.map((labels) => ({ labels, value: 1 })),
      ),
      buildDistribution(
        distributionDefinition(),
        samples.map((labels) => ({ labels, observations: [1] })),
      ),
    ];

    const ordered = sortFamilies(families);

    expect(ordered.map(({ definition }) => definition.name)).toEqual([
      'ci_test_jobs',
      'ci_test_seconds',
      'ci_test_total',
    ]);
    for (const { samples: sorted } of ordered) expect(sorted.map(({ labels }) => labels['queue'])).toEqual(['a', 'b']);
  });

  it('gives equal results for equal data in any order', () => {
    fc.assert(
      fc.property(gaugeFamily, (family) => {
        const reversed = { ...family, samples: family.samples.toReversed() };

        expect(sortFamilies([reversed])).toEqual(sortFamilies([family]));
      }),
    );
  });
});

describe('merging', () => {
  it('makes one family of each name and keeps the first of two equal series', () => {
    const first = buildGauge(gaugeDefinition(), [{ labels: labelsOf('a'), value: 1 }]);
    const second = buildGauge(gaugeDefinition(), [
      { labels: labelsOf('b'), value: 2 },
      { labels: labelsOf('a'), value: 3 },
    ]);

    expect(mergeFamilies([first, second])).toEqual({
      families: [
        buildGauge(gaugeDefinition(), [
          { labels: labelsOf('a'), value: 1 },
          { labels: labelsOf('b'), value: 2 },
        ]),
      ],
      duplicates: 1,
    });
  });

  it('refuses two types under one name, which no backend could store', () => {
    const families: readonly MetricFamily[] = [
      buildGauge(gaugeDefinition(), []),
      buildCounter({ ...counterDefinition(), name: 'ci_test_jobs' }, []),
    ];

    expect(() => mergeFamilies(families)).toThrow(
      'two metrics are named ci_test_jobs: one is a gauge, the other a counter',
    );
  });

  it('loses no series, repeats none and counts the repetitions', () => {
    fc.assert(
      fc.property(fc.array(gaugeFamily, { maxLength: 4 }), (families) => {
        const all = families.flatMap(({ samples }) => samples.map(({ labels }) => formatSeriesKey(labels)));

        const { families: merged, duplicates } = mergeFamilies(families);

        const keys = merged.flatMap(({ samples }) => samples.map(({ labels }) => formatSeriesKey(labels)));
        expect(new Set(keys)).toEqual(new Set(all));
        expect(new Set(keys).size).toBe(keys.length);
        expect(duplicates).toBe(all.length - keys.length);
      }),
    );
  });

  it('selects samples of every type', () => {
    const isA = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean => labels['queue'] === 'a';
    const sets = ['a', 'b'].map((queue) => labelsOf(queue));

    const kept = [
      filterSamples(
        buildGauge(
          gaugeDefinition(),
          sets.map((labels) => ({ labels, value: 1 })),
        ),
        isA,
      ),
      filterSamples(
        buildCounter(
          counterDefinition(),
          sets.map((labels) => ({ labels, increase: 1 })),
        ),
        isA,
      ),
      filterSamples(
        buildDistribution(
          distributionDefinition(),
          sets.map((labels) => ({ labels, observations: [] })),
        ),
        isA,
      ),
    ];

    expect(kept.map(({ samples }) => samples.length)).toEqual([1, 1, 1]);
  });
});
