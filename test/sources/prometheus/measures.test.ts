/** Tests of measures: what sinks that keep no series get of the series of a page. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { type CloudWatchFake, startCloudWatchFake } from '../../support/backends/cloudwatch-fake.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { prometheusPipeline } from './harness.ts';

const measures = [
  { metric: 'runs_total', type: 'counter', labels: ['result'] },
  { metric: 'jobs', type: 'gauge' },
  { metric: 'wait_seconds', type: 'histogram' },
];

/** What one sample of a page says; absent parts are absent on it. */
interface Served {
  readonly runs?: Readonly<Record<string, number>>;
  /** Waits up to 10 seconds, and longer ones. */
  readonly waits?: readonly [number, number];
  readonly jobs?: number;
  readonly isDown?: true;
}

function pageOf({ runs = {}, waits, jobs }: Served): string {
  return [
    '# TYPE runs_total counter',
    ...Object.entries(runs).map(([host, value]) => `runs_total{result="ok",host="${host}"} ${String(value)}`),
    '# TYPE jobs gauge',
    ...(jobs === undefined ? [] : [`jobs{queue="x"} ${String(jobs)}`, 'jobs{queue="y"} NaN']),
    '# TYPE wait_seconds histogram',
    ...(waits === undefined
      ? []
      : [
          `wait_seconds_bucket{le="10"} ${String(waits[0])}`,
          `wait_seconds_bucket{le="+Inf"} ${String(waits[0] + waits[1])}`,
          `wait_seconds_count ${String(waits[0] + waits[1])}`,
          'wait_seconds_sum 100',
        ]),
    '',
  ].join('\n');
}

/** What CloudWatch has stored since the last look, as `name {dimensions} value×times`. */
function taken(fake: CloudWatchFake): readonly string[] {
  const shown = fake.datums.map(({ name, dimensions, values, counts }) => {
    const pairs = dimensions.map((dimension) => `${dimension.name}=${dimension.value}`).join(',');
    const seen = values.map((one, index) => `${String(one)}×${String(counts[index])}`).join(' ');
    return `${name} {${pairs}} ${seen}`;
  });
  fake.clear();
  return shown.toSorted();
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'aws-secret-of-the-test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  return () => {
    vi.unstubAllEnvs();
  };
});

/** What CloudWatch gets of each page in turn, a minute apart, each by a function that has just started. */
async function sentFor(pages: readonly (Served | string)[], source: object = { measures }, type = 'text/plain') {
  let served: Served | string = '';
  await using target = await startLoopbackServer((_request, response) => {
    const isDown = typeof served === 'object' && served.isDown === true;
    const body = typeof served === 'string' ? served : pageOf(served);
    response.writeHead(isDown ? 404 : 200, { 'content-type': type }).end(body);
  });
  const cloudWatch = await startCloudWatchFake();
  vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', cloudWatch.url);
  const state = createMemoryStateStore();
  const sent: (readonly string[])[] = [];
  for (const [minute, page] of pages.entries()) {
    served = page;
    await using pipeline = await prometheusPipeline(
      { targets: [{ url: `${target.url}/metrics` }], ...source },
      [{ kind: 'cloudwatch', region: 'us-east-1', collectorMetrics: 'embedded' }],
      { state, firstTickMs: Date.now() + minute * 60_000 },
    );
    await pipeline.run();
    sent.push(taken(cloudWatch));
  }
  await cloudWatch.close();
  return sent;
}

const counter = { measures: [{ metric: 'runs_total', type: 'counter', labels: ['result'] }] };
const added = (runs: number): string => `runs_total {Job=relay,Result=ok} ${String(runs)}×1`;

describe('measures, for sinks that keep no series', () => {
  it('give CloudWatch levels, and what counters and histograms have added, restarts and cold starts included', async () => {
    const sent = await sentFor([
      { runs: { a: 100, b: 5 }, waits: [4, 1], jobs: 3 },
      { runs: { a: 107, b: 5 }, waits: [6, 1], jobs: 4 },
      // The process has begun anew.
      { runs: { a: 2 }, waits: [1, 0], jobs: 0 },
      { runs: { a: 2, b: 1 }, waits: [1, 2], jobs: 0 },
    ]);

    expect(sent).toEqual([
      // The first value of a counter is no increase.
      ['jobs {Job=relay} 3×1'],
      ['jobs {Job=relay} 4×1', added(7), 'wait_seconds {Job=relay} 5×2'],
      ['jobs {Job=relay} 0×1', added(2), 'wait_seconds {Job=relay} 5×1'],
      // What is above the last bound is taken for it.
      ['jobs {Job=relay} 0×1', added(1), 'wait_seconds {Job=relay} 10×2'],
    ]);
  });

  it('find the restart of one series behind the growth of another', async () => {
    const sent = await sentFor([{ runs: { a: 10, b: 10 } }, { runs: { a: 2, b: 30 } }], counter);

    expect(sent).toEqual([[], [added(22)]]);
  });

  it('count a series from 0 that was not there when its target was last read', async () => {
    const sent = await sentFor([{ runs: { a: 1 } }, { runs: { a: 1, b: 4 } }], counter);

    expect(sent[1]).toEqual([added(4)]);
  });

  it('catch up after a target that did not answer', async () => {
    const sent = await sentFor(
      [{ runs: { a: 1 } }, { isDown: true }, { isDown: true }, { runs: { a: 4, b: 2 } }],
      counter,
    );

    expect(sent).toEqual([[], [], [], [added(5)]]);
  });

  it('count no history where the target answers for the first time', async () => {
    expect(await sentFor([{ isDown: true }, { runs: { a: 4 } }, { runs: { a: 5 } }], counter)).toEqual([
      [],
      [],
      [added(1)],
    ]);
  });

  it('take the start that OpenMetrics tells for a restart, even where the value has grown', async () => {
    const openMetrics = (value: number, created: number): string =>
      `# TYPE runs counter\nruns_total{result="ok"} ${String(value)}\nruns_created{result="ok"} ${String(created)}\n# EOF\n`;
    const type = 'application/openmetrics-text; version=1.0.0';

    const sent = await sentFor([openMetrics(10, 1000), openMetrics(12, 1000), openMetrics(15, 2000)], counter, type);

    expect(sent).toEqual([[], [added(2)], [added(15)]]);
  });

  it('do not stand twice on a page', async () => {
    await using target = await startLoopbackServer((_request, response) => {
      const page = pageOf({ runs: { a: 1, b: 5 }, waits: [1, 0], jobs: 3 });
      response.writeHead(200, { 'content-type': 'text/plain' }).end(page);
    });
    await using pipeline = await prometheusPipeline({
      targets: [{ url: `${target.url}/metrics`, instance: 'i' }],
      measures,
    });

    const report = await pipeline.run();
    const { batch } = await pipeline.collect();

    expect(report.sinks).toMatchObject([{ problems: [] }]);
    expect(pipeline.printed.join('').match(/^runs_total\{.*$/gm)).toEqual([
      'runs_total{host="a",instance="i",job="relay",result="ok"} 1',
      'runs_total{host="b",instance="i",job="relay",result="ok"} 5',
    ]);
    const reduced = batch.sources.flatMap(({ families }: { readonly families: readonly MetricFamily[] }) => families);
    expect(
      reduced.filter(({ definition }) => definition.reduced === true).map(({ definition }) => definition.name),
    ).toEqual(['jobs', 'runs_total', 'wait_seconds']);
  });
});
