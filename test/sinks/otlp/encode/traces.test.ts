/** Finished runs as traces: what a receiver gets, and what becomes of what it does not take. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../../lambda/model/batch.ts';
import type { Span } from '../../../../lambda/model/span.ts';
import { version } from '../../../../lambda/version.ts';
import { buildResources } from '../../../../lambda/sinks/otlp/encode/resource.ts';
import { deriveIds } from '../../../../lambda/sinks/otlp/encode/traces/trace-ids.ts';
import { collectSpans, type TraceSpan } from '../../../../lambda/sinks/otlp/encode/traces/trace-span.ts';
import { encodeSpansAsJson } from '../../../../lambda/sinks/otlp/encode/traces/encode-spans-json.ts';
import { encodeSpansAsProtobuf } from '../../../../lambda/sinks/otlp/encode/traces/encode-spans-protobuf.ts';
import { startOtlpFake } from '../../../support/backends/otlp-fake.ts';
import {
  spanRecord,
  spansIn,
  tracesFromJson,
  tracesFromProtobuf,
} from '../../../support/backends/otlp-trace-decode.ts';
import { batchOf, partOf, queues } from '../../remote-write/batches.ts';
import { otlpSink, textLike } from '../harness.ts';

const createdMs = Date.UTC(2026, 5, 1, 12);

const run: Span = {
  is: 'run',
  run: 'build-1',
  pipeline: 'web',
  scope: 'acme',
  result: 'failure',
  attempt: 'first',
  startMs: createdMs,
  endMs: createdMs + 90_000,
  waitSeconds: 12.5,
  activeSeconds: 70,
  url: 'https://buildkite.com/acme/web/builds/42',
  commit: 'b5fb108b6fa0f1a9ae1e4ae0a8d1d2a2f4ac2c1d',
  branch: 'feature/x',
};
const job: Span = {
  ...{ is: 'job', run: 'build-1', id: 'job-1', name: 'Unit tests', pipeline: 'web', scope: 'Linux', queue: 'large' },
  ...{ result: 'success', startMs: createdMs + 20_000, endMs: createdMs + 60_000, waitSeconds: 3 },
};

function batchWith(spans: readonly Span[], families = [queues(1)]): Batch {
  return batchOf([], { sources: [partOf(families, { system: 'buildkite', source: 'main', spans })] });
}

function runs(count: number): readonly Span[] {
  return Array.from({ length: count }, (_, number) => ({ ...run, run: `build-${String(number)}` }));
}

describe.each(['protobuf', 'json'])('a receiver of traces in %s', (encoding) => {
  it('gets a trace of the run and its jobs, beside the metrics', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: `${receiver.url}/v1/metrics`, encoding, traces: 'finished-runs' });

    const delivery = await sink.write(batchWith([run, job]));

    expect(receiver.faults).toEqual([]);
    expect(delivery).toMatchObject({ accepted: 3, requests: 2, problems: [] });
    expect(receiver.traces.map(({ target, encoding: own }) => [target, own])).toEqual([['/v1/traces', encoding]]);
    const [root, part] = receiver.traces[0]?.spans ?? [];
    expect(root).toMatchObject({
      name: 'RUN web',
      kind: 2,
      startTimeUnixNano: `${String(createdMs)}000000`,
      endTimeUnixNano: `${String(createdMs + 90_000)}000000`,
      status: { code: 2 },
    });
    expect(root?.parentSpanId).toBeUndefined();
    expect(root && spanRecord(root)).toEqual({
      'ci.run.active_duration': 70,
      'ci.run.attempt': 'first',
      'ci.run.wait': 12.5,
      'ci.scope': 'acme',
      'ci.source': 'main',
      'ci.system': 'buildkite',
      'cicd.pipeline.action.name': 'RUN',
      'cicd.pipeline.name': 'web',
      'cicd.pipeline.result': 'failure',
      'cicd.pipeline.run.id': 'build-1',
      'cicd.pipeline.run.url.full': 'https://buildkite.com/acme/web/builds/42',
      'error.type': 'failure',
      'vcs.ref.head.name': 'feature/x',
      'vcs.ref.head.revision': 'b5fb108b6fa0f1a9ae1e4ae0a8d1d2a2f4ac2c1d',
    });
    expect(part).toMatchObject({ traceId: root?.traceId, parentSpanId: root?.spanId, name: 'Unit tests', kind: 1 });
    expect(part?.status).toBeUndefined();
    expect(part && spanRecord(part)).toEqual({
      'ci.job.wait': 3,
      'ci.queue.name': 'large',
      'ci.scope': 'Linux',
      'ci.source': 'main',
      'ci.system': 'buildkite',
      'cicd.pipeline.name': 'web',
      'cicd.pipeline.run.id': 'build-1',
      'cicd.pipeline.task.name': 'Unit tests',
      'cicd.pipeline.task.run.id': 'job-1',
      'cicd.pipeline.task.run.result': 'success',
    });
  });

  it('that rejects some is believed, told, and not asked again', async () => {
    const partial = { rejected: 2, message: 'too many spans' };
    await using receiver = await startOtlpFake({ answerTraces: () => ({ status: 200, partial }) });
    await using sink = otlpSink({ url: receiver.url, encoding, traces: 'finished-runs' });

    const { accepted, problems } = await sink.write(batchWith(runs(5)));

    expect(receiver.traces).toHaveLength(1);
    expect(accepted).toBe(4);
    expect(problems).toMatchObject([
      {
        kind: 'rejected',
        message:
          '2 of 5 spans not stored: the receiver stored the others and says "too many spans". Look into the log of the receiver. Spans are not sent again; the metrics have these runs all the same.',
      },
    ]);
  });
});

describe('the ids of a span', () => {
  it('are those of the run, so that what is sent again is the same span', async () => {
    await using receiver = await startOtlpFake();
    await using first = otlpSink({ url: receiver.url, traces: 'finished-runs' });
    await using second = otlpSink({ url: receiver.url, traces: 'finished-runs' });

    await first.write(batchWith([run, job]));
    await second.write(batchWith([run, job]));

    const ids = receiver.traces.map(({ spans }) => spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
    expect(ids[1]).toEqual(ids[0]);
    // Written down, because they must be the same after an update, too.
    expect(ids[0]?.[0]).toBe('f1c2cde38f4f432c60a0baf87cd5ed1a 8b1c5c308e4677c6');
  });

  it.each([
    ['another run', { ...run, run: 'build-2' }],
    ['another attempt', { ...run, attemptNumber: 2 }],
  ])('of %s are of another trace', (_, other) => {
    const origin = { system: 'buildkite', source: 'main' };
    expect(deriveIds(other, origin).trace).not.toEqual(deriveIds(run, origin).trace);
  });

  it('differ between systems and sources, and within a run by the id', () => {
    const of = (system: string, source: string) =>
      Buffer.from(deriveIds(run, { system, source }).trace).toString('hex');
    expect(new Set([of('a', 'bc'), of('ab', 'c'), of('a', 'b'), of('b', 'a')]).size).toBe(4);
    const origin = { system: 'buildkite', source: 'main' };
    const spans = [run, job, { ...job, id: 'job-2' }].map((span) =>
      Buffer.from(deriveIds(span, origin).span).toString('hex'),
    );
    expect(new Set(spans).size).toBe(3);
  });
});

describe('what does not go well', () => {
  it.each([429, 502, 503, 504])('of an answer %i is sent again with the same ids', async (status) => {
    await using receiver = await startOtlpFake({ answerTraces: (_, index) => (index === 0 ? { status } : undefined) });
    // Increases keep no connection and are not sent twice; spans have ids, whatever the temporality.
    await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs', temporality: 'delta' });

    const { problems } = await sink.write(batchWith([run]));

    expect(problems).toEqual([]);
    expect(receiver.traces.map(({ spans }) => spans[0]?.spanId)).toEqual(
      Array.from({ length: 2 }, () => receiver.traces[0]?.spans[0]?.spanId),
    );
  });

  it('costs no metric, and is told with what can be done', async () => {
    await using receiver = await startOtlpFake({ answerTraces: () => ({ status: 404 }) });
    await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs' });

    const { accepted, problems } = await sink.write(batchWith([run, job]));

    expect(accepted).toBe(1);
    expect(problems).toMatchObject([
      {
        kind: 'configuration',
        where: textLike(/\/v1\/traces$/),
        message: textLike(/^2 of 2 spans not stored: .*takes? no traces.*Spans are not sent again/),
      },
    ]);
  });

  it('stops the requests after it, and they are counted', async () => {
    await using receiver = await startOtlpFake({ answerTraces: () => ({ status: 403 }) });
    await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs', pointsPerRequest: 2 });

    const { problems } = await sink.write(batchWith(runs(5)));

    expect(receiver.traces).toHaveLength(1);
    expect(problems).toMatchObject([
      { kind: 'auth', message: textLike(/^2 of 5 spans not stored, and 3 were not sent after that/) },
    ]);
  });

  it('encodes no span after a request that was lost: a large one counts as not sent', async () => {
    await using receiver = await startOtlpFake({ answerTraces: () => ({ status: 403 }) });
    await using sink = otlpSink({
      ...{ url: receiver.url, traces: 'finished-runs' },
      ...{ pointsPerRequest: 1, bytesPerRequest: 10_000 },
    });

    const { problems } = await sink.write(batchWith([run, { ...run, run: 'large', branch: 'x'.repeat(20_000) }]));

    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^1 of 2 spans not stored, and 1 were not sent after that: /),
    ]);
  });

  it('by the size of a request makes later ones smaller', async () => {
    await using receiver = await startOtlpFake({
      answerTraces: (_, index) => (index === 0 ? { status: 413 } : undefined),
    });
    await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs' });

    await sink.write(batchWith(runs(8)));
    await sink.write(batchWith(runs(8)));

    expect(receiver.traces.map(({ spans }) => spans.length)).toEqual([8, 4, 4]);
  });

  it('with a span that is too large or has no time that can be written costs that one only', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs', bytesPerRequest: 10_000 });
    const large = { ...run, run: 'large', branch: 'x'.repeat(20_000) };
    const early = { ...run, run: 'early', startMs: -1 };

    const { problems } = await sink.write(batchWith([run, large, early, job]));

    expect(receiver.faults).toEqual([]);
    expect(receiver.traces.flatMap(({ spans }) => spans.map(({ name }) => name))).toEqual(['RUN web', 'Unit tests']);
    expect(problems.map(({ message }) => message)).toEqual([
      'left out 1 span: larger by themselves than `bytesPerRequest`; raise it as far as the receiver allows',
      'left out 1 span: with a time that OTLP cannot write; check the clock of the CI system',
    ]);
  });
});

it('sends none unless it is configured, and none when nothing finished', async () => {
  await using receiver = await startOtlpFake();
  await using without = otlpSink({ url: receiver.url });
  await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs' });

  await without.write(batchWith([run]));
  await sink.write(batchWith([]));

  expect(receiver.traces).toEqual([]);
  expect(receiver.requests).toHaveLength(2);
});

it('shows in a dry run what it sends', async () => {
  await using receiver = await startOtlpFake();
  await using sink = otlpSink({ url: receiver.url, traces: 'finished-runs' });
  const batch = batchWith([run, job]);

  const preview = await sink.preview(batch);
  const delivery = await sink.write(batch);

  expect([preview.samples, preview.requests, preview.bytes]).toEqual([
    delivery.accepted,
    delivery.requests,
    delivery.bytes,
  ]);
  expect(preview.lines.at(-2)).toMatch(/^span RUN web \{.*"b5fb108b6fa0f1a9ae1e4ae0a8d1d2a2f4ac2c1d"\} 90 s$/);
});

describe('a span', () => {
  const only = (span: Span, attributes = {}): TraceSpan | undefined => collectSpans(batchWith([span]), attributes)[0];

  it('without a known start has its end alone, and clocks that disagree make none that ends before it starts', () => {
    expect(only({ ...run, startMs: undefined })).toMatchObject({ startMs: run.endMs, endMs: run.endMs });
    expect(only({ ...run, startMs: run.endMs + 5 })).toMatchObject({ startMs: run.endMs, endMs: run.endMs });
  });

  it('has the attributes of the operator, but for those that it has itself', () => {
    const attributes = Object.fromEntries(only(run, { team: 'a', 'cicd.pipeline.name': 'b' })?.attributes ?? []);
    expect(attributes).toMatchObject({ team: 'a', 'cicd.pipeline.name': 'web' });
  });

  it.each([
    ['failure', true],
    ['error', true],
    ['timeout', true],
    ['success', false],
    ['cancellation', false],
    ['skip', false],
    ['other', false],
  ] as const)('of the result %s has failed: %s', (result, hasFailed) => {
    const span = only({ ...run, result });
    expect(span?.hasFailed).toBe(hasFailed);
    expect(Object.fromEntries(span?.attributes ?? [])['error.type']).toBe(hasFailed ? result : undefined);
  });
});

describe('the encodings', () => {
  const resource = buildResources({ collector: 'ci', attributes: {}, naming: 'ci' }).collector;
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const span: fc.Arbitrary<TraceSpan> = fc.record({
    ids: fc.oneof(
      fc.record({ trace: bytes(16), span: bytes(8) }),
      fc.record({ trace: bytes(16), span: bytes(8), parent: bytes(8) }),
    ),
    name: text.map((name) => `n${name}`),
    kind: fc.constantFrom('server', 'internal'),
    startMs: fc.integer({ min: 1, max: 2 ** 43 }),
    endMs: fc.integer({ min: 1, max: 2 ** 43 }),
    attributes: fc.array(
      fc.tuple(
        text.map((key) => `k${key}`),
        fc.oneof(
          text.map((value) => `v${value}`),
          fc.double({ noNaN: true, noDefaultInfinity: true, min: 0.001 }),
        ),
      ),
      { maxLength: 5 },
    ),
    hasFailed: fc.boolean(),
  });

  it('say the same, and all of it', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), (spans) => {
        const packed = tracesFromProtobuf(encodeSpansAsProtobuf(spans, resource));
        expect(tracesFromJson(encodeSpansAsJson(spans, resource))).toEqual(packed);
        expect(spansIn(packed).map((read) => read.attributes.length)).toEqual(
          spans.map((one) => one.attributes.length),
        );
        expect(spansIn(packed).map((read) => read.endTimeUnixNano)).toEqual(
          spans.map(({ endMs }) => String(BigInt(endMs) * 1_000_000n)),
        );
      }),
    );
  });

  /** A field whose value is a message: tag, length and the fields in it, as hex. */
  function field(tag: string, ...inner: readonly string[]): string {
    const body = inner.join('');
    const length = body.length / 2;
    const written = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
    return `${tag}${Buffer.from(written).toString('hex')}${body}`;
  }

  function hexOf(value: string): string {
    return Buffer.from(value).toString('hex');
  }

  it('are the bytes of the field numbers', () => {
    const one: TraceSpan = {
      ids: { trace: new Uint8Array(16).fill(1), span: new Uint8Array(8).fill(2), parent: new Uint8Array(8).fill(3) },
      name: 'a',
      kind: 'internal',
      startMs: 1,
      endMs: 2,
      attributes: [
        ['q', 'x'],
        ['w', 1.5],
      ],
      hasFailed: true,
    };
    const small = { attributes: ['k', 'v'], schemaUrl: 'u', metricsSchemaUrl: undefined };

    // Span: trace_id 1, span_id 2, parent_span_id 4, name 5, kind 6, start 7, end 8, attributes 9, status 15 with code 3.
    const expected = field(
      '12',
      field('0a', '01'.repeat(16)),
      field('12', '02'.repeat(8)),
      field('22', '03'.repeat(8)),
      field('2a', hexOf('a')),
      '3001',
      '3940420f0000000000',
      '4180841e0000000000',
      field('4a', field('0a', hexOf('q')), field('12', field('0a', hexOf('x')))),
      field('4a', field('0a', hexOf('w')), field('12', '21000000000000f83f')),
      field('7a', '1802'),
    );
    const scope = field('0a', field('0a', hexOf('ci-metrics-collector')), field('12', hexOf(version)));
    const around = field('0a', field('0a', field('0a', hexOf('k')), field('12', field('0a', hexOf('v')))));
    const request = field('0a', around, field('12', scope, expected, field('1a', hexOf('u'))), field('1a', hexOf('u')));
    expect(Buffer.from(encodeSpansAsProtobuf([one], small)).toString('hex')).toBe(request);
  });
});
