/** Tests that the preview of the sink `otlp` shows what it then sends, and what it costs. */
import { describe, expect, it } from 'vitest';
import { startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, queues } from '../remote-write/batches.ts';
import { otlpSink } from './harness.ts';

const total = { bounds: [1, 5], counts: [1, 2, 3], sum: 40, startMs: 1_700_000_000_000 };

describe.each([
  { encoding: 'protobuf', temporality: 'cumulative' },
  { encoding: 'json', temporality: 'cumulative' },
  { encoding: 'protobuf', temporality: 'delta' },
  { encoding: 'protobuf', temporality: 'cumulative', compression: 'none', bytesPerRequest: 10_000 },
])('the preview of %o', (settings) => {
  it('tells what a first run then sends', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, pointsPerRequest: 30, compat: true, ...settings });
    const batch = batchOf([
      queues(100),
      counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }]),
      distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [2, Infinity], total }]),
      gaugeOf('ci_jobs_total', [{ labels: {}, value: 1 }]),
    ]);

    const preview = await sink.preview(batch);
    const delivery = await sink.write(batch);

    expect(preview).toMatchObject({
      samples: delivery.accepted,
      requests: delivery.requests,
      bytes: delivery.bytes,
      problems: delivery.problems,
      monthlyCost: [],
    });
    expect(preview.lines).toHaveLength(delivery.accepted);
    expect(delivery.problems.length).toBeGreaterThan(0);
  });
});

describe('the lines of a preview', () => {
  it('show series and values, and of a histogram how much it holds', async () => {
    await using sink = otlpSink({ url: 'https://example.com' });
    const { lines } = await sink.preview(
      batchOf([
        gaugeOf('ci_x', [{ labels: { a: 'b"\n' }, value: NaN }]),
        distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [], total }]),
      ]),
    );

    expect(lines).toEqual(['ci_job_wait_seconds count=6 sum=40', 'ci_x{a="b\\"\\n"} NaN']);
  });
});

describe('the price', () => {
  it('of CloudWatch is told by the gigabyte, and not as a number that nobody knows', async () => {
    await using sink = otlpSink({ preset: 'cloudwatch', auth: { sigv4: { region: 'eu-west-1' } } });

    const { monthlyCost } = await sink.preview(batchOf([queues(1000)]));

    expect(monthlyCost).toMatchObject([{ item: 'CloudWatch, ingestion by OTLP', usd: undefined }]);
    expect(monthlyCost[0]?.basis).toMatch(/^about \d\.\d\d GB before compression; .* is not published$/);
  });

  const url = 'https://receiver.example.com';
  const apiKey = { secret: 'key' };
  const google = { serviceAccountKey: { secret: 'key' } };

  it.each([
    [{ preset: 'collector' }, []],
    [{ url }, []],
    [
      { preset: 'datadog', url, apiKey },
      [['Datadog, custom metrics', 'about 106 custom metrics, a histogram as five']],
    ],
    [
      { preset: 'grafana-cloud', url, auth: { basic: { username: '1', password: apiKey } } },
      [['Grafana Cloud, active series', 'about 106 active series with 106 data points a minute']],
    ],
    [
      { preset: 'google-cloud', auth: { google }, resource: { 'gcp.project_id': 'acme', location: 'eu' } },
      // 730 hours of 101 levels and a histogram with two of three buckets filled.
      [['Google Cloud, Prometheus samples ingested', 'about 4,599,000 samples']],
    ],
    [{ preset: 'new-relic', apiKey }, [['New Relic, data ingest', 'about 0.18 GB of OTLP before compression']]],
  ])('of %j is told by what it is charged by', async (settings, expected) => {
    await using sink = otlpSink(settings);
    const waits = { bounds: [1, 5], counts: [1, 2, 0], sum: 40, startMs: 1_700_000_000_000 };
    const families = [
      queues(100),
      gaugeOf('ci_x', [{ labels: {}, value: 1 }]),
      distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [0.5, 2, 2], total: waits }]),
    ];

    const { monthlyCost } = await sink.preview(batchOf(families));

    expect(monthlyCost.map(({ item, usd }) => [item, usd])).toEqual(expected.map(([item]) => [item, undefined]));
    for (const [index, [, basis = '']] of expected.entries()) expect(monthlyCost[index]?.basis).toMatch(basis);
  });

  it('of Datadog counts series to which this run adds nothing, as the sink `datadog` does', async () => {
    await using sink = otlpSink({ preset: 'datadog', url, apiKey });
    const families = [
      counterOf('ci_jobs_total', [
        { labels: { result: 'success' }, increase: 2 },
        { labels: { result: 'failure' }, increase: 0 },
      ]),
      distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [] }]),
    ];

    const { samples, monthlyCost } = await sink.preview(batchOf(families));

    expect(samples).toBe(1);
    expect(monthlyCost[0]?.basis).toMatch(/^about 7 custom metrics/);
  });

  it.each([
    [{ url, traces: 'finished-runs' }, ['Traces by OTLP, ingestion']],
    [
      { preset: 'grafana-cloud', url, auth: { basic: { username: '1', password: apiKey } }, traces: 'finished-runs' },
      ['Grafana Cloud, active series', 'Traces by OTLP, ingestion'],
    ],
    [{ preset: 'collector', traces: 'finished-runs' }, []],
  ])('of traces is told as not known: %j', async (settings, items) => {
    await using sink = otlpSink(settings);

    const { monthlyCost } = await sink.preview(batchOf([queues(1)]));

    expect(monthlyCost.map(({ item, usd }) => [item, usd])).toEqual(items.map((item) => [item, undefined]));
    expect(monthlyCost.map(({ basis }) => basis).join()).not.toContain('undefined');
  });

  it('of nothing is none', async () => {
    await using sink = otlpSink({ preset: 'new-relic', apiKey });

    expect(await sink.preview(batchOf([]))).toMatchObject({ monthlyCost: [] });
  });
});

it('a start that is no time is one that is not known, and costs no delivery', async () => {
  await using sink = otlpSink({ url: 'https://receiver.example.com' });
  const samples = [NaN, -1, Infinity].map((startMs, index) => ({
    labels: { queue: String(index) },
    increase: 1,
    total: { value: 3, startMs },
  }));

  expect(await sink.preview(batchOf([counterOf('ci_jobs_total', samples)]))).toMatchObject({
    samples: 3,
    problems: [],
  });
});
