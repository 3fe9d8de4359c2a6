/** Tests of the page for people as a server sends it: its headers, its events, and who gets them. */
import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Opening, Run } from '../../../lambda/page/messages.ts';
import { batchWith, reportOf } from '../../page/runs.ts';
import { ask, scrapePage } from './harness.ts';

interface Events extends Disposable {
  readonly next: () => Promise<{ readonly event: string; readonly data: unknown }>;
  readonly ended: Promise<unknown>;
}

/** Reads server-sent events one by one. */
async function watch(url: string, headers: Record<string, string> = {}): Promise<Events> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
  response.setEncoding('utf8').on('error', () => undefined);
  const ended = new Promise((resolve) => response.socket.once('close', resolve));
  const chunks = response[Symbol.asyncIterator]();
  let text = '';
  const next: Events['next'] = async () => {
    const [whole, event, data] = /event: (\w+)\ndata: (.*)\n\n/.exec(text) ?? [];
    if (whole === undefined || event === undefined || data === undefined) {
      const chunk: IteratorResult<unknown> = await chunks.next();
      if (chunk.done === true) throw new Error('the events have ended');
      text += String(chunk.value);
      return await next();
    }
    text = text.slice(text.indexOf(whole) + whole.length);
    return { event, data: JSON.parse(data) as unknown };
  };
  return {
    next,
    ended,
    [Symbol.dispose]: () => {
      response.destroy();
    },
  };
}

const eventsOf = (url: string): string => new URL('/-/events', url).href;

describe('the page for people', () => {
  it('is one HTML text that may run and load nothing but its own parts', async () => {
    await using page = scrapePage();
    const url = new URL('/', await page.open()).href;

    const { headers, text } = await ask(url);
    const compressed = await ask(url, { headers: { 'accept-encoding': 'gzip' } });

    const hashOf = (tag: string): string => {
      const [, part = ''] = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(text) ?? [];
      return `${tag}-src 'sha256-${createHash('sha256').update(part).digest('base64')}'`;
    };
    const policy = String(headers['content-security-policy']);
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", hashOf('script'), hashOf('style'), "frame-ancestors 'none'"]),
    );
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers).toMatchObject({
      ...{ 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' },
      ...{ 'referrer-policy': 'no-referrer', 'cross-origin-resource-policy': 'same-origin' },
    });
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(text).not.toMatch(/ style=| on[a-z]+=/);
    expect(text).toContain('Permission is hereby granted');
    expect(gunzipSync(compressed.body).toString('utf8')).toBe(text);
  });

  it('tells the history at first and then each run, with its problems', async () => {
    await using page = scrapePage({}, { clock: () => 5000, intervalMs: 30_000 });
    const url = await page.open();
    await page.write(batchWith([{ queue: 'ios', queued: 2 }]));
    page.noteRun(reportOf());
    using events = await watch(eventsOf(url));
    const opening = (await events.next()) as { event: string; data: Opening };
    await page.write(batchWith([{ queue: 'ios', queued: 3, busy: 1 }]));
    page.noteRun(reportOf([{ kind: 'auth', where: 'buildkite/main', message: 'refused; make a new token' }]));
    const run = (await events.next()) as { event: string; data: Run };

    expect([opening.event, run.event]).toEqual(['opening', 'run']);
    expect(opening.data.facts).toMatchObject({ collector: 'ci', intervalMs: 30_000, metricsPath: '/metrics' });
    expect(opening.data.history).toMatchObject({
      times: [5000],
      queues: [{ now: { queue: 'ios' }, past: { queued: [2] } }],
    });
    expect(run.data.queues).toMatchObject([{ queue: 'ios', queued: 3, starved: 0 }]);
    expect(run.data.health.problems).toMatchObject([{ kind: 'auth', message: 'refused; make a new token' }]);
    expect(run.data.health.runs).toEqual({ ok: 1, degraded: 1, failed: 0 });
  });

  it('keeps queues without figures through a run that no sink was given', async () => {
    await using page = scrapePage();
    const url = await page.open();
    await page.write(batchWith([{ queue: 'ios', queued: 2 }]));
    page.noteRun(reportOf());
    page.noteRun(reportOf([], { sinks: [] }));
    using events = await watch(eventsOf(url));

    const { data } = (await events.next()) as { data: Opening };
    expect(data.history.queues).toMatchObject([{ now: { isKnown: false, queued: null }, past: { queued: [2, null] } }]);
  });

  it('goes by the metrics that are selected', async () => {
    await using page = scrapePage({ metrics: { exclude: ['ci_queue_*'] } });
    const url = await page.open();
    await page.write(batchWith([{ queue: 'ios', queued: 2, idle: 1 }]));
    page.noteRun(reportOf());
    using events = await watch(eventsOf(url));

    const { data } = (await events.next()) as { data: Opening };
    expect(data.history.queues).toMatchObject([{ now: { queued: null, idle: 1 } }]);
  });

  it('is for those who know the password, its events too', async () => {
    const auth = { basic: { username: 'ci', password: { env: 'PASSWORD' } } };
    await using page = scrapePage({ auth }, { variables: { PASSWORD: 'word' } });
    const url = await page.open();
    const authorization = `Basic ${Buffer.from('ci:word').toString('base64')}`;

    const statuses = await Promise.all(
      ['/', '/-/events'].flatMap((path) =>
        [{}, { authorization }].map(
          async (headers) => (await ask(new URL(path, url).href, { method: 'HEAD', headers })).status,
        ),
      ),
    );
    expect(statuses).toEqual([401, 200, 401, 200]);
  });

  it.each([
    ['127.0.0.1:9464', 200],
    ['localhost:1', 200],
    ['localhost', 200],
    ['[::1]:9464', 200],
    ['ci.example:9464', 421],
    ['127.0.0.1.ci.example', 421],
  ])('on loopback answers who asks for %j with %d', async (host, status) => {
    await using page = scrapePage();
    const url = await page.open();
    const statusOf = async (path: string) =>
      (await ask(new URL(path, url).href, { method: 'HEAD', headers: { host } })).status;

    expect([await statusOf('/'), await statusOf('/-/events'), await statusOf('/-/healthy')]).toEqual([
      status,
      status,
      200,
    ]);
  });

  it('gives its place to metrics that are served at /', async () => {
    await using page = scrapePage({ path: '/' });
    const url = await page.open();
    await page.write(batchWith([{ queue: 'ios', queued: 2 }]));
    page.noteRun(reportOf());

    expect((await ask(url)).text).toContain('ci_queue_jobs{');
    expect(await ask(eventsOf(url))).toMatchObject({ status: 404, text: 'the metrics are at /\n' });
  });

  it('lets 20 browsers watch and no more, until one goes; all end with the collector', async () => {
    await using page = scrapePage();
    const url = await page.open();
    const watchers = await Promise.all(Array.from({ length: 20 }, () => watch(eventsOf(url))));
    for (const watcher of watchers) await watcher.next();
    const refused = await ask(eventsOf(url));
    watchers[0]?.[Symbol.dispose]();
    await expect
      .poll(async () => {
        using again = await watch(eventsOf(url));
        return (await again.next().catch(() => ({ event: 'none' }))).event;
      })
      .toBe('opening');

    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '30']);
    await page.close();
    await Promise.all(watchers.map(({ ended }) => ended));
  });
});
