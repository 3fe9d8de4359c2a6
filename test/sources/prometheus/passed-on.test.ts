/** Tests of which series of a page are passed on, and of the problems about those that are not. */
import { describe, expect, it } from 'vitest';
import { startLoopbackServer, type LoopbackServer } from '../../support/network/loopback-server.ts';
import { startRemoteWriteFake, type FakeReceiverOptions } from '../../support/backends/remote-write-fake.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';

const text = 'text/plain; version=0.0.4';
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

function serve(pages: Readonly<Record<string, string>>, type = text): Promise<LoopbackServer> {
  return startLoopbackServer(({ url = '' }, response) => {
    response.writeHead(200, { 'content-type': type }).end(pages[url] ?? '');
  });
}

interface Passed {
  readonly page: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly receiver?: FakeReceiverOptions;
}

/** One run of the real pipeline: scraped pages, remote write, and what the receiver has of it. */
async function passOn({ page, type = text, source = {}, receiver: options = {} }: Passed) {
  await using server = await serve(page, type);
  await using receiver = await startRemoteWriteFake(options);
  const targets = Object.keys(page).map((path) => ({ url: `${server.url}${path}`, instance: path.slice(1) }));
  await using pipeline = await contractPipeline({
    sources: [{ kind: 'prometheus', targets, ...source }],
    sinks: [{ kind: 'remote-write', url: receiver.url, metrics: { exclude: ['ci_*', 'scrape_*'] } }],
  });
  const report = await pipeline.run(60_000);
  const sent = receiver.requests.filter(({ decoded }) => decoded.series.length > 0);
  return {
    report,
    sent,
    stored: [...receiver.stored.keys()],
    metadata: new Map(
      sent.flatMap(({ decoded }) =>
        decoded.series.map(({ labels, metadata }) => [new Map(labels).get('__name__'), metadata] as const),
      ),
    ),
  };
}

function problemsOf({ report }: Awaited<ReturnType<typeof passOn>>): readonly string[] {
  return [...report.sources, ...report.sinks].flatMap(({ problems }) => problems.map(({ message }) => message));
}

describe('what a page declares', () => {
  it('reaches the receiver with its type and its unit, those among them that the text format does not know', async () => {
    const page = [
      '# TYPE wait_seconds gauge',
      '# UNIT wait_seconds seconds',
      'wait_seconds 3',
      '# TYPE build info',
      'build_info{version="1"} 1',
      '# TYPE feature stateset',
      'feature{feature="a"} 1',
      '# TYPE sizes gaugehistogram',
      'sizes_bucket{le="+Inf"} 2',
      'sizes_gcount 2',
      'sizes_gsum 3',
      '# EOF',
      '',
    ].join('\n');

    const { metadata } = await passOn({ page: { '/m': page }, type: openMetrics });

    expect(metadata.get('wait_seconds')).toMatchObject({ type: 'METRIC_TYPE_GAUGE', unit: 'seconds' });
    expect(metadata.get('build_info')).toMatchObject({ type: 'METRIC_TYPE_INFO' });
    expect(metadata.get('feature')).toMatchObject({ type: 'METRIC_TYPE_STATESET' });
    expect(metadata.get('sizes_bucket')).toMatchObject({ type: 'METRIC_TYPE_GAUGEHISTOGRAM' });
  });
});

describe('what is not passed on', () => {
  it('is told where relabelling has made two series one', async () => {
    const passed = await passOn({
      page: { '/m': 'jobs{queue="a"} 1\njobs{queue="b"} 2\n' },
      source: { relabel: [{ action: 'labeldrop', regex: 'queue' }] },
    });

    expect(passed.report.outcome).toBe('degraded');
    expect(problemsOf(passed)).toEqual([
      expect.stringMatching(
        /^left out 1 samples, such as of jobs, whose series another one has become equal to; keep in relabel/,
      ),
    ]);
  });

  it('is told where a measure has no number', async () => {
    const measures = [{ metric: 'jobs', type: 'gauge', labels: [] }];
    const passed = await passOn({ page: { '/m': 'jobs{queue="a"} 1\njobs{queue="b"} NaN\n' }, source: { measures } });

    expect(problemsOf(passed)).toEqual([
      expect.stringMatching(/^left 1 values out of the measures, such as of jobs: they are NaN or infinite/),
    ]);
    // Sinks that keep series have it as it was read.
    expect(passed.stored.filter((key) => key.includes('"jobs"'))).toHaveLength(2);
  });
});

describe('three receivers and pages in trouble', () => {
  const now = Date.now();
  const current = 'jobs{queue="a"} 1\njobs{queue="b"} 2\n';

  it('one page that lags costs itself: a request of its own, and a remedy that names its times', async () => {
    const late = now - 3 * 3_600_000;
    const passed = await passOn({
      page: { '/good': current, '/lagging': `jobs{queue="a"} 1 ${String(late)}\njobs{queue="b"} 1 ${String(late)}\n` },
      receiver: {
        answer: ({ decoded }) =>
          decoded.series.some(({ samples }) => samples.some(({ timestampMs }) => timestampMs === late))
            ? { status: 400, body: 'out of bounds\n', headers: { 'X-Prometheus-Remote-Write-Samples-Written': '0' } }
            : undefined,
      },
    });

    expect(passed.sent).toHaveLength(2);
    expect(passed.stored.filter((key) => key.includes('"jobs"'))).toHaveLength(2);
    expect(problemsOf(passed)).toEqual([
      expect.stringMatching(
        /^2 of \d+ samples not stored: .*The page of lagging dates its samples.*honorTimestamps: false/,
      ),
    ]);
  });

  it('one page from the future never reaches the receiver', async () => {
    const passed = await passOn({
      page: { '/good': current, '/poisoned': `jobs{queue="a"} 1 ${String(now * 1000)}\n` },
    });

    expect(passed.sent).toHaveLength(1);
    expect(passed.stored.filter((key) => key.includes('"jobs"'))).toHaveLength(2);
    expect(problemsOf(passed)).toHaveLength(1);
    expect(problemsOf(passed)[0]).toMatch(/ahead/);
  });

  it('one receiver that always says 400 is asked once, and is told in its own words', async () => {
    const passed = await passOn({
      page: { '/good': current },
      receiver: { answer: () => ({ status: 400, body: 'never' }) },
    });

    expect(passed.sent).toHaveLength(1);
    expect(passed.stored).toEqual([]);
    expect(problemsOf(passed)).toEqual([
      expect.stringMatching(/^\d+ of \d+ samples not stored: the receiver answered 400 "never"/),
    ]);
  });
});
