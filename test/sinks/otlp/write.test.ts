/** Tests of sending metrics by OTLP: series that end, limits, refusals and what is reported. */
import { describe, expect, it } from 'vitest';
import { startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { shownSeries } from '../../support/backends/otlp-decode.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, queues, relayedOf } from '../remote-write/batches.ts';
import { otlpSink, textLike } from './harness.ts';

const startMs = 1_700_000_000_000;

describe.each(['protobuf', 'json'])('a receiver of %s', (encoding) => {
  it('stores levels, running totals and histograms, with what they are from', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, encoding });
    const total = { bounds: [1, 5], counts: [1, 2, 3], sum: 40, startMs };
    const url = 'https://buildkite.com/acme/web/builds/42';
    const batch = batchOf([
      queues(2),
      counterOf('ci_runs_total', [{ labels: { pipeline: 'web' }, increase: 1, total: { value: 41, startMs } }]),
      distributionOf('ci_run_duration_seconds', [
        {
          labels: { pipeline: 'web' },
          observations: [3],
          total,
          exemplars: [{ labels: { url }, value: 3, timestampMs: startMs }],
        },
      ]),
    ]);

    const delivery = await sink.write(batch);

    expect(receiver.faults).toEqual([]);
    expect(delivery).toMatchObject({ accepted: 4, requests: 1, problems: [] });
    expect(receiver.requests[0]?.series.map(shownSeries)).toEqual([
      'ci_queue_jobs{queue=q0000} = 0',
      'ci_queue_jobs{queue=q0001} = 1',
      'ci_run_duration_seconds{pipeline=web} = count 6 sum 40',
      'ci_runs_total{pipeline=web} = 41',
    ]);
    const [jobs, , duration, runs] = receiver.requests[0]?.series ?? [];
    expect(jobs?.resource).toEqual({
      'service.instance.id': 'ci',
      'service.name': 'ci-metrics-collector',
      'service.version': textLike(/^\d+\.\d+\.\d+/),
    });
    expect(jobs).toMatchObject({ kind: 'gauge', metric: { unit: '{job}', description: 'Help of ci_queue_jobs.' } });
    expect(runs?.metric.sum).toMatchObject({ aggregationTemporality: 2, isMonotonic: true });
    expect(runs?.point).toMatchObject({ startTimeUnixNano: '1700000000000000000', asInt: '41' });
    expect(duration?.metric).toMatchObject({ unit: 's', histogram: { aggregationTemporality: 2 } });
    expect(duration?.point).toMatchObject({
      explicitBounds: [1, 5],
      bucketCounts: ['1', '2', '3'],
      exemplars: [
        {
          asDouble: 3,
          timeUnixNano: '1700000000000000000',
          filteredAttributes: [{ key: 'url', value: { stringValue: url } }],
        },
      ],
    });
  });
});

describe('a series that is gone', () => {
  it('is ended by a point without a value, in a request of its own', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url });
    await sink.write(batchOf([queues(3)]));

    const delivery = await sink.write(batchOf([queues(1)], { collectedAtMs: Date.now() + 1000 }));

    expect(receiver.faults).toEqual([]);
    expect(delivery).toMatchObject({ accepted: 1, requests: 2, problems: [] });
    expect(receiver.requests[2]?.series.map(shownSeries)).toEqual([
      'ci_queue_jobs{queue=q0001} = ended',
      'ci_queue_jobs{queue=q0002} = ended',
    ]);
  });

  it('is not ended where the receiver wants no such points', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, endedSeries: 'omit' });
    await sink.write(batchOf([queues(3)]));
    await sink.write(batchOf([queues(1)], { collectedAtMs: Date.now() + 1000 }));

    expect(receiver.requests).toHaveLength(2);
  });

  it('ends as the kind of metric that it was', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url });
    const total = { bounds: [1], counts: [1, 0], sum: 1, startMs };
    await sink.write(
      batchOf([distributionOf('ci_job_wait_seconds', [{ labels: { queue: 'a' }, observations: [], total }])]),
    );

    await sink.write(batchOf([], { collectedAtMs: Date.now() + 1000 }));

    expect(receiver.requests[1]?.series).toMatchObject([{ kind: 'histogram', point: { flags: 1, count: '0' } }]);
  });
});

describe('limits', () => {
  it('of points and bytes are kept, and everything arrives', async () => {
    await using receiver = await startOtlpFake({ maxPoints: 100, maxBytes: 12_000 });
    await using sink = otlpSink({ url: receiver.url, pointsPerRequest: 100, bytesPerRequest: 12_000 });
    const long = 'x'.repeat(150);
    const samples = Array.from({ length: 1000 }, (_, index) => ({
      labels: { queue: `${long}${String(index).padStart(4, '0')}` },
      value: 1,
    }));

    const delivery = await sink.write(batchOf([gaugeOf('ci_queue_jobs', samples), queues(250, 'ci_workers')]));

    expect(delivery).toMatchObject({ accepted: 1250, problems: [] });
    expect(Math.max(...receiver.requests.map(({ message }) => message.byteLength))).toBeLessThanOrEqual(12_000);
    expect(receiver.stored.size).toBe(1250);
  });
});

describe('relayed series', () => {
  it('are told with their own times, and a histogram as one', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url });
    const lines = [
      { name: 'wait_bucket', labels: { le: '1.0', instance: 'a' }, value: 2 },
      { name: 'wait_bucket', labels: { le: '+Inf', instance: 'a' }, value: 5 },
      { name: 'wait_sum', labels: { instance: 'a' }, value: 9 },
      { name: 'wait_count', labels: { instance: 'a' }, value: 5 },
    ];
    const relayed = [
      relayedOf('temperature', [{ labels: { instance: 'a' }, value: NaN, timestampMs: startMs }]),
      { name: 'wait', type: 'histogram', help: 'How long.', about: 'target', samples: lines } as const,
    ];

    const delivery = await sink.write(batchOf([], { sources: [partOf([], { relayed })] }));

    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    const series = receiver.requests.flatMap((request) => request.series);
    expect(series.map(shownSeries)).toEqual(['wait{instance=a} = count 5 sum 9', 'temperature{instance=a} = NaN']);
    expect(series[0]?.point).toMatchObject({ explicitBounds: [1], bucketCounts: ['2', '3'] });
    expect(series[1]?.point.timeUnixNano).toBe('1700000000000000000');
  });
});

describe('what nobody will send', () => {
  it.each(['cumulative', 'delta'])('is told, kept where it has to be, and not encoded (%s)', async (temporality) => {
    await using receiver = await startOtlpFake({ answer: () => ({ status: 403 }) });
    const settings = { temporality, pointsPerRequest: 1, bytesPerRequest: 10_000 };
    await using sink = otlpSink({ url: receiver.url, ...settings });
    // Found out by encoding it.
    const large = counterOf('ci_runs_total', [
      { labels: { queue: 'x'.repeat(20_000) }, increase: 1, total: { value: 1, startMs: 1 } },
    ]);

    const { problems, undelivered = [] } = await sink.write(batchOf([queues(3), large]));

    expect(receiver.requests).toHaveLength(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('3 were not sent after that');
    expect(undelivered.reduce((sum, { samples }) => sum + samples, 0)).toBe(temporality === 'delta' ? 1 : 0);
  });
});
