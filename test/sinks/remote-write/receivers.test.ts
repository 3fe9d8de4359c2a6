/** Tests of the sink `remote-write` with receivers of both versions, and of every way in which they refuse. */
import { describe, expect, it } from 'vitest';
import { maxSuspectRequests } from '../../../lambda/series/delivery/suspects.ts';
import { type Answer, type RecordedRequest, startRemoteWriteFake } from '../../support/backends/remote-write-fake.ts';
import { batchOf, counterOf, gaugeOf, partOf, queues, relayedOf } from './batches.ts';
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
      { kind: 'rejected', message: textLike(/^1 of 10 samples not stored: .*duplicate sample/) },
    ]);
  });

  it('that writes fewer samples than it admits to is reported', async () => {
    const headers = { 'X-Prometheus-Remote-Write-Samples-Written': '4' };
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 204, headers }) });
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });

    const delivery = await sink.write(batchOf([queues(10)]));

    expect(delivery).toMatchObject({ accepted: 4, problems: [{ kind: 'rejected' }] });
    expect(delivery.problems[0]?.message).toMatch(/^6 of 10 samples not stored: the receiver answered with success/);
  });

  it('whose samples are all written while an exemplar is refused is no trouble', async () => {
    const headers = {
      'X-Prometheus-Remote-Write-Samples-Written': '3',
      'X-Prometheus-Remote-Write-Exemplars-Written': '0',
    };
    await using receiver = await startRemoteWriteFake({
      answer: () => ({ status: 400, headers, body: 'out of order exemplar' }),
    });
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });

    expect(await sink.write(batchOf([queues(3)]))).toMatchObject({ accepted: 3, problems: [] });
  });

  it('alone, at one that does not speak it, is a mistake of the configuration', async () => {
    await using receiver = await startRemoteWriteFake({ speaks: '1.0 blind' });
    await using sink = remoteWriteSink({ url: receiver.url, version: '2.0' });

    const { accepted, problems } = await sink.write(batchOf([queues(1)]));

    expect(accepted).toBe(0);
    expect(receiver.requests).toHaveLength(1);
    expect(problems).toMatchObject([{ kind: 'configuration', message: textLike(/does not speak.*version: auto/) }]);
  });
});

describe('a receiver whose version is found out', () => {
  it('gets 2.0 where it speaks it', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto' });

    await sink.write(batchOf([queues(2)]));

    expect(receiver.requests.map(({ version }) => version)).toEqual(['2.0']);
  });

  it.each([
    ['says 415', { speaks: '1.0 strict', refusal: 415 }],
    ['says nothing and stores nothing', { speaks: '1.0 blind' }],
  ] as const)('gets 1.0 at once where it %s, and stays with it', async (_, options) => {
    await using receiver = await startRemoteWriteFake(options);
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto' });

    const first = await sink.write(batchOf([queues(2)]));
    const second = await sink.write(batchOf([queues(2)]));

    expect([first, second]).toMatchObject([
      { accepted: 2, problems: [] },
      { accepted: 2, problems: [] },
    ]);
    expect(withSamples(receiver.requests).map(({ version }) => version)).toEqual(['2.0', '1.0', '1.0']);
    expect(receiver.faults).toEqual([]);
  });

  it('is not sent again what it refused with 400; 1.0 begins with the next request', async () => {
    await using receiver = await startRemoteWriteFake({ speaks: '1.0 strict', refusal: 400 });
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto', seriesPerRequest: 1 });

    const delivery = await sink.write(batchOf([queues(2)]));

    expect(withSamples(receiver.requests).map(({ version }) => version)).toEqual(['2.0', '1.0']);
    expect(delivery).toMatchObject({ accepted: 1, problems: [{ kind: 'rejected' }] });
  });

  it('and that has spoken 2.0 before is refused for the data', async () => {
    let isBad = false;
    await using receiver = await startRemoteWriteFake({
      answer: () => (isBad ? { status: 400, body: 'no' } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto' });
    await sink.write(batchOf([queues(1)]));

    isBad = true;
    await sink.write(batchOf([queues(1)]));
    await sink.write(batchOf([queues(1)]));

    expect(receiver.requests.map(({ version }) => version)).toEqual(['2.0', '2.0', '2.0']);
  });

  it('is sent only what it can carry', async () => {
    await using receiver = await startRemoteWriteFake({ speaks: '1.0 blind' });
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto' });
    const relayed = [relayedOf('web.requests', [{ labels: { 'http.method': 'GET' }, value: 1 }])];

    const delivery = await sink.write(batchOf([], { sources: [partOf([queues(2)], { relayed })] }));

    expect(delivery.accepted).toBe(2);
    expect(receiver.stored.size).toBe(2);
    expect(delivery.problems).toMatchObject([
      {
        kind: 'rejected',
        message: textLike(/^1 of 3 samples not stored: their names have characters.*utf8Names: escape/),
      },
    ]);
  });
});

describe('a receiver of 1.0 that refuses a request', () => {
  const answer = (request: RecordedRequest): Answer | undefined =>
    request.decoded.series.some(({ labels }) => labels.some(([, value]) => value === 'ci_bad'))
      ? { status: 400, body: 'out of order sample\n' }
      : undefined;

  it('is not sent it again, neither whole nor in parts', async () => {
    await using receiver = await startRemoteWriteFake({ answer });
    await using sink = remoteWriteSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(50), queues(5, 'ci_bad')]));

    expect(withSamples(receiver.requests)).toHaveLength(1);
    expect(delivery.accepted).toBe(0);
    expect(delivery.problems).toEqual([
      {
        kind: 'rejected',
        where: textLike('^remote-write/remote-write POST '),
        message: textLike(
          /^55 of 55 samples not stored: the receiver answered 400 "out of order sample"\. .* The metrics of that request are sent one by one from the next run on, so that only the bad one is lost\.$/,
        ),
      },
    ]);
  });

  it('gets all but the bad metric from the next run on', async () => {
    await using receiver = await startRemoteWriteFake({ answer });
    await using sink = remoteWriteSink({ url: receiver.url });
    const names = ['ci_a', 'ci_b', 'ci_bad', 'ci_c'];
    const families = names.map((name) => queues(10, name));

    const first = await sink.write(batchOf(families));
    const sentBefore = withSamples(receiver.requests).length;
    const second = await sink.write(batchOf(families));
    const third = await sink.write(batchOf(families));

    expect([first, second, third].map(({ accepted }) => accepted)).toEqual([0, 30, 30]);
    const sizes = withSamples(receiver.requests)
      .slice(sentBefore)
      .map(({ decoded }) => decoded.series.length)
      .sort((a, b) => a - b);
    // Four apart, then the three that were taken together again and the bad one by itself.
    expect(sizes).toEqual([10, 10, 10, 10, 10, 30]);
    expect(second.problems).toMatchObject([{ message: textLike(/^10 of 40 samples not stored/) }]);
  });

  it('is not asked for ever, whatever it refuses', async () => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 400, body: 'no' }) });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1000 });
    const families = Array.from({ length: 500 }, (_, index) => queues(2, `ci_${String(index)}`));

    await sink.write(batchOf(families));
    const before = receiver.requests.length;
    const delivery = await sink.write(batchOf(families));

    expect(before).toBe(1);
    expect(receiver.requests.length - before).toBe(maxSuspectRequests);
    expect(delivery.problems).toMatchObject([{ message: textLike(/^1000 of 1000 samples not stored/) }]);
  });

  it('as too large gets smaller ones later, and what was lost is told', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: ({ decoded }) => (decoded.series.length > 300 ? { status: 413 } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 400 });

    const first = await sink.write(batchOf([queues(1000)]));
    const second = await sink.write(batchOf([queues(1000)]));

    expect(first).toMatchObject({
      accepted: 600,
      problems: [{ message: textLike(/^400 of 1000 samples not stored.*half as many/) }],
    });
    expect(second).toMatchObject({ accepted: 1000, problems: [] });
  });

  it('keeps samples that date themselves apart, each target by itself', async () => {
    const at = Date.now();
    const late = at - 3_600_000;
    await using receiver = await startRemoteWriteFake({
      answer: ({ decoded }) =>
        decoded.series.some(({ samples }) => samples.some(({ timestampMs }) => timestampMs === late))
          ? { status: 400, body: 'out of bounds\n' }
          : undefined,
    });
    await using sink = remoteWriteSink({ url: receiver.url });
    const page = (instance: string, timestampMs: number) =>
      relayedOf('page_jobs', [
        { labels: { job: 'p', instance, queue: 'a' }, value: 1, timestampMs },
        { labels: { job: 'p', instance, queue: 'b' }, value: 1, timestampMs },
      ]);
    const relayed = [page('lagging:9100', late), page('good:9100', at)];

    const delivery = await sink.write(batchOf([], { sources: [partOf([queues(3)], { relayed })] }));

    expect(delivery.accepted).toBe(5);
    expect(withSamples(receiver.requests).map(({ decoded }) => decoded.series.length)).toEqual([3, 2, 2]);
    expect(delivery.problems).toMatchObject([
      {
        message: textLike(
          /^2 of 7 samples not stored: the receiver answered 400 "out of bounds"\. The page of lagging:9100 dates its samples.*honorTimestamps: false/,
        ),
      },
    ]);
  });

  it('is sent several samples of one series together, oldest first', async () => {
    const at = Date.now();
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url });
    const labels = { job: 'p', instance: 'x:1' };
    const relayed = [
      relayedOf('page_jobs', [
        { labels, value: 2, timestampMs: at },
        { labels, value: 1, timestampMs: at - 1000 },
        { labels, value: 9, timestampMs: at },
      ]),
    ];

    const delivery = await sink.write(batchOf([], { sources: [partOf([], { relayed })] }));

    expect([...receiver.stored.values()].map((samples) => samples.map(({ value }) => value))).toEqual([[1, 2]]);
    expect(delivery).toMatchObject({ accepted: 2, problems: [{ message: textLike(/same labels as another sample/) }] });
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
    [
      'Prometheus, for age',
      { status: 400, body: 'out of bounds\n' },
      /holds samples that are far newer: they came from a page or a writer/,
    ],
    ['Prometheus, for the future', { status: 400, body: 'too far in the future\n' }, /The clock of the receiver/],
    ['anybody, for a limit', { status: 400, body: 'per-user series limit of 10 exceeded' }, /A limit of the receiver/],
    [
      'anybody else',
      { status: 422, body: 'I do not like it\u0007\u001b[31m' },
      /answered 422 "I do not like it[^\p{Cc}]*"\. The receiver does not take what it was sent: leave the metric/u,
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
          '1 of 5 samples may not have been stored, and 4 were not sent after that: the receiver answered 500 "label name "a" is not unique". The server has a fault of its own: look at its status page or log if it lasts.',
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
    [418, 'rejected', 'answered 418'],
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

  it('is asked nothing after the deadline, and nothing is stored', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url });
    const passed = AbortSignal.abort(new DOMException('the deadline has passed', 'TimeoutError'));

    const { accepted, requests, problems } = await sink.write(batchOf([queues(3)]), 60_000, passed);

    expect([receiver.requests, accepted, requests]).toEqual([[], 0, 0]);
    expect(problems).toMatchObject([
      { kind: 'timeout', message: textLike(/^3 of 3 samples not stored: the deadline of the run had passed before/) },
    ]);
  });

  it('behind a login page is told as such: nothing was stored', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: () => ({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Sign in' }),
    });
    await using sink = remoteWriteSink({ url: receiver.url });

    const { accepted, problems } = await sink.write(batchOf([queues(2)]));

    expect(accepted).toBe(0);
    expect(problems).toMatchObject([
      { kind: 'bad-response', message: textLike(/^2 of 2 samples may not have been stored: .*a web page/) },
    ]);
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
