/**
 * What both specifications ask of a sender, each line on the wire. The numbers are those of
 * docs/remote-write-conformance.md, which has the line and where it stands.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { remoteWrite } from '../../../lambda/sinks/remote-write/index.ts';
import { staleBits, uncompress } from '../../support/backends/remote-write-decode.ts';
import {
  type FakeReceiver,
  type FakeReceiverOptions,
  type RecordedRequest,
  startRemoteWriteFake,
} from '../../support/backends/remote-write-fake.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, queues, relayedOf } from './batches.ts';
import { remoteWriteSink, type TestSink } from './harness.ts';

type Version = '1.0' | '2.0';

interface Run extends AsyncDisposable {
  readonly receiver: FakeReceiver;
  readonly sink: TestSink;
  /** Requests with samples, in order of arrival. */
  readonly sent: () => readonly RecordedRequest[];
}

async function start(
  version: Version,
  options: FakeReceiverOptions = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<Run> {
  const receiver = await startRemoteWriteFake(options);
  const sink = remoteWriteSink({ url: receiver.url, version, ...more });
  return {
    receiver,
    sink,
    sent: () => receiver.requests.filter(({ decoded }) => decoded.series.length > 0),
    [Symbol.asyncDispose]: async () => {
      await sink[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

/** A value of every type, with labels that are not in order and one that is empty. */
function everything() {
  const total = { bounds: [10, 60], counts: [1, 2, 0], sum: 75, startMs: 1_700_000_000_000 };
  const exemplars = [{ labels: { trace_id: 'abc', commit: 'def' }, value: 12, timestampMs: 1_700_000_001_000 }];
  return batchOf([
    gaugeOf('ci_queue_jobs', [{ labels: { zone: 'z', queue: 'ü', empty: '' }, value: 0.5 }]),
    counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 3, startMs: 0 } }]),
    distributionOf('ci_wait_seconds', [{ labels: { queue: 'a' }, observations: [12], total, exemplars }]),
  ]);
}

function seriesNamed(requests: readonly RecordedRequest[], name: string) {
  return requests
    .flatMap(({ decoded }) => decoded.series)
    .filter(({ labels }) => labels.some(([label, value]) => label === '__name__' && value === name));
}

/** Answers of these statuses in turn, then the receiver's own. */
function inTurn(...statuses: readonly number[]): FakeReceiverOptions {
  return {
    answer: ({ decoded }, index) => {
      const status = statuses[index];
      return status === undefined || decoded.series.length === 0 ? undefined : { status, body: 'a reason' };
    },
  };
}

const headers = {
  '1.0': {
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
  },
  '2.0': {
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  },
} as const;

describe.each(['1.0', '2.0'] as const)('of remote write %s:', (version) => {
  it('C1 a POST to the configured path carries the message and the four headers', async () => {
    await using run = await start(version);

    await run.sink.write(everything());

    const [first] = run.sent();
    expect(first).toMatchObject({ method: 'POST', target: '/api/v1/write', headers: headers[version] });
    expect(first?.headers['user-agent']).toMatch(/^ci-metrics-collector\/\d+\.\d+\.\d+/);
    expect(run.receiver.faults).toEqual([]);
  });

  it.each(Object.keys(headers['1.0']).concat('user-agent'))('C2 nobody can set the header %s', (name) => {
    const raw = { kind: 'remote-write', url: 'https://example.com/write', headers: { [name]: 'x' } };

    expect(() => remoteWrite.prepare(raw)).toThrow('is set by the collector');
  });

  it('C3 the body is one block of snappy, never a frame', async () => {
    await using run = await start(version);

    await run.sink.write(everything());

    const [first] = run.sent();
    expect(
      Buffer.from(first?.body ?? [])
        .subarray(0, 4)
        .toString('hex'),
    ).not.toBe('ff060000');
    expect(uncompress(first?.body ?? new Uint8Array()).byteLength).toBeGreaterThan(100);
  });

  it('C4 times are whole milliseconds and values doubles, bit by bit', async () => {
    await using run = await start(version);
    const collectedAtMs = 1_700_000_000_123;

    await run.sink.write(batchOf([gaugeOf('ci_x', [{ labels: {}, value: 0.1 }])], { collectedAtMs }));

    expect(seriesNamed(run.sent(), 'ci_x')[0]?.samples).toMatchObject([
      { timestampMs: collectedAtMs, bits: 0x3fb999999999999an },
    ]);
  });

  it('C5 the body of a success is not read', async () => {
    const written = { 'X-Prometheus-Remote-Write-Samples-Written': '1' };
    await using run = await start(version, {
      answer: () => ({ status: 200, headers: written, body: '{"error":"nothing was stored"}' }),
    });

    expect(await run.sink.write(batchOf([queues(1)]))).toMatchObject({ accepted: 1, problems: [] });
  });

  it('C6 every series has all of its labels: a name, none twice, none empty, sorted by bytes', async () => {
    await using run = await start(version);

    await run.sink.write(everything());

    expect(run.receiver.faults).toEqual([]);
    expect(seriesNamed(run.sent(), 'ci_queue_jobs')[0]?.labels).toEqual([
      ['__name__', 'ci_queue_jobs'],
      ['collector', 'ci'],
      ['queue', 'ü'],
      ['zone', 'z'],
    ]);
  });

  it('C7 names that begin with two underscores are left to Prometheus', async () => {
    await using run = await start(version);

    const { problems } = await run.sink.write(
      batchOf([gaugeOf('ci_x', [{ labels: { __reserved: 'x' }, value: 1 }]), queues(1)]),
    );

    expect(run.receiver.faults).toEqual([]);
    expect(run.receiver.stored.size).toBe(1);
    expect(problems).toHaveLength(1);
  });

  it('C8 samples of one series are in the order of their times', async () => {
    await using run = await start(version);
    const labels = { job: 'p', instance: 'x:1' };
    const relayed = [
      relayedOf(
        'page_jobs',
        [3000, 1000, 2000].map((timestampMs) => ({ labels, value: timestampMs, timestampMs })),
      ),
    ];

    await run.sink.write(batchOf([], { sources: [partOf([], { relayed })] }));

    expect(seriesNamed(run.sent(), 'page_jobs').map(({ samples }) => samples.map(({ value }) => value))).toEqual([
      [1000, 2000, 3000],
    ]);
  });

  it('C9 requests that travel side by side have different series', async () => {
    await using run = await start(version, { answer: () => undefined }, { seriesPerRequest: 10 });

    await run.sink.write(batchOf([queues(100)]));

    const keys = run.sent().flatMap(({ decoded }) => decoded.series.map(({ labels }) => JSON.stringify(labels)));
    expect(run.receiver.mostInFlight()).toBeGreaterThan(1);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each([500, 501, 502, 503, 504, 599])('C10 a %i is repeated with the same bytes, after a wait', async (status) => {
    await using run = await start(version, inTurn(status, status));

    const { accepted } = await run.sink.write(batchOf([queues(2)]));

    const bodies = run.sent().map(({ body }) => Buffer.from(body).toString('hex'));
    expect(accepted).toBe(2);
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
  });

  it.each([400, 401, 402, 403, 404, 405, 409, 410, 413, 422])(
    'C11 a %i is final: nothing is sent again, neither whole nor in parts',
    async (status) => {
      await using run = await start(version, { answer: () => ({ status, body: 'a reason' }) });

      const { accepted, problems } = await run.sink.write(batchOf([queues(50), queues(5, 'ci_other')]));

      expect(run.sent()).toHaveLength(1);
      expect(accepted).toBe(0);
      expect(problems).toHaveLength(1);
    },
  );

  it('C12 a success is not repeated', async () => {
    await using run = await start(version);

    await run.sink.write(batchOf([queues(5)]));

    expect(run.sent()).toHaveLength(1);
  });

  it('C13 a 429 is repeated when the receiver says that it may be', async () => {
    await using run = await start(version, {
      answer: (_, index) => (index === 0 ? { status: 429, headers: { 'Retry-After': '0' } } : undefined),
    });

    expect(await run.sink.write(batchOf([queues(2)]))).toMatchObject({ accepted: 2, problems: [] });
  });

  it.each(['out of order sample', 'something else, with "quotes"'])(
    'C14 the text of a refusal is told as it is, and decides nothing: %s',
    async (text) => {
      await using run = await start(version, { answer: () => ({ status: 400, body: text }) });

      const { problems } = await run.sink.write(batchOf([queues(3)]));

      expect(run.sent()).toHaveLength(1);
      expect(problems[0]?.message).toContain(`"${text}"`);
    },
  );

  it('C15 a series that is gone ends with the stale marker, and no other value has its bits', async () => {
    await using run = await start(version);
    const values = [NaN, 1].map((value, index) => ({ labels: { queue: `q${String(index)}` }, value }));
    await run.sink.write(batchOf([gaugeOf('ci_x', values)]));
    const before = run.sent().flatMap(({ decoded }) => decoded.series);

    await run.sink.write(batchOf([gaugeOf('ci_x', values.slice(0, 1))]));

    const after = run
      .sent()
      .flatMap(({ decoded }) => decoded.series)
      .slice(before.length);
    const bitsOf = (series: typeof after) => series.flatMap(({ samples }) => samples.map(({ bits }) => bits));
    expect(bitsOf(before)).not.toContain(staleBits);
    expect(bitsOf(after)).toEqual([0x7ff8000000000001n, staleBits]);
  });

  it('C16 a series that dates its samples gets no marker unless it is asked for', async () => {
    const page = (timestampMs: number) => [
      relayedOf('page_jobs', [{ labels: { instance: 'x:1' }, value: 1, timestampMs }]),
    ];
    const countOfMarkers = async (more: Readonly<Record<string, unknown>>): Promise<number> => {
      await using run = await start(version, {}, more);
      await run.sink.write(batchOf([], { sources: [partOf([], { relayed: page(Date.now() - 30_000) })] }));
      await run.sink.write(batchOf([], { sources: [partOf([], { relayed: [] })] }));
      return run
        .sent()
        .flatMap(({ decoded }) => decoded.series)
        .filter(({ samples }) => samples[0]?.bits === staleBits).length;
    };

    expect([await countOfMarkers({}), await countOfMarkers({ markDatedSeries: true })]).toEqual([0, 1]);
  });
});

describe('of remote write 1.0:', () => {
  it('A1 names keep to the characters of Prometheus', async () => {
    await using run = await start('1.0');
    const relayed = [
      relayedOf('web.requests', [{ labels: {}, value: 1 }]),
      relayedOf('web_requests', [{ labels: { 'http.method': 'GET' }, value: 1 }]),
    ];

    const { accepted, problems } = await run.sink.write(batchOf([], { sources: [partOf([queues(1)], { relayed })] }));

    expect(run.receiver.faults).toEqual([]);
    expect(accepted).toBe(1);
    expect(problems).toHaveLength(1);
  });
});

describe('of remote write 2.0:', () => {
  it('B1 a receiver of 1.x is spoken to with the headers of 1.x', async () => {
    await using receiver = await startRemoteWriteFake({ speaks: '1.0 strict', refusal: 415 });
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto' });

    await sink.write(batchOf([queues(1)]));

    expect(receiver.requests[1]?.headers).toMatchObject(headers['1.0']);
  });

  it('B2 a success without any of the Written headers is a 415', async () => {
    await using receiver = await startRemoteWriteFake({ speaks: '1.0 blind' });
    await using sink = remoteWriteSink({ url: receiver.url, version: 'auto' });

    expect(await sink.write(batchOf([queues(1)]))).toMatchObject({ accepted: 1, problems: [] });
    expect(receiver.requests[1]?.version).toBe('1.0');
  });

  it('B3 a header that is missing beside the others means none of its kind', async () => {
    await using run = await start('2.0', {
      answer: () => ({ status: 400, headers: { 'X-Prometheus-Remote-Write-Exemplars-Written': '0' }, body: 'no' }),
    });

    expect(await run.sink.write(batchOf([queues(2)]))).toMatchObject({ accepted: 0, problems: [{ kind: 'rejected' }] });
  });

  it('B4 what a partial write has stored is counted, and nothing is repeated', async () => {
    await using run = await start('2.0', {
      answer: () => ({
        status: 400,
        headers: { 'X-Prometheus-Remote-Write-Samples-Written': '3' },
        body: 'one is bad',
      }),
    });

    expect(await run.sink.write(batchOf([queues(4)]))).toMatchObject({ accepted: 3, requests: 1 });
  });

  it('B5 symbols begin with the empty text, stand once each, and every reference leads to one', async () => {
    await using run = await start('2.0');

    await run.sink.write(everything());

    const symbols = run.sent()[0]?.decoded.symbols ?? [];
    expect(symbols[0]).toBe('');
    expect(new Set(symbols).size).toBe(symbols.length);
    // The decoder refuses a reference that leads nowhere.
    expect(run.receiver.faults).toEqual([]);
  });

  it('B6 every series has a sample, and type, help and unit', async () => {
    await using run = await start('2.0');

    await run.sink.write(everything());

    const series = run.sent().flatMap(({ decoded }) => decoded.series);
    expect(series.every(({ samples }) => samples.length === 1)).toBe(true);
    const described = (name: string) => seriesNamed(run.sent(), name)[0]?.metadata;
    expect(described('ci_queue_jobs')).toMatchObject({ type: 'METRIC_TYPE_GAUGE', help: 'Help of ci_queue_jobs.' });
    expect(described('ci_jobs_total')).toMatchObject({ type: 'METRIC_TYPE_COUNTER', unit: '' });
    expect(described('ci_wait_seconds_sum')).toMatchObject({ type: 'METRIC_TYPE_HISTOGRAM', unit: 'seconds' });
  });

  it('B7 exemplars have a value, a time and sorted labels, or none', async () => {
    await using run = await start('2.0');
    const relayed = [
      relayedOf('page_jobs_total', [
        { labels: { a: '1' }, value: 1, exemplar: { labels: {}, value: 7 } },
        { labels: { a: '2' }, value: 1, exemplar: { labels: { 'trace.id': 'x' }, value: 8, timestampMs: 5 } },
      ]),
    ];
    const collectedAtMs = Date.now();

    await run.sink.write({
      ...everything(),
      collectedAtMs,
      sources: [partOf(everything().sources[0]?.families ?? [], { relayed })],
    });

    const exemplars = run.sent().flatMap(({ decoded }) => decoded.series.flatMap((series) => series.exemplars));
    expect(exemplars).toEqual([
      {
        labels: [
          ['commit', 'def'],
          ['trace_id', 'abc'],
        ],
        value: 12,
        timestampMs: 1_700_000_001_000,
      },
      // The time of the sample stands for that of an exemplar without one.
      { labels: [], value: 7, timestampMs: collectedAtMs },
      { labels: [['trace.id', 'x']], value: 8, timestampMs: 5 },
    ]);
  });

  it('B8 counters and histograms have their start, 1 where it is 0; gauges have none', async () => {
    await using run = await start('2.0');

    await run.sink.write(everything());

    const startOf = (name: string) => seriesNamed(run.sent(), name)[0]?.samples[0]?.startMs;
    expect(['ci_queue_jobs', 'ci_jobs_total', 'ci_wait_seconds_count'].map(startOf)).toEqual([0, 1, 1_700_000_000_000]);
  });

  it('B9 names may be any text', async () => {
    await using run = await start('2.0');
    const relayed = [relayedOf('web.requests', [{ labels: { 'http.method': 'GET' }, value: 1 }])];

    expect(await run.sink.write(batchOf([], { sources: [partOf([], { relayed })] }))).toMatchObject({
      accepted: 1,
      problems: [],
    });
    expect(seriesNamed(run.sent(), 'web.requests')).toHaveLength(1);
  });

  it('B10 labels are sorted by bytes beyond the basic plane, too', async () => {
    await using run = await start('2.0');
    // In UTF-16 the surrogates of the rocket come before U+FF5E, in UTF-8 behind it.
    const labels = { '\u{1F680}': 'rocket', '\uFF5E': 'tilde' };

    await run.sink.write(batchOf([], { sources: [partOf([], { relayed: [relayedOf('x', [{ labels, value: 1 }])] })] }));

    expect(seriesNamed(run.sent(), 'x')[0]?.labels.map(([name]) => name)).toEqual([
      '__name__',
      'collector',
      '\uFF5E',
      '\u{1F680}',
    ]);
  });
});

it('the table of the docs names each of these lines once, and no other', () => {
  const here = readFileSync(join(import.meta.dirname, 'specification.test.ts'), 'utf8');
  const docs = readFileSync(join(import.meta.dirname, '../../../docs/remote-write-conformance.md'), 'utf8');
  const tested = [...here.matchAll(/'([ABC]\d+) /g)].map(([, id]) => id);

  expect([...docs.matchAll(/^\| ([ABC]\d+) /gm)].map(([, id]) => id)).toEqual([...new Set(tested)]);
});
