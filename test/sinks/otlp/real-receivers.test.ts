/** What real receivers make of the messages: a Collector, Prometheus 3 and a VictoriaMetrics of this year. */
import { expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { goProgram } from '../../servers/go-servers.ts';
import { startOtelCollector } from '../../servers/otel-collector.ts';
import { eventually } from '../../servers/process.ts';
import { type QueryServer, startPrometheus } from '../../servers/prometheus.ts';
import { withOtelCollector, withPrometheus3, withVictoriaMetrics151 } from '../../servers/require.ts';
import { startVictoriaMetrics } from '../../servers/victoria-metrics.ts';
import { decodeJson, seriesIn, shownSeries } from '../../support/backends/otlp-decode.ts';
import { batchOf, counterOf, distributionOf, partOf, queues, relayedOf } from '../remote-write/batches.ts';
import { otlpSink } from './harness.ts';

const startMs = Date.now() - 3_600_000;
const url = 'https://buildkite.com/acme/web/builds/42';

/** A level, a running total and a histogram with an exemplar. */
function families(runs = 41): readonly MetricFamily[] {
  const exemplar = { labels: { url }, value: 3, timestampMs: Date.now() - 5000 };
  return [
    queues(3),
    counterOf('ci_runs_total', [
      { labels: { pipeline: 'web', result: 'failure' }, increase: 1, total: { value: runs, startMs } },
    ]),
    distributionOf('ci_run_duration_seconds', [
      {
        labels: { pipeline: 'web' },
        observations: [3, 7],
        total: { bounds: [1, 5], counts: [1, 2, 3], sum: 40, startMs },
        exemplars: [exemplar],
      },
    ]),
  ];
}

/** Without the point that carries the time of the test. */
function bare(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => seriesIn(decodeJson(Buffer.from(line))).map(shownSeries)).toSorted();
}

withOtelCollector('OTLP to a real OpenTelemetry Collector', () => {
  it.each([
    { encoding: 'protobuf', compression: 'gzip' },
    { encoding: 'json', compression: 'gzip' },
    { encoding: 'protobuf', compression: 'none' },
  ])('arrives as it was sent, in $encoding with $compression', async (settings) => {
    await using collector = await startOtelCollector();
    await using sink = otlpSink({ url: collector.url, ...settings });
    await sink.write(batchOf(families()));
    const delivery = await sink.write(batchOf([], { collectedAtMs: Date.now() + 1000 }));
    const lines = await eventually(collector.received, (received) => received.length === 2);

    expect(delivery).toMatchObject({ requests: 1, problems: [] });
    expect(bare(lines.slice(0, 1))).toEqual([
      'ci_queue_jobs{queue=q0000} = 0',
      'ci_queue_jobs{queue=q0001} = 1',
      'ci_queue_jobs{queue=q0002} = 2',
      'ci_run_duration_seconds{pipeline=web} = count 6 sum 40',
      'ci_runs_total{pipeline=web,result=failure} = 41',
    ]);
    expect(bare(lines.slice(1))).toEqual([
      'ci_queue_jobs{queue=q0000} = ended',
      'ci_queue_jobs{queue=q0001} = ended',
      'ci_queue_jobs{queue=q0002} = ended',
      'ci_run_duration_seconds{pipeline=web} = ended',
      'ci_runs_total{pipeline=web,result=failure} = ended',
    ]);
    const duration = seriesIn(decodeJson(Buffer.from(lines[0] ?? ''))).find(({ kind }) => kind === 'histogram');
    expect(duration).toMatchObject({
      resource: { 'service.instance.id': 'ci' },
      point: { exemplars: [{ asDouble: 3, filteredAttributes: [{ key: 'url', value: { stringValue: url } }] }] },
    });
  });

  it('takes increases, exponential histograms, summaries and the names of the conventions', async () => {
    await using collector = await startOtelCollector();
    const settings = { url: collector.url, naming: 'semconv', compat: true, histograms: 'exponential' };
    await using delta = otlpSink({ ...settings, temporality: 'delta' });
    await using total = otlpSink(settings);
    const summary = {
      ...({ name: 'rpc', type: 'summary', help: '', about: 'target' } as const),
      samples: [
        { name: 'rpc', labels: { quantile: '0.5' }, value: 1 },
        { name: 'rpc_count', labels: {}, value: 3 },
        { name: 'rpc_sum', labels: {}, value: 4 },
      ],
    };

    const deliveries = [
      await delta.write(batchOf(families())),
      await total.write(batchOf([], { sources: [partOf(families(), { relayed: [summary] })] })),
    ];
    const lines = await eventually(collector.received, (received) => received.length === 3);

    expect(deliveries).toMatchObject([
      { accepted: 6, problems: [], undelivered: [], unconfirmed: 0, dropped: 0 },
      { accepted: 7, problems: [] },
    ]);
    expect(bare(lines)).toContain('cicd.pipeline.run.errors{cicd.pipeline.name=web,error.type=failure} = 1');
    const series = lines.flatMap((line) => seriesIn(decodeJson(Buffer.from(line))));
    const exponential = series.filter(({ kind }) => kind === 'exponentialHistogram');
    expect(
      exponential.map(({ metric, point }) => [
        metric.exponentialHistogram?.aggregationTemporality,
        'count' in point && point.count,
      ]),
    ).toEqual([
      [1, '2'],
      [2, '6'],
    ]);
    expect(series.find(({ kind }) => kind === 'summary')).toMatchObject({ point: { count: '3', sum: 4 } });
  });
});

/** The same questions to any server that answers PromQL. */
async function storesAsRemoteWriteDoes(server: QueryServer, base: string): Promise<void> {
  await using sink = otlpSink({ url: base });
  const first = Date.now() - 20_000;
  const batch = (collectedAtMs: number, given: readonly MetricFamily[]): Batch => batchOf(given, { collectedAtMs });
  const ask = async (promql: string, timeMs: number): Promise<readonly string[]> =>
    (await server.query(promql, timeMs)).map(({ value }) => value);

  const delivery = await sink.write(batch(first, families()));
  const ended = await sink.write(batch(first + 10_000, families(43).slice(1)));
  await eventually(
    () => ask('ci_runs_total', first + 10_000),
    (values) => values[0] === '43',
  );

  expect([delivery, ended]).toMatchObject([
    { accepted: 5, problems: [] },
    { accepted: 2, problems: [] },
  ]);
  expect(await ask('ci_queue_jobs{queue="q0002"}', first + 1000)).toEqual(['2']);
  // Gone at once, and not after the lookback of five minutes.
  expect(await ask('ci_queue_jobs', first + 11_000)).toEqual([]);
  expect(await ask('ci_run_duration_seconds_bucket{le=~"5|5.0"}', first + 1000)).toEqual(['3']);
  expect(await ask('ci_run_duration_seconds_count', first + 1000)).toEqual(['6']);
  expect(await ask('ci_run_duration_seconds_sum', first + 1000)).toEqual(['40']);
}

withPrometheus3('OTLP to a real Prometheus', (command) => {
  const flags = ['--web.enable-otlp-receiver', '--enable-feature=exemplar-storage'];

  it('has the series of remote write, ends included', async () => {
    await using server = await startPrometheus({ command, flags });
    await storesAsRemoteWriteDoes(server, `${server.url}/api/v1/otlp`);

    const [jobs] = await server.query('ci_run_duration_seconds_count');
    expect(jobs?.labels).toMatchObject({ job: 'ci-metrics-collector', instance: 'ci', pipeline: 'web' });
  });

  it('refuses what another collector of the same name has written, and is told so', async () => {
    await using server = await startPrometheus({ command, flags });
    await using one = otlpSink({ url: `${server.url}/api/v1/otlp` });
    await using other = otlpSink({ url: `${server.url}/api/v1/otlp` });
    const collectedAtMs = Date.now();
    await one.write(batchOf([queues(3)], { collectedAtMs }));

    const { problems } = await other.write(batchOf([queues(3)], { collectedAtMs: collectedAtMs - 60_000 }));

    expect(problems).toMatchObject([{ kind: 'rejected' }]);
    expect(problems[0]?.message).toContain('give each deployment its own collector name');
  });

  it('without the receiver answers with a remedy', async () => {
    await using server = await startPrometheus({ command });
    await using sink = otlpSink({ url: `${server.url}/api/v1/otlp` });

    const { problems } = await sink.write(batchOf([queues(1)]));

    expect(problems).toMatchObject([{ kind: 'configuration' }]);
    expect(problems[0]?.message).toContain('--web.enable-otlp-receiver');
  });

  it('stores any name of a page', async () => {
    await using server = await startPrometheus({ command, flags });
    await using sink = otlpSink({ url: `${server.url}/api/v1/otlp` });
    const relayed = [relayedOf('temperature', [{ labels: { place: 'zürich' }, value: 21.5 }])];

    await sink.write(batchOf([], { sources: [partOf([], { relayed })] }));

    expect((await server.query('temperature{place="zürich"}')).map(({ value }) => value)).toEqual(['21.5']);
  });
});

withVictoriaMetrics151('OTLP to a real VictoriaMetrics', () => {
  it('has the series of remote write, ends included', async () => {
    await using server = await startVictoriaMetrics({ command: goProgram('victoria-metrics') });
    await storesAsRemoteWriteDoes(server, `${server.url}/opentelemetry`);
  });
});
