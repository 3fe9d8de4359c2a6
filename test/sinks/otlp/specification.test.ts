/** Each MUST and SHOULD that the OTLP specification (1.x, section "OTLP/HTTP") has for a client of metrics. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { maxAttempts } from '../../../lambda/http/transport/retry.ts';
import { type Answer, startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { encodeResponse } from '../../support/backends/otlp-decode.ts';
import { batchOf, gaugeOf, queues } from '../remote-write/batches.ts';
import { otlpSink, textLike } from './harness.ts';

/** Answers so at first, and then as a receiver in good health. */
function atFirst(...answers: readonly Answer[]) {
  return (_request: unknown, index: number): Answer | undefined => answers[index];
}

const encodings = ['protobuf', 'json'] as const;

describe('a request', () => {
  it.each([
    ['protobuf', 'application/x-protobuf'],
    ['json', 'application/json'],
  ])('in %s MUST have the content type %s, and is a POST to /v1/metrics', async (encoding, type) => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: `${receiver.url}/base/`, encoding });

    await sink.write(batchOf([queues(1)]));

    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', target: '/base/v1/metrics', encoding });
    expect(request?.headers['content-type']).toBe(type);
    expect(receiver.faults).toEqual([]);
  });

  it('that is compressed MUST say so, and one that is not says nothing', async () => {
    await using receiver = await startOtlpFake();
    await using packed = otlpSink({ url: receiver.url });
    await using plain = otlpSink({ url: receiver.url, compression: 'none' });

    await packed.write(batchOf([queues(100)]));
    await plain.write(batchOf([queues(100)]));

    const [first, second] = receiver.requests;
    expect(first?.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(first?.body ?? Buffer.alloc(0)).equals(Buffer.from(first?.message ?? []))).toBe(true);
    expect(second?.headers['content-encoding']).toBeUndefined();
    expect(first?.headers['accept-encoding']).toBe('gzip');
  });

  it('SHOULD be limited in size before compression, and no envelope SHOULD be empty', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, bytesPerRequest: 10_000 });

    await sink.write(batchOf([]));
    await sink.write(batchOf([queues(500)]));

    expect(receiver.requests.length).toBeGreaterThan(1);
    expect(receiver.requests.every(({ message }) => message.byteLength <= 10_000)).toBe(true);
    expect(receiver.requests.every(({ series }) => series.length > 0)).toBe(true);
  });

  it('MAY go beside others, of which the most SHOULD be configurable; the first goes alone', async () => {
    const slow = { status: 200, after: 50 };
    await using receiver = await startOtlpFake({ answer: () => slow });
    await using one = otlpSink({ url: receiver.url, pointsPerRequest: 10, parallelRequests: 1 });
    await one.write(batchOf([queues(60)]));
    const alone = receiver.mostInFlight();
    await using three = otlpSink({ url: receiver.url, pointsPerRequest: 10, parallelRequests: 3 });

    await three.write(batchOf([queues(80)]));

    expect([alone, receiver.mostInFlight()]).toEqual([1, 3]);
  });

  it('SHOULD use a connection that is kept alive', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url });

    await sink.write(batchOf([queues(1)]));

    expect(receiver.requests[0]?.headers['connection']).toBe('keep-alive');
  });
});

describe.each(encodings)('an answer in %s', (encoding) => {
  it('of success with rejected points is told with their number and the words, and MUST NOT be retried', async () => {
    const partial = { rejected: 2, message: 'names must not have blanks' };
    await using receiver = await startOtlpFake({ answer: () => ({ status: 200, partial }) });
    await using sink = otlpSink({ url: receiver.url, encoding });

    const delivery = await sink.write(batchOf([queues(5)]));

    expect(receiver.requests).toHaveLength(1);
    expect(delivery).toMatchObject({ accepted: 3, problems: [{ kind: 'rejected' }] });
    expect(delivery.problems[0]?.message).toBe(
      '2 of 5 points not stored: the receiver stored the others and says "names must not have blanks". Leave the metric that it means out with `metrics.exclude`, or look into the log of the receiver.',
    );
  });

  it('of success with words and nothing rejected is a hint in the log', async () => {
    const partial = { rejected: 0, message: 'please upgrade' };
    await using receiver = await startOtlpFake({ answer: () => ({ status: 200, partial }) });
    await using sink = otlpSink({ url: receiver.url, encoding });

    const delivery = await sink.write(batchOf([queues(5)]));

    expect(delivery).toMatchObject({ accepted: 5, problems: [] });
    expect(sink.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { message: 'please upgrade' } },
    ]);
  });

  it('of 400 MUST NOT be retried, and its Status is told', async () => {
    await using receiver = await startOtlpFake({ answer: () => ({ status: 400, says: 'cannot decode' }) });
    await using sink = otlpSink({ url: receiver.url, encoding });

    const { accepted, problems } = await sink.write(batchOf([queues(5)]));

    expect(receiver.requests).toHaveLength(1);
    expect(accepted).toBe(0);
    expect(problems).toMatchObject([
      { kind: 'rejected', message: textLike(/^5 of 5 points not stored: the receiver answered 400 "cannot decode"/) },
    ]);
  });
});

describe('an answer', () => {
  it('of 413 MUST NOT be retried; later requests are smaller', async () => {
    await using receiver = await startOtlpFake({ answer: atFirst({ status: 413 }) });
    await using sink = otlpSink({ url: receiver.url });

    const { accepted, problems } = await sink.write(batchOf([queues(100)]));
    const sent = receiver.requests.length;
    await sink.write(batchOf([queues(100)], { collectedAtMs: Date.now() + 1000 }));

    expect([sent, accepted]).toEqual([1, 0]);
    expect(problems).toMatchObject([{ kind: 'rejected', message: textLike(/half as many points/) }]);
    expect(receiver.requests.slice(1).map(({ series }) => series.length)).toEqual([50, 50]);
  });

  it.each([429, 502, 503, 504])('of %i SHOULD be retried with the same request', async (status) => {
    await using receiver = await startOtlpFake({ answer: atFirst({ status }) });
    await using sink = otlpSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(5)]));

    expect(delivery).toMatchObject({ accepted: 5, requests: 1, problems: [] });
    expect(receiver.requests).toHaveLength(2);
    expect(receiver.requests[1]?.body).toEqual(receiver.requests[0]?.body);
  });

  it.each([401, 403, 404, 405, 408, 409, 411, 415, 422, 431, 500, 501, 505, 507])(
    'of %i, as of any other 4xx or 5xx, MUST NOT be retried',
    async (status) => {
      await using receiver = await startOtlpFake({ answer: () => ({ status }) });
      await using sink = otlpSink({ url: receiver.url });

      const { accepted, problems } = await sink.write(batchOf([queues(5)]));

      expect(receiver.requests).toHaveLength(1);
      expect([accepted, problems.length]).toEqual([0, 1]);
    },
  );

  it('with Retry-After SHOULD be honoured', async () => {
    await using receiver = await startOtlpFake({ answer: atFirst({ status: 503, headers: { 'retry-after': '1' } }) });
    await using sink = otlpSink({ url: receiver.url });
    const startedMs = performance.now();

    const { accepted } = await sink.write(batchOf([queues(5)]));

    expect(accepted).toBe(5);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
  });

  it('with a Retry-After beyond the deadline leaves the rest of the run, and tells when', async () => {
    await using receiver = await startOtlpFake({
      answer: () => ({ status: 429, headers: { 'retry-after': '3600' } }),
    });
    await using sink = otlpSink({ url: receiver.url, pointsPerRequest: 2 });

    const { problems } = await sink.write(batchOf([queues(5)]));

    expect(receiver.requests).toHaveLength(1);
    expect(problems).toMatchObject([{ kind: 'rate-limited', message: textLike(/, and 3 were not sent after that/) }]);
    expect((problems[0]?.retryAtMs ?? 0) - Date.now()).toBeGreaterThan(3_500_000);
  });

  it('that never comes, because the server disconnects, SHOULD make the same request be sent again', async () => {
    await using receiver = await startOtlpFake({ answer: atFirst({ status: 200, breaksOff: true }) });
    await using sink = otlpSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(5)]));

    expect(delivery).toMatchObject({ accepted: 5, problems: [] });
    expect(receiver.requests[1]?.body).toEqual(receiver.requests[0]?.body);
  });

  it('may have fields that are not known yet', async () => {
    const known = encodeResponse({ rejected: 1, message: 'no' });
    // Field 15, a varint, and field 16, a text.
    const body = Buffer.concat([Buffer.from('7801', 'hex'), known, Buffer.from('82010178', 'hex')]);
    await using receiver = await startOtlpFake({ answer: () => ({ status: 200, body }) });
    await using sink = otlpSink({ url: receiver.url });

    expect(await sink.write(batchOf([queues(3)]))).toMatchObject({ accepted: 2 });
  });

  it.each([
    ['application/json', '{"partialSuccess":{"rejectedDataPoints":1,"errorMessage":"no"},"new":[]}', 2],
    ['application/json', '{"partialSuccess":null}', 3],
    ['application/json', '{"partialSuccess":{}}', 3],
    ['application/json', '', 3],
    ['application/json', '{}', 3],
    ['text/plain', '', 3],
    ['text/plain; charset=utf-8', '{}', 3],
    ['text/plain', '{"partialSuccess":{"rejectedDataPoints":"1"}}', 2],
    ['', '', 3],
  ])('of type %s with %s is read as it is', async (type, body, accepted) => {
    await using receiver = await startOtlpFake({
      answer: () => ({ status: 200, headers: { 'content-type': type }, body }),
    });
    await using sink = otlpSink({ url: receiver.url });

    expect((await sink.write(batchOf([queues(3)]))).accepted).toBe(accepted);
  });

  it.each([
    ['text/plain', 'OK'],
    ['application/octet-stream', '\u0001garbage'],
    ['', 'hello'],
    ['application/json', '{"error":"x"}'],
    ['application/json', '{"partialSuccess":"x"}'],
    ['application/json', '"OK"'],
    ['application/json', '[]'],
  ])('of type %j with %j is no answer of OTLP, and does not count as stored', async (type, body) => {
    await using receiver = await startOtlpFake({
      answer: () => ({ status: 200, headers: { 'content-type': type }, body }),
    });
    await using sink = otlpSink({ url: receiver.url });

    const { accepted, problems } = await sink.write(batchOf([queues(3)]));

    expect(receiver.requests).toHaveLength(1);
    expect(accepted).toBe(0);
    expect(problems).toMatchObject([
      {
        kind: 'bad-response',
        message: textLike(/^3 of 3 points may not have been stored: .*nobody knows whether all was stored/),
      },
    ]);
  });

  it('that claims more rejected points than were sent is not taken for less than nothing', async () => {
    const partial = { rejected: 99, message: '' };
    await using receiver = await startOtlpFake({ answer: () => ({ status: 200, partial }) });
    await using sink = otlpSink({ url: receiver.url });

    const delivery = await sink.write(batchOf([queues(3)]));

    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'rejected' }] });
    expect(delivery.problems[0]?.message).toMatch(/^3 of 3 points not stored: .* gives no reason\. Leave/);
  });
});

describe('a receiver that is down', () => {
  it('is tried again with growing waits, and then nothing more is sent to it', async () => {
    await using receiver = await startOtlpFake({ answer: () => ({ status: 503 }) });
    await using sink = otlpSink({ url: receiver.url, pointsPerRequest: 1 });

    const { accepted, requests, problems } = await sink.write(batchOf([queues(5)]));

    expect(receiver.requests).toHaveLength(maxAttempts);
    expect([accepted, requests]).toEqual([0, 1]);
    expect(problems).toMatchObject([
      { kind: 'unavailable', message: textLike(/^1 of 5 points not stored, and 4 were/) },
    ]);
  });
});

describe('one bad metric', () => {
  it('costs the others nothing from the next run on', async () => {
    await using receiver = await startOtlpFake({
      answer: ({ series }) =>
        series.some(({ metric }) => metric.name === 'ci_bad') ? { status: 400, says: 'bad name' } : undefined,
    });
    await using sink = otlpSink({ url: receiver.url });
    const families = [queues(3), gaugeOf('ci_bad', [{ labels: {}, value: 1 }])];

    const first = await sink.write(batchOf(families));
    const second = await sink.write(batchOf(families, { collectedAtMs: Date.now() + 1000 }));

    expect([first.accepted, second.accepted]).toEqual([0, 3]);
    expect(first.problems[0]?.message).toContain('are sent one by one from the next run on');
    expect(second.problems).toMatchObject([
      { message: textLike(/^1 of 4 points not stored, such as ci_bad: .*"bad name"/) },
    ]);
  });
});
