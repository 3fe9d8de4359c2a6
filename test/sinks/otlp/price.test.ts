/** Receivers charge a histogram by its parts, each in a way of its own. */
import { describe, expect, it } from 'vitest';
import type { MetricKind, Point, PointValue } from '../../../lambda/sinks/otlp/encode/points/point.ts';
import { type PricedRun, priceMonth } from '../../../lambda/sinks/otlp/price.ts';

function pointOf(value: PointValue): Point {
  const kinds = { number: 'gauge', histogram: 'histogram', exponential: 'exponential', summary: 'summary' } as const;
  const kind: MetricKind = kinds[value.type];
  const family = { name: 'a', description: '', unit: '', kind, numbers: 'double', resource: 'collector' } as const;
  return { labels: [], family, startMs: undefined, value, isStale: false };
}

const number: PointValue = { type: 'number', value: 1 };
const histogram: PointValue = { type: 'histogram', bounds: [1, 5, 10], counts: [4, 0, 0, 1] };
const exponential: PointValue = {
  ...{ type: 'exponential', scale: 0, zeroCount: 0, count: 6, sum: 9 },
  positive: { offset: 0, counts: [1, 0, 2] },
  negative: { offset: 0, counts: [3] },
};
const summary: PointValue = { type: 'summary', count: 1, sum: 1, quantiles: [{ quantile: 0.5, value: 1 }] };

/** One run in a month, so that a month is what one run sends. */
const oneRun: Omit<PricedRun, 'points' | 'makeReporting'> = { bytes: 2_500_000_000, intervalMs: 730 * 3_600_000 };

function basisOf(preset: Parameters<typeof priceMonth>[0], ...values: readonly PointValue[]): string | undefined {
  const points = values.map(pointOf);
  return priceMonth(preset, { ...oneRun, points, makeReporting: () => points })[0]?.basis;
}

describe('what a point is charged as', () => {
  it.each([
    [
      'datadog',
      [number, histogram, exponential, summary],
      'about 16 custom metrics, a histogram as five, that may report within an hour',
    ],
    ['grafana-cloud', [number], 'about 1 active series'],
    // Three bounds and that above all of them, count and sum.
    ['grafana-cloud', [histogram], 'about 6 active series'],
    ['grafana-cloud', [exponential], 'about 1 active series'],
    ['grafana-cloud', [summary], 'about 3 active series'],
    ['google-cloud', [number], 'about 1 samples'],
    ['google-cloud', [histogram], 'about 4 samples'],
    ['google-cloud', [exponential], 'about 5 samples'],
    ['google-cloud', [summary], 'about 3 samples'],
    ['new-relic', [number], 'about 2.50 GB'],
    ['cloudwatch', [number], 'about 2.50 GB'],
    ['collector', [number], undefined],
    [undefined, [number], undefined],
  ] as const)('%s: %j', (preset, values, expected) => {
    const basis = basisOf(preset, ...values);

    if (expected === undefined) expect(basis).toBeUndefined();
    else expect(basis).toContain(expected);
  });

  it('by Grafana Cloud grows with runs more often than every minute', () => {
    const [line] = priceMonth('grafana-cloud', {
      ...{ points: [pointOf(number)], bytes: 0, intervalMs: 10_000 },
      makeReporting: () => [],
    });

    expect(line?.basis).toContain('1 active series with 6 data points a minute');
  });
});
