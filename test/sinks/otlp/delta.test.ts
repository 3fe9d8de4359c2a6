/** Increases: each is stored, kept for a later run, told as unconfirmed or dropped, and never sent twice. */
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { sourceDuration } from '../../../lambda/model/catalogue/collector-metrics.ts';
import type { Delivery } from '../../../lambda/sinks/sink.ts';
import { type Answer, type OtlpFake, startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { shownSeries } from '../../support/backends/otlp-decode.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, queues } from '../remote-write/batches.ts';
import { otlpSink } from './harness.ts';

const tickMs = Math.floor(Date.now() / 60_000) * 60_000;

function batch(more: Partial<Batch> = {}): Batch {
  const total = { bounds: [1, 5], counts: [9, 9, 9], sum: 400, startMs: 1 };
  return batchOf(
    [
      queues(2),
      counterOf('ci_runs_total', [
        { labels: { pipeline: 'still' }, increase: 0, total: { value: 7, startMs: 1 } },
        { labels: { pipeline: 'web' }, increase: 3, total: { value: 41, startMs: 1 } },
      ]),
      distributionOf('ci_run_duration_seconds', [
        { labels: { pipeline: 'still' }, observations: [], total },
        { labels: { pipeline: 'web' }, observations: [0.5, 3, 30], total },
      ]),
    ],
    { tickMs, collectedAtMs: tickMs + 1500, ...more },
  );
}

function shown({ requests }: OtlpFake): readonly (readonly string[])[] {
  return requests.map(({ series }) => series.map(shownSeries));
}

/** What became of the two increases. */
function fatesIn({ undelivered = [], unconfirmed, dropped }: Delivery): readonly (number | undefined)[] {
  return [undelivered.reduce((sum, { samples }) => sum + samples, 0), unconfirmed, dropped];
}

/** To the levels a receiver in good health. */
function toIncreases(answer: Answer) {
  return ({ series }: { readonly series: readonly { readonly kind: string }[] }): Answer | undefined =>
    series.some(({ kind }) => kind === 'gauge') ? undefined : answer;
}

describe('increases', () => {
  it('are what the run added, in the interval of the tick, apart from levels', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });

    const delivery = await sink.write(batch());

    expect(receiver.faults).toEqual([]);
    expect(shown(receiver)).toEqual([
      ['ci_queue_jobs{queue=q0000} = 0', 'ci_queue_jobs{queue=q0001} = 1'],
      ['ci_run_duration_seconds{pipeline=web} = count 3 sum 33.5', 'ci_runs_total{pipeline=web} = 3'],
    ]);
    const [duration, runs] = receiver.requests[1]?.series ?? [];
    expect(duration?.metric.histogram?.aggregationTemporality).toBe(1);
    expect(duration?.point).toMatchObject({ bucketCounts: ['1', '1', '1'], explicitBounds: [1, 5], min: 0.5, max: 30 });
    expect(runs?.metric.sum).toMatchObject({ aggregationTemporality: 1, isMonotonic: true });
    expect(runs?.point).toMatchObject({
      startTimeUnixNano: `${String(tickMs - 60_000)}000000`,
      timeUnixNano: `${String(tickMs)}000000`,
    });
    expect(delivery).toMatchObject({ accepted: 4, problems: [], undelivered: [], unconfirmed: 0, dropped: 0 });
  });

  it('begin where those of the run before ended, the duration of the collection too', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta', compat: true });
    const total = { value: 41, startMs: 1 };
    const family = counterOf('ci_runs_total', [{ labels: {}, increase: 3, total }]);
    const took = gaugeOf(sourceDuration.name, [{ labels: { system: 'buildkite', source: 'main' }, value: 2 }]);
    const sources = [partOf([family], { countedSinceMs: tickMs - 10_000 })];

    await sink.write(batchOf([], { tickMs, collectedAtMs: tickMs + 1500, sources, health: [took] }));

    const added = receiver.requests.flatMap(({ series }) => series).filter(({ kind }) => kind !== 'gauge');
    expect(added.map(({ metric, point }) => [metric.name, point.startTimeUnixNano])).toEqual([
      ['buildkite.collection.duration', `${String(tickMs - 10_000)}000000`],
      ['ci_runs_total', `${String(tickMs - 10_000)}000000`],
    ]);
  });

  it('do not end, and levels do', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });
    await sink.write(batch());

    await sink.write(batchOf([], { tickMs: tickMs + 60_000, collectedAtMs: tickMs + 61_500 }));

    expect(shown(receiver).slice(2)).toEqual([
      ['ci_queue_jobs{queue=q0000} = ended', 'ci_queue_jobs{queue=q0001} = ended'],
    ]);
  });

  it('use no connection that may have died', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });

    await sink.write(batch());

    expect(receiver.requests.map(({ headers }) => headers['connection'])).toEqual(['close', 'close']);
  });

  it.each([
    ['401', { status: 401 }, [2, 0, 0], 1],
    ['403', { status: 403 }, [2, 0, 0], 1],
    ['404', { status: 404 }, [2, 0, 0], 1],
    ['413', { status: 413 }, [2, 0, 0], 1],
    ['429', { status: 429 }, [2, 0, 0], 4],
    ['503', { status: 503 }, [2, 0, 0], 4],
    ['400', { status: 400 }, [0, 0, 2], 1],
    ['422', { status: 422 }, [0, 0, 2], 1],
    ['500', { status: 500 }, [0, 2, 0], 1],
    ['502, which comes from something between', { status: 502 }, [0, 2, 0], 1],
    ['504, which comes from something between', { status: 504 }, [0, 2, 0], 1],
    ['no answer', { status: 200, breaksOff: true }, [0, 2, 0], 1],
    ['a body that cannot be read', { status: 200, body: Uint8Array.of(0xff) }, [0, 2, 0], 1],
    ['words in plain text', { status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' }, [0, 2, 0], 1],
    ['a web page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Sign in' }, [0, 2, 0], 1],
    ['a partial success', { status: 200, partial: { rejected: 1, message: 'no' } }, [0, 0, 1], 1],
  ] as const)(
    'are undelivered, unconfirmed or dropped after %s, and sent again only where that is certain',
    async (_, answer, fates, attempts) => {
      await using receiver = await startOtlpFake({ answer: toIncreases(answer) });
      await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });

      const delivery = await sink.write(batch());

      expect(fatesIn(delivery)).toEqual(fates);
      expect(receiver.requests).toHaveLength(1 + attempts);
      expect(delivery.problems).toHaveLength(1);
    },
  );

  it('wait where nobody listens, and where levels already found nobody', async () => {
    await using sink = otlpSink({ url: 'http://127.0.0.1:9', temporality: 'delta' });

    const delivery = await sink.write(batch());

    expect(fatesIn(delivery)).toEqual([2, 0, 0]);
    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'unavailable' }] });
  });

  it('are unconfirmed where the deadline cuts off a retry, whatever the answer before it was', async () => {
    const answers: readonly Answer[] = [{ status: 200 }, { status: 429 }, { status: 200, after: 60_000 }];
    await using receiver = await startOtlpFake({ answer: (_, index) => answers[index] });
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });

    const delivery = await sink.write(batch(), 1500);

    expect(receiver.requests).toHaveLength(3);
    expect(fatesIn(delivery)).toEqual([0, 2, 0]);
    expect(delivery.problems).toMatchObject([{ kind: 'timeout' }]);
  });

  it('that were not begun before the deadline wait', async () => {
    const controller = new AbortController();
    await using receiver = await startOtlpFake({
      answer: () => {
        controller.abort();
        return { status: 200, after: 100 };
      },
    });
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });

    const delivery = await sink.write(batch(), 45_000, controller.signal);

    expect(receiver.requests).toHaveLength(1);
    expect(fatesIn(delivery)).toEqual([2, 0, 0]);
  });
});

describe('increases that were kept', () => {
  it.each(['explicit', 'exponential'])(
    'arrive later with their own time, once, with %s histograms',
    async (histograms) => {
      let isDown = true;
      await using receiver = await startOtlpFake({
        answer: (request) => (isDown ? toIncreases({ status: 503 })(request) : undefined),
      });
      await using sink = otlpSink({ url: receiver.url, temporality: 'delta', histograms });
      const { undelivered = [] } = await sink.write(batch());
      const [lost] = receiver.requests.slice(1);
      isDown = false;
      const kept = JSON.parse(JSON.stringify(undelivered)) as typeof undelivered;

      const delivery = await sink.redeliver(kept);

      expect(delivery).toMatchObject({ accepted: 2, problems: [], undelivered: [], unconfirmed: 0, dropped: 0 });
      const again = receiver.requests.at(-1)?.series ?? [];
      expect(again.map(({ point }) => ({ ...point, exemplars: [] }))).toEqual(
        lost?.series.map(({ point }) => ({ ...point, exemplars: [] })),
      );
      expect(again.map(({ metric }) => [metric.name, metric.unit, metric.description])).toEqual(
        lost?.series.map(({ metric }) => [metric.name, metric.unit, metric.description]),
      );
      expect(receiver.faults).toEqual([]);
    },
  );

  it('of several ticks share a request, in which each metric stands once', async () => {
    let isDown = true;
    await using receiver = await startOtlpFake({
      answer: (request) => (isDown ? toIncreases({ status: 503 })(request) : undefined),
    });
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });
    const minute = 60_000;
    const first = await sink.write(batch());
    const second = await sink.write(batch({ tickMs: tickMs + minute, collectedAtMs: tickMs + minute + 1500 }));
    isDown = false;

    const kept = [...(first.undelivered ?? []), ...(second.undelivered ?? [])];
    const delivery = await sink.redeliver(kept);

    expect(delivery).toMatchObject({ accepted: 4, requests: 1, problems: [] });
    expect(receiver.faults).toEqual([]);
    const runs = receiver.requests.at(-1)?.series.filter(({ metric }) => metric.name === 'ci_runs_total');
    expect(runs?.map(({ point }) => point.timeUnixNano)).toEqual(
      [tickMs, tickMs + minute].map((timeMs) => `${String(timeMs)}000000`),
    );
  });

  it('are kept again where the receiver is still down, each once', async () => {
    await using receiver = await startOtlpFake({ answer: toIncreases({ status: 503 }) });
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });
    const { undelivered = [] } = await sink.write(batch());

    const again = await sink.redeliver(undelivered);

    expect(again?.undelivered).toEqual(undelivered);
  });

  it('in a shape that is not known are dropped, and told', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, temporality: 'delta' });

    const delivery = await sink.redeliver([{ tickMs, samples: 5, content: { of: 'a newer version' } }]);

    expect(delivery).toMatchObject({ dropped: 5, accepted: 0, problems: [{ kind: 'bug' }] });
    expect(receiver.requests).toEqual([]);
  });

  it('for longer than the receiver takes them are dropped, and told', async () => {
    await using receiver = await startOtlpFake({ answer: toIncreases({ status: 503 }) });
    const datadog = { url: receiver.url, preset: 'datadog', apiKey: { env: 'KEY' } };
    await using sink = otlpSink(datadog);
    sink.variables['KEY'] = 'key-of-the-test';
    const { undelivered = [] } = await sink.write(batch());
    await using later = otlpSink(datadog, () => tickMs + 3_600_001 + 1000);
    later.variables['KEY'] = 'key-of-the-test';

    const delivery = await later.redeliver(undelivered);

    expect(delivery).toMatchObject({ dropped: 2, problems: [{ kind: 'rejected' }] });
    expect(receiver.requests.at(-1)?.headers['dd-api-key']).toBe('key-of-the-test');
  });

  it('come from the history of an installation where the receiver takes old times', async () => {
    await using any = otlpSink({ url: 'http://127.0.0.1:9', temporality: 'delta' });
    await using datadog = otlpSink({ url: 'http://127.0.0.1:9', preset: 'datadog', apiKey: { env: 'KEY' } });

    expect(any.pack(batch())).toMatchObject([{ tickMs, samples: 2 }]);
    expect(datadog.pack(batch())).toBeUndefined();
  });
});

describe('running totals', () => {
  it('have no outbox', async () => {
    await using receiver = await startOtlpFake({ answer: () => ({ status: 503 }) });
    await using sink = otlpSink({ url: receiver.url });

    const delivery = await sink.write(batch());

    expect([delivery.undelivered, delivery.unconfirmed, await sink.redeliver([])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
