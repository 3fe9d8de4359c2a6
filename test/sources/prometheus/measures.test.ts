import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { type CloudWatchFake, startCloudWatchFake } from '../../support/cloudwatch-fake.ts';
import { startLoopbackServer } from '../../support/loopback-server.ts';
import { prometheusPipeline } from './harness.ts';

const measures = [
  { metric: 'runs_total', type: 'counter', labels: ['result'] },
  { metric: 'jobs', type: 'gauge' },
  { metric: 'wait_seconds', type: 'histogram' },
];

function page(runs: number, waits: readonly [number, number], jobs = 3): string {
  return [
    '# TYPE runs_total counter',
    `runs_total{result="ok",host="a"} ${String(runs)}`,
    'runs_total{result="ok",host="b"} 5',
    '# TYPE jobs gauge',
    `jobs{queue="x"} ${String(jobs)}`,
    'jobs{queue="y"} NaN',
    '# TYPE wait_seconds histogram',
    `wait_seconds_bucket{le="10"} ${String(waits[0])}`,
    `wait_seconds_bucket{le="+Inf"} ${String(waits[0] + waits[1])}`,
    `wait_seconds_count ${String(waits[0] + waits[1])}`,
    'wait_seconds_sum 100',
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

describe('measures, for sinks that keep no series', () => {
  it('give CloudWatch levels, and what counters and histograms have added, restarts included', async () => {
    let served = page(100, [4, 1]);
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(served);
    });
    const cloudWatch = await startCloudWatchFake();
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', cloudWatch.url);
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${target.url}/metrics` }], measures }, [
      { kind: 'cloudwatch', region: 'us-east-1', collectorMetrics: 'embedded' },
    ]);
    const sent: unknown[] = [];
    for (const next of [page(107, [6, 1], 4), page(2, [1, 0], 0)]) {
      await pipeline.run();
      sent.push(taken(cloudWatch));
      served = next;
    }
    await pipeline.run();
    sent.push(taken(cloudWatch));
    await cloudWatch.close();

    expect(sent).toEqual([
      // The first value of a counter is no increase.
      ['jobs {Job=relay} 3×1'],
      ['jobs {Job=relay} 4×1', 'runs_total {Job=relay,Result=ok} 7×1', 'wait_seconds {Job=relay} 5×2'],
      // The instance began anew: 2 and 5 stand at less than before, and count from 0.
      ['jobs {Job=relay} 0×1', 'runs_total {Job=relay,Result=ok} 7×1', 'wait_seconds {Job=relay} 5×1'],
    ]);
  });

  it('do not stand twice on a page', async () => {
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(page(1, [1, 0]));
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
    const reduced = batch.parts.flatMap(({ families }: { readonly families: readonly MetricFamily[] }) => families);
    expect(
      reduced.filter(({ definition }) => definition.reduced === true).map(({ definition }) => definition.name),
    ).toEqual(['jobs', 'runs_total', 'wait_seconds']);
  });
});
