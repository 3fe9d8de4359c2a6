/** Prometheus itself scrapes the page: that of this year, and that of Debian. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { goProgram } from '../../servers/go-servers.ts';
import { eventually } from '../../servers/process.ts';
import { type QueryServer, startPrometheus } from '../../servers/prometheus.ts';
import { serverFor, withPrometheus, withPrometheus3, withPromtool } from '../../servers/require.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, relayedOf } from '../remote-write/batches.ts';
import { ask, scrapePage } from './harness.ts';

const startMs = Date.now() - 60_000;
const total = { bounds: [10, 60], counts: [1, 2, 1], sum: 130, startMs };
const runUrl = 'https://ci.example/builds/1';

const everything = (value: number) =>
  batchOf([
    gaugeOf('ci_queue_jobs', [{ labels: { queue: 'a "b"\\\nü' }, value }]),
    gaugeOf('ci_unknown', [{ labels: {}, value: NaN }]),
    counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 41, startMs } }]),
    distributionOf('ci_wait_seconds', [
      {
        ...{ labels: {}, observations: [20], total },
        exemplars: [{ labels: { url: runUrl }, value: 20, timestampMs: Date.now() }],
      },
    ]),
  ]);

function scraping(url: string, more: object = {}, global: object = {}): string {
  const { host, protocol } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const job = {
    job_name: 'ci',
    scrape_interval: '200ms',
    scrape_timeout: '200ms',
    static_configs: [{ targets: [host] }],
  };
  return JSON.stringify({ global, scrape_configs: [{ ...job, scheme, ...more }] });
}

async function valueOf(prometheus: QueryServer, promql: string): Promise<string | undefined> {
  return (await prometheus.query(promql))[0]?.value;
}

async function untilUp(prometheus: QueryServer, value = '1'): Promise<void> {
  await eventually(
    () => valueOf(prometheus, 'up'),
    (up) => up === value,
  );
}

withPrometheus('the page, scraped by a Prometheus', (command) => {
  it('is up, and has every value, until a run takes it away', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await using prometheus = await startPrometheus({ command, config: scraping(url) });
    await untilUp(prometheus, '0');

    await page.write(everything(3));
    await untilUp(prometheus);

    expect(await prometheus.query('ci_queue_jobs')).toMatchObject([{ labels: { queue: 'a "b"\\\nü' }, value: '3' }]);
    expect(await valueOf(prometheus, 'ci_unknown')).toBe('NaN');
    expect(await valueOf(prometheus, 'ci_jobs_total')).toBe('41');
    expect(await valueOf(prometheus, 'ci_jobs_created')).toBe(String(startMs / 1000));
    expect(await valueOf(prometheus, 'histogram_quantile(0.5, ci_wait_seconds_bucket)')).toBe('35');

    await page.write(batchOf([], { sources: [partOf([], { status: 'failed' })] }));
    const gone = await eventually(
      () => prometheus.query('ci_queue_jobs'),
      (found) => found.length === 0,
    );
    expect(gone).toEqual([]);
    expect(await valueOf(prometheus, 'up')).toBe('1');
  });

  it('is down when it is too old, instead of showing what was', async () => {
    let now = Date.now();
    await using page = scrapePage({}, { clock: () => now, intervalMs: 1000 });
    const url = await page.open();
    await page.write(everything(3));
    await using prometheus = await startPrometheus({ command, config: scraping(url) });
    await untilUp(prometheus);

    now += 90_001;
    await untilUp(prometheus, '0');

    expect(await prometheus.query('ci_queue_jobs')).toEqual([]);
  });

  it('keeps its exemplars, with the URL of the run', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(everything(3));
    const flags = ['--enable-feature=exemplar-storage'];
    await using prometheus = await startPrometheus({ command, config: scraping(url), flags });
    await untilUp(prometheus);

    const { text } = await ask(
      `${prometheus.url}/api/v1/query_exemplars?query=ci_wait_seconds_bucket&start=${String(startMs / 1000)}&end=${String(Date.now() / 1000 + 60)}`,
    );

    expect(JSON.parse(text)).toMatchObject({
      data: [{ seriesLabels: { le: '60.0' }, exemplars: [{ labels: { url: runUrl }, value: '20' }] }],
    });
  });

  it('is read by HTTPS with a password', async () => {
    await withAuthority(async (authority) => {
      const { cert, key } = await authority.server('IP:127.0.0.1');
      await using page = scrapePage(
        {
          tls: { cert: { env: 'CERT' }, key: { env: 'KEY' } },
          auth: { basic: { username: 'prometheus', password: { env: 'PASSWORD' } } },
        },
        { variables: { CERT: cert, KEY: key, PASSWORD: 'pä:ss' } },
      );
      const url = await page.open();
      await page.write(everything(3));
      const folder = await mkdtemp(join(tmpdir(), 'scrape-page-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, 'ca.pem'), authority.cert);
      const more = {
        tls_config: { ca_file: join(folder, 'ca.pem') },
        basic_auth: { username: 'prometheus', password: 'pä:ss' },
      };
      await using prometheus = await startPrometheus({ command, config: scraping(url, more) });

      await untilUp(prometheus);

      expect(await valueOf(prometheus, 'ci_queue_jobs')).toBe('3');
    });
  });
});

withPrometheus3('the page, scraped by a Prometheus of this year', (command) => {
  it.each([
    ['allow-utf-8', '{"größe.x","a.b"="1"}'],
    ['underscores', 'gr__e_x{a_b="1"}'],
    ['dots', 'gr____e_dot_x{a_dot_b="1"}'],
    ['values', 'U__gr_f6__df_e_2e_x{U__a_2e_b="1"}'],
  ])('has names of any script as %s asks for them', async (scheme, promql) => {
    await using page = scrapePage();
    const url = await page.open();
    const relayed = [relayedOf('größe.x', [{ labels: { 'a.b': '1' }, value: 2 }])];
    await page.write(batchOf([], { sources: [{ ...partOf([]), relayed }] }));
    const validation = scheme === 'allow-utf-8' ? 'utf8' : 'legacy';
    const more = { metric_name_validation_scheme: validation, metric_name_escaping_scheme: scheme };
    await using prometheus = await startPrometheus({ command, config: scraping(url, more) });

    await untilUp(prometheus);

    expect(await valueOf(prometheus, promql)).toBe('2');
  });

  it('has its starts, so that a total counts from its first scrape on', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(everything(3));
    const flags = ['--enable-feature=created-timestamp-zero-ingestion'];
    await using prometheus = await startPrometheus({ command, config: scraping(url), flags });
    await untilUp(prometheus);

    expect(await prometheus.query('ci_jobs_created')).toEqual([]);
    const counted = await eventually(
      () => valueOf(prometheus, 'increase(ci_jobs_total[10m])'),
      (value) => Number(value) > 40,
    );
    expect(Number(counted)).toBeGreaterThan(40);
  });
});

describe('the page under the eyes of promtool', () => {
  const judge = (command: string) => {
    it('has nothing that its linter would change', async () => {
      await using page = scrapePage();
      const url = await page.open();
      await page.write(everything(3));
      const { text } = await ask(url);

      const { status, stdout, stderr } = spawnSync(command, ['check', 'metrics'], { input: text, encoding: 'utf8' });

      expect({ status, output: `${stdout}${stderr}` }).toEqual({ status: 0, output: '' });
    });
  };
  withPromtool('that of Debian', () => {
    judge('promtool');
  });
  serverFor(
    'promtool 3.16',
    goProgram('promtool'),
    'npm run setup:servers',
  )('that of this year', () => {
    judge(goProgram('promtool'));
  });
});
