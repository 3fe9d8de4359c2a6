/** Tests of the sink `remote-write` against a real Prometheus. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { type QueryServer, startPrometheus } from '../../servers/prometheus.ts';
import { withDebianPrometheus, withPrometheus, withPrometheus3 } from '../../servers/require.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, queues, relayedOf } from './batches.ts';
import { remoteWriteSink, type TestSink, textLike } from './harness.ts';

withPrometheus('remote write 1.0 to a real Prometheus', (command) => {
  let server: QueryServer;
  beforeAll(async () => {
    server = await startPrometheus({ command });
  });
  afterAll(() => server.close());

  const sinkTo = (more: Readonly<Record<string, unknown>> = {}): TestSink =>
    remoteWriteSink({ url: `${server.url}/api/v1/write`, ...more });

  it('stores gauges, counters and histograms with their labels', async () => {
    await using sink = sinkTo({ labels: { env: 'test' } });
    const total = { bounds: [10, 60], counts: [1, 2, 1], sum: 130, startMs: 0 };

    const delivery = await sink.write(
      batchOf([
        gaugeOf('store_jobs', [{ labels: { queue: 'dép"loy\\' }, value: 3.5 }]),
        counterOf('store_jobs_total', [{ labels: {}, increase: 1, total: { value: 41, startMs: 0 } }]),
        distributionOf('store_wait_seconds', [{ labels: {}, observations: [], total }]),
      ]),
    );

    expect(delivery).toMatchObject({ accepted: 7, requests: 2, problems: [] });
    expect(await server.query('store_jobs')).toMatchObject([
      { labels: { __name__: 'store_jobs', collector: 'ci', env: 'test', queue: 'dép"loy\\' }, value: '3.5' },
    ]);
    expect(await server.query('store_jobs_total')).toMatchObject([{ value: '41' }]);
    expect(await server.query('histogram_quantile(0.5, store_wait_seconds_bucket)')).toMatchObject([{ value: '35' }]);
    expect(await server.query('store_wait_seconds_count')).toMatchObject([{ value: '4' }]);
  });

  it.each([
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('stores %s as what it is', async (value, shown) => {
    await using sink = sinkTo();
    const name = `special_${shown.replace(/\W/g, '_')}`;

    const { problems } = await sink.write(batchOf([gaugeOf(name, [{ labels: {}, value }])]));

    expect(problems).toEqual([]);
    expect(await server.query(name)).toMatchObject([{ value: shown }]);
  });

  it('ends a series at once when it is gone from the next run', async () => {
    await using sink = sinkTo();
    await sink.write(batchOf([queues(3, 'gone')]));
    expect(await server.query('gone')).toHaveLength(3);

    const delivery = await sink.write(batchOf([queues(1, 'gone')]));

    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
    expect((await server.query('gone')).map(({ labels }) => labels['queue'])).toEqual(['q0000']);
  });

  it('ends all series of a source that fails, and starts them again when it is back', async () => {
    await using sink = sinkTo();
    const good = partOf([gaugeOf('other_jobs', [{ labels: {}, value: 1 }])]);
    await sink.write(batchOf([], { sources: [partOf([queues(2, 'failing')]), good] }));

    await sink.write(batchOf([], { sources: [partOf([], { status: 'failed' }), good] }));
    const whileFailing = await server.query('{__name__=~"failing|other_jobs"}');
    await sink.write(batchOf([], { sources: [partOf([queues(2, 'failing')]), good] }));
    const afterwards = await server.query('{__name__=~"failing|other_jobs"}');

    expect(whileFailing.map(({ labels }) => labels['__name__'])).toEqual(['other_jobs']);
    expect(afterwards).toHaveLength(3);
  });

  it('never uses a timestamp twice, even for a batch with the time of the one before', async () => {
    await using sink = sinkTo();
    const collectedAtMs = Date.now();
    await sink.write(batchOf([gaugeOf('repeat', [{ labels: {}, value: 1 }])], { collectedAtMs }));

    const delivery = await sink.write(batchOf([gaugeOf('repeat', [{ labels: {}, value: 2 }])], { collectedAtMs }));

    expect(delivery.problems).toEqual([]);
    expect(await server.query('repeat')).toMatchObject([{ value: '2' }]);
  });

  it('takes the same batch from a second process for what it is: nothing new', async () => {
    await using sink = sinkTo();
    await using twin = sinkTo();
    const batch = batchOf([queues(10, 'twin')]);
    await sink.write(batch);

    const delivery = await twin.write(batch);

    expect(delivery).toMatchObject({ accepted: 10, problems: [] });
  });

  it('loses a request in which another writer has written one series, says why, and stores the other metrics later', async () => {
    await using sink = sinkTo();
    await using rival = sinkTo();
    const collectedAtMs = Date.now() - 10_000;
    const rivals = gaugeOf('contested', [{ labels: { queue: 'q0123' }, value: -1 }]);
    const families = [queues(200, 'contested'), queues(200, 'neighbour')];
    await rival.write(batchOf([rivals], { collectedAtMs: collectedAtMs + 5000 }));

    const first = await sink.write(batchOf(families, { collectedAtMs }));
    const second = await sink.write(batchOf(families, { collectedAtMs: collectedAtMs + 1000 }));

    expect([first.accepted, second.accepted]).toEqual([0, 200]);
    expect(first.problems).toEqual([
      {
        kind: 'rejected',
        where: textLike(/^remote-write\/remote-write POST 127\.0\.0\.1:\d+\/api\/v1\/write$/),
        message: textLike(
          /^400 of 400 samples not stored: the receiver answered 400 "out of order sample"\. The receiver holds a newer sample of the same series: .* The metrics of that request are sent one by one from the next run on/,
        ),
      },
    ]);
    expect(second.problems).toMatchObject([{ message: textLike(/^200 of 400 samples not stored/) }]);
    expect(await server.query('count(neighbour)')).toMatchObject([{ value: '200' }]);
  });

  it('keeps the good series beside one that cannot be written', async () => {
    await using sink = sinkTo();

    const delivery = await sink.write(
      batchOf([
        gaugeOf('mixed', [
          { labels: { 'bad.name': 'x' }, value: 1 },
          { labels: { good: 'x' }, value: 2 },
        ]),
        counterOf('mixed_total', [{ labels: {}, increase: 1 }]),
      ]),
    );

    expect(delivery).toMatchObject({ accepted: 1, problems: [{ kind: 'rejected' }, { kind: 'rejected' }] });
    expect(await server.query('{__name__=~"mixed.*"}')).toMatchObject([{ value: '2' }]);
  });

  it('stores 10,000 series in disjoint requests', async () => {
    await using sink = sinkTo();

    const delivery = await sink.write(batchOf([queues(10_000, 'many')]));

    expect(delivery).toMatchObject({ accepted: 10_000, requests: 6, problems: [] });
    expect(await server.query('count(many)')).toMatchObject([{ value: '10000' }]);
  });
});

const Exemplars = z.object({
  data: z.array(
    z.object({
      seriesLabels: z.record(z.string(), z.string()),
      exemplars: z.array(
        z.object({ labels: z.record(z.string(), z.string()), value: z.string(), timestamp: z.number() }),
      ),
    }),
  ),
});

withPrometheus('remote write to a Prometheus that stores exemplars', (command) => {
  it('leads from a bucket to the build and the commit', async () => {
    await using server = await startPrometheus({ command, flags: ['--enable-feature=exemplar-storage'] });
    await using sink = remoteWriteSink({ url: `${server.url}/api/v1/write` });
    const collectedAtMs = Date.now();
    const labels = { build_url: 'https://buildkite.com/acme/web/builds/42', commit: '0123456789ab' };
    const wait = (count: number, finishedMs: number) =>
      distributionOf('ci_run_wait_seconds', [
        {
          labels: { pipeline: 'web' },
          observations: [12],
          total: { bounds: [10, 60], counts: [0, count, 0], sum: 12 * count, startMs: 0 },
          exemplars: [{ labels, value: 12, timestampMs: finishedMs }],
        },
      ]);

    const first = await sink.write(batchOf([wait(1, collectedAtMs - 90_000)], { collectedAtMs }));
    const second = await sink.write(batchOf([wait(2, collectedAtMs)], { collectedAtMs: collectedAtMs + 1000 }));

    expect([...first.problems, ...second.problems]).toEqual([]);
    const url = new URL('/api/v1/query_exemplars', server.url);
    url.searchParams.set('query', 'ci_run_wait_seconds_bucket');
    url.searchParams.set('start', String(collectedAtMs / 1000 - 300));
    url.searchParams.set('end', String(collectedAtMs / 1000 + 300));
    const { data } = Exemplars.parse(await (await fetch(url)).json());
    expect(data.map(({ seriesLabels: { le, pipeline } }) => ({ le, pipeline }))).toEqual([
      { le: '60.0', pipeline: 'web' },
    ]);
    expect(data[0]?.exemplars).toEqual([
      { labels, value: '12', timestamp: (collectedAtMs - 90_000) / 1000 },
      { labels, value: '12', timestamp: collectedAtMs / 1000 },
    ]);
  });

  it('stores the samples also where it does not store exemplars', async () => {
    await using server = await startPrometheus({ command });
    await using sink = remoteWriteSink({ url: `${server.url}/api/v1/write` });
    const exemplars = [{ labels: { commit: '0123456789ab' }, value: 12, timestampMs: Date.now() }];
    const total = { bounds: [10], counts: [0, 1], sum: 12, startMs: 0 };

    const delivery = await sink.write(
      batchOf([distributionOf('ci_run_wait_seconds', [{ labels: {}, observations: [12], total, exemplars }])]),
    );

    expect(delivery).toMatchObject({ accepted: 4, problems: [] });
    expect(await server.query('ci_run_wait_seconds_count')).toMatchObject([{ value: '1' }]);
  });
});

withPrometheus3('remote write 2.0 to a real Prometheus', (command) => {
  it('keeps the good samples beside one that another writer has written, and says how many', async () => {
    await using server = await startPrometheus({ command });
    const url = `${server.url}/api/v1/write`;
    await using sink = remoteWriteSink({ url, version: 'auto' });
    await using rival = remoteWriteSink({ url, version: 'auto' });
    const collectedAtMs = Date.now();
    await rival.write(batchOf([gaugeOf('contested', [{ labels: { queue: 'q0123' }, value: -1 }])], { collectedAtMs }));

    const delivery = await sink.write(batchOf([queues(1000, 'contested')], { collectedAtMs }));

    expect(delivery).toMatchObject({ accepted: 999, requests: 1 });
    expect(delivery.problems).toMatchObject([
      {
        kind: 'rejected',
        message: textLike(/^1 of 1000 samples not stored: .*duplicate sample.*Somebody else writes/),
      },
    ]);
    expect(await server.query('contested{queue="q0124"}')).toMatchObject([{ value: '124' }]);
  });

  it('takes an exemplar that is out of order for no trouble, because all samples are there', async () => {
    await using server = await startPrometheus({ command, flags: ['--enable-feature=exemplar-storage'] });
    await using sink = remoteWriteSink({ url: `${server.url}/api/v1/write`, version: 'auto' });
    const collectedAtMs = Date.now();
    const wait = (count: number, finishedMs: number) =>
      distributionOf('ci_run_wait_seconds', [
        {
          labels: {},
          observations: [12],
          total: { bounds: [10, 60], counts: [0, count, 0], sum: 12 * count, startMs: 0 },
          exemplars: [{ labels: { commit: '0123456789ab' }, value: 12, timestampMs: finishedMs }],
        },
      ]);

    const first = await sink.write(batchOf([wait(1, collectedAtMs)], { collectedAtMs }));
    const older = await sink.write(batchOf([wait(2, collectedAtMs - 90_000)], { collectedAtMs: collectedAtMs + 1000 }));

    expect([...first.problems, ...older.problems]).toEqual([]);
    expect(older.accepted).toBe(5);
  });

  it('stores names beyond ASCII, type and unit', async () => {
    await using server = await startPrometheus({ command });
    await using sink = remoteWriteSink({ url: `${server.url}/api/v1/write`, version: 'auto' });
    const relayed = [relayedOf('web.requests', [{ labels: { 'http.method': 'GET' }, value: 7 }])];

    const { problems } = await sink.write(batchOf([], { sources: [partOf([], { relayed })] }));

    expect(problems).toEqual([]);
    expect(await server.query('{"web.requests","http.method"="GET"}')).toMatchObject([{ value: '7' }]);
  });
});

withDebianPrometheus('remote write to a Prometheus that knows only 1.0', (command) => {
  it('notices that nothing was written, sends 1.0, and stays with it', async () => {
    await using server = await startPrometheus({ command });
    await using sink = remoteWriteSink({ url: `${server.url}/api/v1/write`, version: 'auto' });

    const first = await sink.write(batchOf([queues(2)]));
    const second = await sink.write(batchOf([queues(2)]));

    expect(first).toMatchObject({ accepted: 2, requests: 3, problems: [] });
    expect(second).toMatchObject({ accepted: 2, requests: 1, problems: [] });
    expect(await server.query('ci_queue_jobs')).toHaveLength(2);
    expect(sink.log.lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'the receiver does not speak remote write 2.0; 1.0 is used from now on',
        fields: { sink: 'remote-write', status: 204 },
      },
    ]);
  });
});
