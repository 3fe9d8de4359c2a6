/** Tests of the limit of series for each metric, and of the series that the rest is folded into. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capSeries } from '../../../lambda/model/limits/cap.ts';
import { overflowValue } from '../../../lambda/model/text/labels.ts';
import { buildGauge, type GaugeFamily, type MetricFamily } from '../../../lambda/model/metric.ts';
import { formatSeriesKey } from '../../../lambda/model/families/order.ts';
import { gaugeDefinition, gaugeFamily, labelsOf, totalOf } from '../../support/metric-arbitraries.ts';

function family(queues: readonly string[], states: readonly string[] = ['idle']): GaugeFamily {
  const samples = queues.flatMap((queue) => states.map((state) => ({ labels: labelsOf(queue, state), value: 1 })));
  return buildGauge(gaugeDefinition(), samples);
}

function onlyGauge([first]: readonly MetricFamily[]): GaugeFamily {
  if (first?.type !== 'gauge') throw new Error('no gauge');
  return first;
}

function queuesOf({ samples }: MetricFamily): readonly (string | undefined)[] {
  return [...new Set(samples.map(({ labels }) => labels['queue']))];
}

describe('the series cap', () => {
  it('leaves a family alone that has as many label sets as it may', () => {
    const families = [family(['a', 'b', 'c'])];

    expect(capSeries(families, { maxSeriesPerMetric: 3 })).toEqual({ families, overflow: 0, folded: [] });
  });

  it('folds the rest into one series and counts it', () => {
    const { families, overflow } = capSeries([family(['a', 'b', 'c', 'd'])], { maxSeriesPerMetric: 3 });

    expect(queuesOf(onlyGauge(families))).toEqual(['a', 'b', overflowValue]);
    expect(onlyGauge(families).samples.at(-1)).toEqual({ labels: labelsOf(overflowValue), value: 2 });
    expect(overflow).toBe(2);
  });

  it('does not count the values of an enumerated label', () => {
    const families = [family(['a', 'b', 'c'], ['idle', 'busy'])];

    expect(capSeries(families, { maxSeriesPerMetric: 3 })).toEqual({ families, overflow: 0, folded: [] });
  });

  it('keeps the values of an enumerated label apart in the fold', () => {
    const { families } = capSeries([family(['a', 'b', 'c'], ['idle', 'busy'])], { maxSeriesPerMetric: 2 });

    expect(onlyGauge(families).samples.slice(2)).toEqual([
      { labels: labelsOf(overflowValue, 'idle'), value: 2 },
      { labels: labelsOf(overflowValue, 'busy'), value: 2 },
    ]);
  });

  it('folds a maximum to a maximum', () => {
    const samples = ['a', 'b', 'c'].map((queue, index) => ({ labels: labelsOf(queue), value: index }));
    const longest = buildGauge(gaugeDefinition({ combination: 'max' }), samples);

    expect(
      onlyGauge(capSeries([longest], { maxSeriesPerMetric: 2 }).families).samples.map(({ value }) => value),
    ).toEqual([0, 2]);
  });

  it('counts over all families', () => {
    expect(capSeries([family(['a', 'b', 'c']), family(['a', 'b', 'c', 'd'])], { maxSeriesPerMetric: 2 }).overflow).toBe(
      2 + 3,
    );
  });

  it('never gives more label sets than it allows, loses no value and counts exactly what it folded', () => {
    fc.assert(
      fc.property(gaugeFamily, fc.integer({ min: 2, max: 10 }), (given, max) => {
        const { families, overflow } = capSeries([given], { maxSeriesPerMetric: max });
        const capped = onlyGauge(families);

        expect(queuesOf(capped).length).toBeLessThanOrEqual(max);
        expect(totalOf(capped)).toBe(totalOf(given));
        expect(new Set(capped.samples.map(({ labels }) => formatSeriesKey(labels))).size).toBe(capped.samples.length);
        const kept = queuesOf(capped).filter((queue) => queue !== overflowValue);
        expect(overflow).toBe(queuesOf(given).length - kept.length);
      }),
    );
  });

  it('keeps the same label sets in whatever order they come', () => {
    fc.assert(
      fc.property(gaugeFamily, fc.integer({ min: 2, max: 10 }), fc.integer(), (given, max, seed) => {
        const turned = given.samples.length === 0 ? 0 : Math.abs(seed) % given.samples.length;
        const samples = [...given.samples.slice(turned), ...given.samples.slice(0, turned)];

        const [first, second] = [given, { ...given, samples }].map((each) =>
          queuesOf(onlyGauge(capSeries([each], { maxSeriesPerMetric: max }).families)).toSorted(),
        );

        expect(second).toEqual(first);
      }),
    );
  });
});
