/** Tests of the page that Prometheus scrapes: its content, its headers, its limits and its end. */
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../../lambda/config/checks/check-config.ts';
import { parseRuntimeConfig } from '../../../lambda/config/parse-runtime-config.ts';
import { sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { batchOf, counterOf, gaugeOf, partOf, relayedOf } from '../remote-write/batches.ts';
import { ask, scrapePage } from './harness.ts';

const jobs = (value: number) => batchOf([gaugeOf('ci_jobs', [{ labels: { queue: 'größe' }, value }])]);
const openMetrics = { accept: 'application/openmetrics-text;version=1.0.0' };

describe('the page to scrape', () => {
  it.each([
    ['GET', '/metrics?name[]=x', 200],
    ['HEAD', '/metrics', 200],
    ['POST', '/metrics', 405],
    ['PUT', '/-/ready', 405],
    ['GET', '/', 200],
    ['HEAD', '/', 200],
    ['HEAD', '/-/events', 200],
    ['GET', '/index.html', 404],
    ['GET', '/../etc/passwd', 404],
    ['GET', '/-/healthy', 200],
    ['GET', '/-/ready', 200],
  ])('answers %s %s with %d', async (method, path, status) => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(jobs(3));

    const reply = await ask(new URL(path, url).href, { method });

    expect(reply.status).toBe(status);
    expect(reply.headers['allow']).toBe(status === 405 ? 'GET, HEAD' : undefined);
  });

  it('is the text exposition for who asks for nothing, with its length and its time', async () => {
    const at = Date.UTC(2026, 4, 6, 7, 8, 9);
    await using page = scrapePage({}, { clock: () => at });
    const url = await page.open();
    const delivery = await page.write(jobs(3));

    const reply = await ask(url);
    const head = await ask(url, { method: 'HEAD' });

    const text = '# HELP ci_jobs Help of ci_jobs.\n# TYPE ci_jobs gauge\nci_jobs{queue="größe"} 3\n';
    expect(reply.text).toBe(text);
    expect(delivery).toEqual({ accepted: 1, requests: 1, bytes: Buffer.byteLength(text), problems: [] });
    expect(reply.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'last-modified': 'Wed, 06 May 2026 07:08:09 GMT',
      vary: 'Accept, Accept-Encoding',
    });
    expect([head.text, head.headers['content-length']]).toEqual(['', String(Buffer.byteLength(text))]);
  });

  it('is there and not ready before the first run ends', async () => {
    await using page = scrapePage();
    const url = await page.open();

    const replies = await Promise.all(
      ['/metrics', '/-/ready', '/-/healthy'].map((path) => ask(new URL(path, url).href)),
    );

    expect(replies.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(replies[0]?.text).toBe('no run has ended yet; the page comes with the first one\n');
  });

  it('is that of the last run alone: a failed source has nothing on it but that it failed', async () => {
    await using page = scrapePage();
    const url = await page.open();
    const up = (value: number) => buildGauge(sourceUp, [{ labels: { system: 'buildkite', source: 'one' }, value }]);
    await page.write(batchOf([], { sources: [partOf(jobs(3).sources[0]?.families ?? [])], health: [up(1)] }));
    const before = await ask(url);

    await page.write(batchOf([], { sources: [partOf([], { status: 'failed' })], health: [up(0)] }));
    const after = await ask(url);

    expect(before.text).toContain('ci_jobs{queue="größe"} 3');
    expect(after.text).not.toContain('ci_jobs');
    expect(after.text).toMatch(/^ci_collector_source_up\{.*\} 0$/m);
  });

  it.each([
    ['three intervals', 60_000, 180_000],
    ['three of the longest runs, where the interval is short', 5000, 90_000],
  ])('says that it is too old after %s, and how old it is', async (_case, intervalMs, longestMs) => {
    let now = Date.UTC(2026, 0, 1);
    await using page = scrapePage({}, { clock: () => now, intervalMs });
    const url = await page.open();
    await page.write(jobs(3));

    now += longestMs;
    const still = await ask(url);
    now += 1;
    const replies = await Promise.all([url, new URL('/-/ready', url).href].map((place) => ask(place)));
    await page.write(jobs(4));
    const again = await ask(url);

    expect([still.status, ...replies.map(({ status }) => status), again.status]).toEqual([200, 503, 503, 200]);
    expect(replies[0]?.text).toContain(`the last run is ${String(longestMs / 1000)} s ago (2026-01-01T00:00:00.000Z)`);
    expect(replies[0]?.text).not.toContain('ci_jobs');
  });

  it('stays as it is where another run publishes one of the sources, and says so', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(jobs(3));

    const skipping = batchOf([], {
      sources: [partOf(jobs(4).sources[0]?.families ?? []), partOf([], { source: 'b', status: 'skipped' })],
    });
    const delivery = await page.write(skipping);
    const preview = await page.preview(skipping);

    expect((await ask(url)).text).toContain('ci_jobs{queue="größe"} 3');
    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'configuration' }] });
    expect(preview.problems).toEqual(delivery.problems);
  });

  it('shows the metrics that are selected, under another path', async () => {
    await using page = scrapePage({ path: '/ci/metrics', metrics: { exclude: ['ci_other'] } });
    const url = await page.open();
    await page.write(
      batchOf([gaugeOf('ci_jobs', [{ labels: {}, value: 1 }]), gaugeOf('ci_other', [{ labels: {}, value: 1 }])]),
    );

    const reply = await ask(url);

    expect(new URL(url).pathname).toBe('/ci/metrics');
    expect(reply.text).toContain('ci_jobs 1');
    expect(reply.text).not.toContain('ci_other');
    expect((await ask(new URL('/metrics', url).href)).text).toBe(
      'the metrics are at /ci/metrics, and a page for people is at /\n',
    );
  });

  it('is OpenMetrics for who prefers it, each form made once a run', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(
      batchOf([counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 7, startMs: 1500 } }])]),
    );

    const first = await ask(url, { headers: openMetrics });
    await page.write(
      batchOf([counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 8, startMs: 1500 } }])]),
    );
    const second = await ask(url, { headers: openMetrics });

    expect(first.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(first.text).toBe(
      '# TYPE ci_jobs counter\n# HELP ci_jobs Help of ci_jobs_total.\nci_jobs_total 7\nci_jobs_created 1.5\n# EOF\n',
    );
    expect(second.text).toContain('ci_jobs_total 8\n');
  });

  it('leaves starts out where that is asked for', async () => {
    await using page = scrapePage({ startTimes: false });
    const url = await page.open();
    await page.write(
      batchOf([counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 7, startMs: 1500 } }])]),
    );

    expect((await ask(url, { headers: openMetrics })).text).not.toContain('_created');
  });

  it('is compressed for who takes gzip, in each form', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(jobs(3));

    for (const accept of ['text/plain', openMetrics.accept]) {
      const plain = await ask(url, { headers: { accept } });
      const compressed = await ask(url, { headers: { accept, 'accept-encoding': 'gzip' } });

      expect(compressed.headers['content-encoding']).toBe('gzip');
      expect(compressed.headers['content-length']).toBe(String(compressed.body.length));
      expect(gunzipSync(compressed.body).toString('utf8')).toBe(plain.text);
    }
  });

  it('has names of any script for who allows them, and escapes them for everybody else', async () => {
    await using page = scrapePage();
    const url = await page.open();
    const relayed = [relayedOf('größe.x', [{ labels: { 'a.b': '1' }, value: 2 }])];
    const { problems } = await page.write(batchOf([], { sources: [{ ...partOf([]), relayed }] }));

    const asked = async (accept: string) => (await ask(url, { headers: { accept } })).text.split('\n').at(-2);
    const open = 'application/openmetrics-text;version=1.0.0';

    expect(problems).toEqual([]);
    expect(await asked('text/plain;version=0.0.4')).toBe('gr__e_x{a_b="1"} 2');
    expect(await asked('text/plain;version=1.0.0;escaping=allow-utf-8')).toBe('{"größe.x","a.b"="1"} 2');
    expect(await asked('text/plain;version=0.0.4;escaping=dots')).toBe('gr____e_dot_x{a_dot_b="1"} 2');
    expect(await asked('text/plain;version=0.0.4;escaping=values')).toBe('U__gr_f6__df_e_2e_x{U__a_2e_b="1"} 2');
    expect((await ask(url, { headers: { accept: `${open};escaping=allow-utf-8` } })).text).toContain(
      '{"größe.x","a.b"="1"} 2\n',
    );
    expect((await ask(url, { headers: { accept: open } })).text).toContain('\ngr__e_x{a_b="1"} 2\n');
  });

  it('says which address is taken', async () => {
    await using first = scrapePage();
    const { host } = new URL(await first.open());
    await using second = scrapePage({ listen: host });

    await expect(second.open()).rejects.toThrow(
      `${host} is taken by another process (EADDRINUSE); end that one, or choose another port`,
    );
    expect(await second.write(jobs(3))).toMatchObject({
      accepted: 0,
      problems: [
        {
          kind: 'configuration',
          where: `scrape-page/scrape-page ${host}`,
          message: expect.stringContaining('is taken') as string,
        },
      ],
    });

    // The doctor cannot know whether it is the collector itself.
    expect(await second.examine()).toMatchObject([
      { subject: 'write', verdict: 'unknown', message: expect.stringContaining('listens there already') as string },
    ]);

    await first.close();
    expect(await second.examine()).toMatchObject([{ subject: 'write', verdict: 'ok' }]);
    expect(await second.write(jobs(4))).toMatchObject({ accepted: 1, problems: [] });
    expect((await ask(`http://${host}/metrics`)).text).toContain('} 4\n');
  });

  it('closes although a scraper keeps its connection open', async () => {
    await using page = scrapePage();
    const url = await page.open();
    const scraper = connect(Number(new URL(url).port), '127.0.0.1');
    scraper.on('error', () => undefined);
    await new Promise((resolve) => scraper.once('connect', resolve));
    const ended = new Promise((resolve) => scraper.once('close', resolve));

    await page.close();

    await ended;
    await expect(ask(url)).rejects.toThrow();
  });
});

describe('the page with a password', () => {
  const auth = { basic: { username: 'prometheus', password: { env: 'PASSWORD' } } };
  const headerOf = (text: string, scheme = 'Basic') => ({
    authorization: `${scheme} ${Buffer.from(text).toString('base64')}`,
  });

  it('is shown to who knows it, and so is what it is not; probes need none', async () => {
    await using page = scrapePage({ auth }, { variables: { PASSWORD: 'pä:ss' } });
    const url = await page.open();
    await page.write(jobs(3));

    const refused = await ask(url);
    const statuses = await Promise.all(
      [
        headerOf('prometheus:pä:ss'),
        headerOf('prometheus:pä:ss', 'basic'),
        headerOf('prometheus:other'),
        headerOf('x:pä:ss'),
        {},
      ].map(async (headers) => (await ask(url, { headers })).status),
    );

    expect(statuses).toEqual([200, 200, 401, 401, 401]);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="ci-metrics", charset="UTF-8"');
    expect(refused.text).not.toContain('ci_jobs');
    expect((await ask(new URL('/-/ready', url).href)).status).toBe(200);
  });

  it('takes a new one up with the next run, and keeps the last one while it cannot be read', async () => {
    const variables: Record<string, string> = { PASSWORD: 'before' };
    await using page = scrapePage({ auth }, { variables });
    const url = await page.open();
    await page.write(jobs(3));
    const statusOf = async (password: string) =>
      (await ask(url, { headers: headerOf(`prometheus:${password}`) })).status;

    variables['PASSWORD'] = 'after';
    await page.write(jobs(3));
    const renewed = [await statusOf('before'), await statusOf('after')];
    delete variables['PASSWORD'];
    const delivery = await page.write(jobs(3));
    const kept = [await statusOf(''), await statusOf('after')];

    expect(renewed).toEqual([401, 200]);
    expect(kept).toEqual([401, 200]);
    expect(delivery).toMatchObject({ accepted: 1, problems: [{ kind: 'auth' }] });
  });

  it('is not served at all without one that can be read', async () => {
    await using page = scrapePage({ auth });

    await expect(page.open()).rejects.toThrow('PASSWORD');
    expect(await page.write(jobs(3))).toMatchObject({ accepted: 0, problems: [{ kind: 'auth' }] });
  });
});

describe('the page by HTTPS', () => {
  const tls = { cert: { env: 'CERT' }, key: { env: 'KEY' } };

  it('proves itself with its certificate, and with a renewed one after the next run', async () => {
    await withAuthority(async (authority) => {
      const [first, second] = [await authority.server('IP:127.0.0.1'), await authority.server('DNS:other.test')];
      const variables: Record<string, string> = { CERT: first.cert, KEY: first.key };
      await using page = scrapePage({ tls }, { variables });
      const url = await page.open();
      await page.write(jobs(3));
      const reply = await ask(url, { ca: authority.cert });

      Object.assign(variables, { CERT: second.cert, KEY: second.key });
      await page.write(jobs(3));

      expect(url).toMatch(/^https:/);
      expect(reply.text).toContain('ci_jobs');
      await expect(ask(url, { ca: authority.cert })).rejects.toThrow(/altnames|IP: 127\.0\.0\.1/);
    });
  });

  it('says of a certificate that is none what is wrong, and shows nothing of it', async () => {
    await using page = scrapePage({ tls }, { variables: { CERT: 'canary-cert', KEY: 'canary-key' } });

    const { problems } = await page.write(jobs(3));

    expect(problems).toMatchObject([
      { kind: 'configuration', message: expect.stringContaining('must be PEM texts') as string },
    ]);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });
});

describe('the settings of the page', () => {
  const findingsOf = (settings: object, place: 'lambda' | 'terminal' = 'terminal'): readonly string[] => {
    const source = { kind: 'buildkite', agentTokens: [{ secret: 'x' }] };
    const checked = checkConfig({ sources: [source], sinks: [{ kind: 'scrape-page', ...settings }] }, place);
    return 'findings' in checked ? checked.findings.map(({ path, message }) => `${path.join('.')} ${message}`) : [];
  };
  const [tls, auth] = [
    { cert: { secret: 'c' }, key: { secret: 'k' } },
    { basic: { username: 'u', password: { secret: 'p' } } },
  ];

  it.each([
    [{}, 0],
    [{ listen: 'localhost:9464' }, 0],
    [{ listen: '[::1]:9464' }, 0],
    [{ listen: '127.1.2.3:0' }, 0],
    [{ listen: '0.0.0.0:9464' }, 2],
    [{ listen: '[::]:9464', tls }, 1],
    [{ listen: 'metrics.internal:9464', auth }, 1],
    [{ listen: '10.0.0.1:9464', tls, auth }, 0],
    [{ listen: '0.0.0.0:9464', plaintext: 'allow', anonymous: 'allow' }, 0],
    [{ listen: ':9464' }, 1],
    [{ listen: '9464' }, 1],
    [{ listen: '127.0.0.1:99999' }, 1],
    [{ listen: '[zz]:1' }, 1],
    [{ path: 'metrics' }, 1],
    [{ path: '/-/ready' }, 1],
  ])('%j have %d faults', (settings, count) => {
    expect(findingsOf(settings)).toHaveLength(count);
  });

  it('are refused for a function, with the reason and a remedy', () => {
    const message = expect.stringMatching(
      /^sinks\.0\.kind nothing listens in AWS Lambda .* remote-write or pushgateway$/,
    ) as string;

    expect(findingsOf({}, 'lambda')).toEqual([message]);
    const deployed = {
      sources: [{ kind: 'buildkite', agentTokens: [{ secret: 'x' }] }],
      sinks: [{ kind: 'scrape-page' }],
    };
    expect(() => parseRuntimeConfig(JSON.stringify(deployed))).toThrow('nothing listens in AWS Lambda');
  });

  it('do not let two pages listen at one address', () => {
    const source = { kind: 'buildkite', agentTokens: [{ secret: 'x' }] };
    const sinks = ['a', 'b'].map((name) => ({ kind: 'scrape-page', name }));

    const checked = checkConfig({ sources: [source], sinks }, 'terminal');

    expect(checked).toMatchObject({ findings: [{ path: ['sinks', 1] }] });
  });
});
