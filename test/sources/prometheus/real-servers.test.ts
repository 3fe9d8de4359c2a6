/** Compares the source `prometheus` with a real Prometheus that scrapes the same pages. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Records } from '../../../lambda/demo/simulators/chainloop/records.ts';
import { startChainloopServer } from '../../../lambda/demo/simulators/chainloop/server.ts';
import { formatBound, parseValue } from '../../../lambda/prometheus-text/numbers.ts';
import { answersOk, eventually, startOnFreePort } from '../../servers/process.ts';
import { type QueriedSample, startPrometheus } from '../../servers/prometheus.ts';
import { startPushgateway } from '../../servers/pushgateway.ts';
import { withNodeExporter, withPrometheus, withPushgateway } from '../../servers/require.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { prometheusPipeline, relayedOf } from './harness.ts';

/** Every type and every special value, escapes, UTF-8, labels that collide with the target's, spellings of bounds. */
const page = [
  '# HELP q_jobs Jobs "quoted" \\\\ and\\nbroken.',
  '# TYPE q_jobs gauge',
  'q_jobs{queue="a\\"b\\\\c\\nd",site="é{},#"} 3.5',
  'q_jobs{queue="nan"} NaN',
  'q_jobs{queue="inf"} +Inf',
  'q_jobs{queue="down"} -Inf',
  'q_jobs{queue="empty",gone=""} -0',
  'q_jobs{job="own",instance="theirs"} 7',
  '# TYPE q_runs_total counter',
  'q_runs_total{result="ok"} 123456789012',
  '# TYPE q_wait_seconds histogram',
  'q_wait_seconds_bucket{queue="a",le="0.25"} 1',
  'q_wait_seconds_bucket{queue="a",le="1e+06"} 2',
  'q_wait_seconds_bucket{queue="a",le="+Inf"} 4',
  'q_wait_seconds_sum{queue="a"} 1.5e7',
  'q_wait_seconds_count{queue="a"} 4',
  '# TYPE q_size summary',
  'q_size{quantile="0.5"} 9',
  'q_size{quantile="0.99"} NaN',
  'q_size_sum 99',
  'q_size_count 11',
  'untyped_thing{a="1"} 1e-300',
  '',
].join('\n');

const openMetrics = [
  '# TYPE q_runs counter',
  'q_runs_total{result="ok"} 12 # {trace_id="abc"} 0.5 1600000000.5',
  'q_runs_created{result="ok"} 1600000000.25',
  '# TYPE q info',
  'q_info{version="1"} 1',
  '# TYPE q_state stateset',
  'q_state{q_state="on"} 1',
  '# EOF',
  '',
].join('\n');

/**
 * Series by their labels; `collector` is what remote write adds, as Prometheus' external labels do. Bounds and quantiles
 * are written as version 3 writes them; version 2 has them as they stood on the page.
 */
function comparable(samples: readonly QueriedSample[], command: string): readonly string[] {
  const spelled = (name: string, value: string): string => {
    const isBound = command === 'prometheus' && (name === 'le' || name === 'quantile');
    return isBound ? formatBound(parseValue(value) ?? NaN) : value;
  };
  return samples
    .map(({ labels, value }) => {
      const own = Object.entries(labels)
        .filter(([name]) => name !== 'collector')
        .map(([name, text]) => [name, spelled(name, text)]);
      return `${JSON.stringify(own.toSorted())} ${value}`;
    })
    .toSorted();
}

const demoRecords: Records = {
  organization: 'acme',
  workflows: [],
  runs: (['succeeded', 'failed', 'expired', 'cancelled', 'initialized'] as const).map((status, index) => ({
    id: String(index),
    workflow: { id: String(index % 2), name: index % 2 === 0 ? 'build' : 'release', project: 'shop' },
    createdMs: index * 60_000,
    ...(status === 'expired' || status === 'initialized' ? {} : { finishedMs: index * 60_000 + 45_500 }),
    status,
    runner: 'GITHUB_ACTION',
  })),
};

function disposable<Server extends { close(): Promise<void> }>(server: Server): Server & AsyncDisposable {
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

withPrometheus('a real Prometheus', (command) => {
  it.each([
    ['text', page, 'text/plain; version=0.0.4; charset=utf-8', 'text'],
    ['OpenMetrics', openMetrics, 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
  ])('has the same series and values of %s by itself and through the collector', async (_, body, type, prefer) => {
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(body);
    });
    await using direct = await startPrometheus({
      command,
      config: `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: relay\n    static_configs: [{ targets: ['127.0.0.1:${String(target.port)}'], labels: { site: ams } }]\n`,
    });
    await using receiver = await startPrometheus({ command });
    await using pipeline = await prometheusPipeline(
      { targets: [{ url: `${target.url}/metrics`, labels: { site: 'ams' } }], prefer },
      [{ kind: 'remote-write', url: `${receiver.url}/api/v1/write` }],
    );

    const report = await pipeline.run();
    expect(report.sources).toMatchObject([{ status: 'complete', problems: [] }]);
    expect(report.sinks).toMatchObject([{ problems: [] }]);
    // Only a server that scrapes has the last one, and how long it took is another time each time.
    const selector = '{site="ams",__name__!~"scrape_duration_seconds|scrape_series_added"}';
    const scraped = await eventually(
      () => direct.query(selector),
      (found) => found.some(({ labels }) => labels['__name__'] === 'scrape_samples_scraped'),
    );

    const expected = comparable(scraped, command);
    expect(comparable(await receiver.query(selector), command)).toEqual(expected);
    expect(expected.some((series) => series.includes('scrape_samples_scraped'))).toBe(true);
  });

  it('has the same series of a page whose labels win, those without a value among them', async () => {
    // As a Pushgateway writes what was pushed for a job, and for an instance of a job.
    const pushed = '# TYPE q gauge\nq{job="nightly",instance="",site=""} 1\nq{job="nightly",instance="a"} 2\n';
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(pushed);
    });
    await using direct = await startPrometheus({
      command,
      config: `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: relay\n    honor_labels: true\n    static_configs: [{ targets: ['127.0.0.1:${String(target.port)}'], labels: { site: ams } }]\n`,
    });
    await using receiver = await startPrometheus({ command });
    await using pipeline = await prometheusPipeline(
      { targets: [{ url: `${target.url}/metrics`, labels: { site: 'ams' } }], honorLabels: true },
      [{ kind: 'remote-write', url: `${receiver.url}/api/v1/write` }],
    );

    await pipeline.run();

    const expected = comparable(
      await eventually(
        () => direct.query('q'),
        (found) => found.length > 0,
      ),
      command,
    );
    expect(comparable(await receiver.query('q'), command)).toEqual(expected);
    expect(expected).toHaveLength(2);
    expect(expected.filter((series) => series.includes('"instance"'))).toHaveLength(1);
  });

  it('sees at once that a series has left its page, and that a target is down', async () => {
    const pages = ['q{a="1"} 1\nq{a="2"} 2\n', 'q{a="1"} 1\n', '<html>'];
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(pages.shift());
    });
    await using receiver = await startPrometheus({ command });
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${target.url}/metrics` }] }, [
      { kind: 'remote-write', url: `${receiver.url}/api/v1/write` },
    ]);

    const shown: string[][] = [];
    for (let runs = pages.length; runs > 0; runs -= 1) {
      await pipeline.run();
      const found = await receiver.query('q or up');
      shown.push(found.map(({ labels, value }) => `${labels['a'] ?? 'up'}=${value}`).toSorted());
    }

    expect(shown).toEqual([['1=1', '2=2', 'up=1'], ['1=1', 'up=1'], ['up=0']]);
  });

  it('has the same of the demo’s control plane, behind its token, by itself and through the collector', async () => {
    const records = () => demoRecords;
    await using demo = disposable(await startChainloopServer({ clock: Date.now, records, apiToken: 'api-token' }));
    await using direct = await startPrometheus({
      command,
      config: [
        'global: { scrape_interval: 1s }',
        'scrape_configs:',
        '  - job_name: chainloop',
        '    metrics_path: /prom/acme/metrics',
        '    authorization: { credentials: api-token }',
        `    static_configs: [{ targets: ['${new URL(demo.url).host}'] }]`,
        '',
      ].join('\n'),
    });
    await using receiver = await startPrometheus({ command });
    await using pipeline = await prometheusPipeline(
      {
        job: 'chainloop',
        profile: 'chainloop',
        auth: { bearer: { env: 'TOKEN' } },
        targets: [{ url: `${demo.url}/prom/acme/metrics` }],
      },
      [{ kind: 'remote-write', url: `${receiver.url}/api/v1/write` }],
      { variables: { TOKEN: 'api-token' } },
    );

    const report = await pipeline.run();
    expect(report).toMatchObject({ outcome: 'ok' });
    const selector = '{job="chainloop",__name__!~"scrape_duration_seconds|scrape_series_added"}';
    const scraped = await eventually(
      () => direct.query(selector),
      (found) => found.some(({ labels }) => labels['__name__'] === 'scrape_samples_scraped'),
    );

    const expected = comparable(scraped, command);
    expect(comparable(await receiver.query(selector), command)).toEqual(expected);
    expect(expected.filter((text) => text.includes('"chainloop_workflow_up"'))).toHaveLength(2);
    expect(expected.filter((text) => text.includes('_bucket"')).length).toBeGreaterThan(20);
  });

  it('is read as a target without a parse error, in both formats', async () => {
    await using server = await startPrometheus({ command });

    for (const prefer of ['text', 'openmetrics']) {
      await using pipeline = await prometheusPipeline({ targets: [{ url: `${server.url}/metrics` }], prefer });
      const collected = await pipeline.collect();

      expect(collected.sources).toMatchObject([{ status: 'complete', problems: [] }]);
      expect(relayedOf(collected).map(({ name }) => name)).toContain('prometheus_tsdb_head_series');
      expect(relayedOf(collected).find(({ name }) => name === 'prometheus_http_request_duration_seconds')?.type).toBe(
        'histogram',
      );
    }
  });
});

withPushgateway('a real Pushgateway', (command) => {
  it('is read as a target without a parse error, with the labels of what was pushed', async () => {
    await using gateway = await startPushgateway({ command });
    await gateway.put('/metrics/job/nightly/instance/a', '# TYPE backup_bytes gauge\nbackup_bytes{disk="ü"} 5\n');
    await using pipeline = await prometheusPipeline({
      targets: [{ url: `${gateway.url}/metrics` }],
      honorLabels: true,
    });

    const collected = await pipeline.collect();

    expect(collected.sources).toMatchObject([{ status: 'complete', problems: [] }]);
    const pushed = relayedOf(collected).find(({ name }) => name === 'backup_bytes');
    expect(pushed?.samples).toEqual([
      { name: 'backup_bytes', labels: { disk: 'ü', instance: 'a', job: 'nightly' }, value: 5 },
    ]);
  });

  it('takes what is relayed, under the job and instance of the target', async () => {
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(page);
    });
    await using gateway = await startPushgateway({ command });
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${target.url}/metrics`, instance: 'web' }] }, [
      { kind: 'pushgateway', url: gateway.url },
    ]);

    const report = await pipeline.run();

    expect(report.sinks).toMatchObject([{ problems: [] }]);
    const shown = await gateway.page();
    expect(shown).toContain('q_wait_seconds_bucket{instance="web",job="relay",queue="a",source="relay",le="1e+06"} 2');
    expect(shown).toContain('up{instance="web",job="relay",source="relay"} 1');
    expect(shown).toMatch(/^# TYPE q_size summary$/m);
  });

  it('takes a metric of which a part does not fit its type, all of it as untyped', async () => {
    const odd = '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_count 1\nh 5\nh_bucket{le="all"} 7\nh_count{a="b"} -1\n';
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(odd);
    });
    await using gateway = await startPushgateway({ command });
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${target.url}/metrics`, instance: 'web' }] }, [
      { kind: 'pushgateway', url: gateway.url },
    ]);

    const report = await pipeline.run();

    expect(report.sinks).toMatchObject([{ problems: [] }]);
    const shown = (await gateway.page()).split('\n').filter((line) => /^h/.test(line));
    expect(shown.map((line) => line.replace(/\{.*\}/, '')).toSorted()).toEqual([
      'h 5',
      'h_bucket 1',
      'h_bucket 7',
      'h_count -1',
      'h_count 1',
    ]);
    expect(shown.filter((line) => line.includes('le="all"'))).toHaveLength(1);
  });
});

withNodeExporter('a real node exporter', () => {
  it('is read as a target without a parse error', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'node-exporter-'));
    const { process, port } = await startOnFreePort((free) => ({
      name: 'node exporter',
      command: 'prometheus-node-exporter',
      args: [`--web.listen-address=127.0.0.1:${String(free)}`],
      cwd: folder,
      ready: () => answersOk(`http://127.0.0.1:${String(free)}/metrics`),
    }));
    try {
      await using pipeline = await prometheusPipeline({
        targets: [{ url: `http://127.0.0.1:${String(port)}/metrics` }],
      });

      const collected = await pipeline.collect();

      expect(collected.sources).toMatchObject([{ status: 'complete', problems: [] }]);
      expect(relayedOf(collected).length).toBeGreaterThan(50);
    } finally {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
