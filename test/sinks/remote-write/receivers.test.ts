import { describe, expect, it } from 'vitest';
import { maxFutileRequests } from '../../../lambda/sinks/remote-write/isolate.ts';
import { type Answer, type RecordedRequest, startRemoteWriteFake } from '../../support/remote-write-fake.ts';
import { batchOf, counterOf, gaugeOf, queues } from './batches.ts';
import { remoteWriteSink, textLike } from './harness.ts';

/** Every request that carries samples; metadata travels alone in 1.0. */
function withSamples(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  return requests.filter(({ decoded }) => decoded.series.length > 0);
}

function has(request: RecordedRequest, queue: string): boolean {
  return request.decoded.series.some(({ labels }) => labels.some(([, value]) => value === queue));
}

describe('a receiver of 2.0', () => {
  it('gets valid requests and tells how much it wrote', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0', seriesPerRequest: 3 });
    const total = { value: 41, startMs: 1_700_000_000_000 };

    const delivery = await sink.write(
      batchOf([queues(5), counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total }])]),
    );

    expect(receiver.faults).toEqual([]);
    expect(delivery).toMatchObject({ accepted: 6, requests: 2, problems: [] });
    expect(receiver.requests.map(({ version }) => version)).toEqual(['2.0', '2.0']);
    expect(receiver.stored.get('{__name__="ci_jobs_total",collector="ci"}')).toMatchObject([
      { value: 41, startMs: total.startMs },
    ]);
  });

  it('keeps the good samples of a partial write, which is neither repeated nor halved', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });
    await using rival = remoteWriteSink({ url: receiver.url, version: '2.0' });
    const collectedAtMs = Date.now();
    await rival.write(
      batchOf([gaugeOf('ci_queue_jobs', [{ labels: { queue: 'q0003' }, value: -1 }])], { collectedAtMs }),
    );

    const delivery = await sink.write(batchOf([queues(10)], { collectedAtMs }));

    expect(delivery).toMatchObject({ accepted: 9, requests: 1 });
    expect(delivery.problems).toMatchObject([
      { kind: 'rejected', message: textLike(/^1 of 10 samples refused: .*duplicate sample/) },
    ]);
  });

  it('that writes fewer samples than it admits to is reported', async () => {
    const headers = { 'X-Prometheus-Remote-Write-Samples-Written': '4' };
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 204, headers }) });
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });

    const delivery = await sink.write(batchOf([queues(10)]));

    expect(delivery).toMatchObject({ accepted: 4, problems: [{ kind: 'rejected' }] });
    expect(delivery.problems[0]?.message).toMatch(/^6 of 10 samples refused: the receiver answered with success/);
  });

  it.each([415, 400] as const)('that answers %i because it knows only 1.0 gets 1.0, now and later', async (refusal) => {
    await using receiver = await startRemoteWriteFake({ speaks: '1.0 strict', refusal });
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });

    const first = await sink.write(batchOf([queues(2)]));
    const second = await sink.write(batchOf([queues(2)]));

    expect([first, second]).toMatchObject([
      { accepted: 2, problems: [] },
      { accepted: 2, problems: [] },
    ]);
    expect(withSamples(receiver.requests).map(({ version }) => version)).toEqual(['2.0', '1.0', '1.0']);
    expect(receiver.faults).toEqual([]);
  });

  it('that refuses 1.0 as well is asked for 2.0 again in the next run', async () => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 400, body: 'no' }) });
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });

    await sink.write(batchOf([queues(1)]));
    await sink.write(batchOf([queues(1)]));

    expect(receiver.requests.map(({ version }) => version)).toEqual(['2.0', '1.0', '2.0', '1.0']);
  });
});

describe('a receiver of 1.0 that refuses a request', () => {
  it('gets all but the bad series, in few requests', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: (request) => (has(request, 'q0777') ? { status: 400, body: 'out of order sample\n' } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(2000)]));

    expect(delivery.accepted).toBe(1999);
    expect(receiver.stored.size).toBe(1999);
    expect(withSamples(receiver.requests).length).toBeLessThanOrEqual(23);
    expect(delivery.problems).toMatchObject([
      { kind: 'rejected', message: textLike(/such as ci_queue_jobs\{collector="ci",queue="q0777"\}:/) },
    ]);
  });

  it('is not asked about a half that must be the bad one', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: (request) => (has(request, 'q1023') ? { status: 400, body: 'no' } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(1024)]));

    // All 1024, then the good half each of 10 times.
    expect(withSamples(receiver.requests)).toHaveLength(11);
    expect(delivery.accepted).toBe(1023);
  });

  it('gets the good series between several bad ones', async () => {
    const bad = ['q0000', 'q0500', 'q0501', 'q1999'];
    await using receiver = await startRemoteWriteFake({
      answer: (request) => (bad.some((queue) => has(request, queue)) ? { status: 400, body: 'no' } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(2000)]));

    expect(delivery.accepted).toBe(1996);
    expect(delivery.problems).toMatchObject([{ message: textLike(/^4 of 2000 samples refused/) }]);
  });

  it('whatever it is sent is not asked for ever', async () => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 400, body: 'no' }) });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1000 });

    const delivery = await sink.write(batchOf([queues(10_000)]));

    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'rejected' }] });
    expect(delivery.problems[0]?.message).toMatch(/^10000 of 10000 samples refused/);
    expect(receiver.requests.length).toBeLessThanOrEqual(110);
  });

  it('whatever part of it is sent is left alone after a while', async () => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 400, body: 'no' }) });
    await using sink = remoteWriteSink({ url: receiver.url });

    const { problems } = await sink.write(batchOf([queues(2000)]));

    expect(receiver.requests.length).toBeLessThanOrEqual(1 + maxFutileRequests + 1);
    expect(problems).toMatchObject([{ message: textLike(/^2000 of 2000 samples refused/) }]);
  });

  it('as too large gets smaller ones', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: ({ decoded }) => (decoded.series.length > 300 ? { status: 413 } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(1000)]));

    expect(delivery).toMatchObject({ accepted: 1000, problems: [] });
  });

  const texts: readonly (readonly [string, Answer, RegExp])[] = [
    ['Amazon, without a word', { status: 400 }, /answered 400\. The receiver gives no reason.*DiscardedSamples/],
    [
      'Mimir',
      {
        status: 400,
        body: 'failed pushing to ingester: the sample has been rejected because another sample with a more recent timestamp has already been ingested (err-mimir-sample-out-of-order)',
      },
      /err-mimir-sample-out-of-order\)"\. The receiver holds a newer sample/,
    ],
    [
      'Mimir, for a duplicate',
      { status: 400, body: 'rejected (err-mimir-sample-duplicate-timestamp)' },
      /Somebody else writes the same series/,
    ],
    ['Mimir, for age', { status: 400, body: 'rejected (err-mimir-sample-timestamp-too-old)' }, /out-of-order window/],
    ['Thanos', { status: 409, body: 'store locally for endpoint : conflict' }, /answered 409.*Thanos answers so/],
    ['Prometheus, for age', { status: 400, body: 'out of bounds\n' }, /a writer whose clock is ahead/],
    ['Prometheus, for the future', { status: 400, body: 'too far in the future\n' }, /The clock of the receiver/],
    ['anybody, for a limit', { status: 400, body: 'per-user series limit of 10 exceeded' }, /A limit of the receiver/],
    [
      'anybody else',
      { status: 422, body: 'I do not like it\u0007\u001b[31m' },
      /answered 422 "I do not like it[^\p{Cc}]*"$/u,
    ],
  ];

  it.each(texts)('is quoted with a remedy: %s', async (_, answer, message) => {
    await using receiver = await startRemoteWriteFake({ answer: () => answer });
    await using sink = remoteWriteSink({ url: receiver.url });

    const { problems, accepted } = await sink.write(batchOf([queues(1)]));

    expect(accepted).toBe(0);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.kind).toBe('rejected');
    expect(problems[0]?.message).toMatch(message);
  });

  it('is quoted at most 1 KiB', async () => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 400, body: 'x'.repeat(10_000) }) });
    await using sink = remoteWriteSink({ url: receiver.url });

    const { problems } = await sink.write(batchOf([queues(1)]));

    expect(problems[0]?.message.length).toBeLessThan(1300);
  });
});

describe('a receiver in trouble', () => {
  it.each([500, 502, 503, 504, 507])('that answers %i gets the identical bytes again, numbered', async (status) => {
    await using receiver = await startRemoteWriteFake({ answer: (_, index) => (index < 2 ? { status } : undefined) });
    await using sink = remoteWriteSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(3)]));

    const sent = withSamples(receiver.requests);
    expect(delivery).toMatchObject({ accepted: 3, problems: [] });
    expect(sent.map(({ headers }) => headers['retry-attempt'])).toEqual([undefined, '1', '2']);
    expect(new Set(sent.map(({ body }) => Buffer.from(body).toString('hex'))).size).toBe(1);
  });

  it('is not asked without end, and no other request is begun', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: () => ({ status: 500, body: 'label name "a" is not unique' }),
    });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1 });

    const delivery = await sink.write(batchOf([queues(5)]));

    expect(receiver.requests).toHaveLength(4);
    expect(delivery).toMatchObject({ accepted: 0, requests: 1 });
    expect(delivery.problems).toMatchObject([
      {
        kind: 'unavailable',
        message:
          '1 of 5 samples did not arrive, and 4 were not sent after that: the receiver answered 500 "label name "a" is not unique"',
      },
    ]);
  });

  it('is given the time that it asks for', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: (_, index) => (index === 0 ? { status: 429, headers: { 'Retry-After': '1' } } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });
    const startedMs = Date.now();

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(900);
  });

  it('that asks for more time than there is is left alone until then', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: () => ({ status: 429, headers: { 'Retry-After': '60' }, body: 'ingestion rate limit (25000) exceeded' }),
    });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1 });
    const startedMs = Date.now();

    const delivery = await sink.write(batchOf([queues(2)]));

    expect(receiver.requests).toHaveLength(1);
    expect(delivery.problems).toMatchObject([{ kind: 'rate-limited' }]);
    expect(delivery.problems[0]?.retryAtMs).toBeGreaterThan(startedMs + 55_000);
  });

  it.each([
    [401, 'auth', 'Check the credentials'],
    [403, 'auth', 'may not write'],
    [404, 'configuration', '--web.enable-remote-write-receiver'],
    [405, 'configuration', 'not a write endpoint'],
    [415, 'configuration', 'try the other `version`'],
  ])('that answers %i is asked once and the remedy is told', async (status, kind, remedy) => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status }) });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1 });

    const { problems } = await sink.write(batchOf([queues(3)]));

    expect(receiver.requests).toHaveLength(1);
    expect(problems).toMatchObject([{ kind, message: textLike(remedy) }]);
  });

  it('that does not answer is given up at the deadline, and what it has taken counts', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: (request) => (has(request, 'q0001') ? { status: 204, after: 600_000 } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1 });
    const passing = new AbortController();
    const answered = (): number => sink.log.lines.filter(({ message }) => message === 'http request').length;

    const writing = sink.write(batchOf([queues(3)]), 60_000, passing.signal);
    await expect.poll(() => [receiver.requests.length, answered()]).toEqual([3, 2]);
    passing.abort(new DOMException('the deadline has passed', 'TimeoutError'));
    const delivery = await writing;

    expect(delivery).toMatchObject({ accepted: 2, problems: [{ kind: 'timeout' }] });
  });

  it('that is not there is named with its address', async () => {
    const receiver = await startRemoteWriteFake();
    await receiver[Symbol.asyncDispose]();
    await using sink = remoteWriteSink({ url: receiver.url });

    const { accepted, problems } = await sink.write(batchOf([queues(1)]));

    expect(accepted).toBe(0);
    expect(problems).toMatchObject([{ kind: 'unavailable', message: textLike('ECONNREFUSED') }]);
    expect(problems[0]?.where).toContain(new URL(receiver.url).host);
  });
});

describe('many series', () => {
  it('travel in requests of the configured size, the first alone and then at most four at a time', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: ({ decoded }, index) =>
        decoded.series.length > 0 ? { status: 204, after: index === 0 ? 50 : 20 } : undefined,
    });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 7 });

    const delivery = await sink.write(batchOf([queues(100)]));

    const sent = withSamples(receiver.requests);
    const names = sent.flatMap(({ decoded }) => decoded.series.map(({ labels }) => JSON.stringify(labels)));
    expect(delivery).toMatchObject({ accepted: 100, problems: [] });
    expect(sent.map(({ decoded }) => decoded.series.length).sort((a, b) => a - b)).toEqual([
      2,
      ...Array<number>(14).fill(7),
    ]);
    expect(new Set(names).size).toBe(100);
    expect(receiver.mostInFlight()).toBe(4);
    expect(delivery.bytes).toBe(receiver.requests.reduce((sum, { body }) => sum + body.byteLength, 0));
    expect(delivery.requests).toBe(receiver.requests.length);
  });
});
