/** Tests of the price of metrics and requests of CloudWatch. */
import { describe, expect, it } from 'vitest';
import {
  explainMetricPrice,
  priceMetrics,
  priceRequests,
  explainRequestPrice,
} from '../../../lambda/sinks/cloudwatch/price.ts';
import { previewDatums } from '../../../lambda/sinks/cloudwatch/preview.ts';
import { sinkUp, sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';
import { answer, batch, config, durations, part, queued, vendorFamilies } from './batches.ts';

describe('the price of metrics', () => {
  it.each([
    [0, 0],
    [1, 0.3],
    [210, 63],
    [325, 97.5],
    [10_000, 3000],
    [10_001, 3000.1],
    [250_000, 27_000],
    [1_000_000, 64_500],
    [1_100_000, 66_500],
  ])('of %d metrics is $%d a month', (metrics, usd) => {
    expect(priceMetrics(metrics)).toBeCloseTo(usd, 6);
  });

  it('shows its tiers', () => {
    expect(explainMetricPrice(210)).toBe('210 metrics × $0.30');
    expect(explainMetricPrice(12_500)).toBe('10,000 metrics × $0.30 + 2,500 metrics × $0.10');
    expect(explainMetricPrice(0)).toBe('no metrics');
  });
});

describe('the price of requests', () => {
  it.each([
    // 43,800 minutes a month: free up to 1,000,000 requests.
    [1, 60_000, 0],
    [22, 60_000, 0],
    // 30 × 43,800 = 1,314,000, of which 314,000 at $0.01 a thousand.
    [30, 60_000, 3.14],
    // 6 × 12 × 43,800 = 3,153,600.
    [6, 5000, 21.536],
  ])('of %d requests every %d ms is $%d a month', (requests, intervalMs, usd) => {
    expect(priceRequests(requests, intervalMs)).toBeCloseTo(usd, 6);
  });

  it('shows how it comes about', () => {
    expect(explainRequestPrice(30, 60_000)).toBe('1,314,000 requests, the first 1,000,000 free, × $0.01 a thousand');
  });
});

describe('the cost of a batch', () => {
  it('counts a metric once, however many datums it has', () => {
    const observations = Array.from({ length: 400 }, (_, index) => index);
    const health = [buildGauge(sourceUp, [{ labels: { system: 'buildkite', source: 'main' }, value: 1 }])];
    const given = batch([part([...vendorFamilies([answer()]), durations(observations)])], health);

    const preview = previewDatums(given, { config: config(), collector: 'ci-metrics', intervalMs: 60_000 });

    expect(preview.samples).toBe(39);
    expect(preview.monthlyCost.map(({ usd, ...line }) => ({ ...line, usd: Number((usd ?? NaN).toFixed(2)) }))).toEqual([
      // 8 names × 3 totals + 4 × 2 + 4 × 1 of queues + 1 distribution
      { item: 'custom metrics', usd: 11.1, basis: '37 metrics × $0.30' },
      {
        item: 'PutMetricData requests',
        usd: 0,
        basis: '87,600 requests, the first 1,000,000 free, × $0.01 a thousand',
      },
    ]);
    expect(preview.customMetrics).toEqual({ count: 37, includesOwn: false });
  });

  it('counts what a later run tells of itself, which a first one does not know yet', () => {
    const health = [buildGauge(sourceUp, [{ labels: { system: 'buildkite', source: 'main' }, value: 1 }])];
    const laterHealth = [...health, buildGauge(sinkUp, [{ labels: { sink: 'cloudwatch' }, value: 1 }])];
    const given = batch([part([queued({ a: 1 })])], health);

    const logged = previewDatums(given, { config: config(), collector: 'ci-metrics', intervalMs: 60_000 }, laterHealth);
    const sent = previewDatums(
      given,
      { config: config({ collectorMetrics: 'api' }), collector: 'ci-metrics', intervalMs: 60_000 },
      laterHealth,
    );

    expect(logged.customMetrics).toEqual({ count: 2, includesOwn: false });
    expect(sent.customMetrics).toEqual({ count: 4, includesOwn: true });
    expect(sent.monthlyCost[0]?.basis).toBe('4 metrics × $0.30');
    expect([logged.samples, sent.samples]).toEqual([2, 3]);
  });
});
