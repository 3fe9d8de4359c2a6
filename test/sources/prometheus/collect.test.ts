/** Tests of whole runs of the source `prometheus`: requests, failing targets, limits and problems. */
import { describe, expect, it } from 'vitest';
import { startLoopbackServer, type LoopbackServer, type Respond } from '../../support/network/loopback-server.ts';
import { prometheusPipeline, relayedOf, seriesOf } from './harness.ts';

const textType = 'text/plain; version=0.0.4; charset=utf-8';

function serve(body: string | (() => string), type = textType): Promise<LoopbackServer> {
  const respond: Respond = (_request, response) => {
    response.writeHead(200, type === '' ? {} : { 'content-type': type }).end(typeof body === 'string' ? body : body());
  };
  return startLoopbackServer(respond);
}

async function relayedFrom(body: string, source: Readonly<Record<string, unknown>> = {}, type = textType) {
  await using server = await serve(body, type);
  await using pipeline = await prometheusPipeline({
    targets: [{ url: `${server.url}/metrics`, instance: 'i' }],
    ...source,
  });
  const collected = await pipeline.collect();
  return { collected, problems: collected.sources[0]?.problems ?? [], series: seriesOf(relayedOf(collected)) };
}

describe('reading targets', () => {
  it('asks for text and sends its credentials', async () => {
    await using server = await serve('m 1\n');
    await using pipeline = await prometheusPipeline({
      targets: [{ url: `${server.url}/metrics?a=b` }],
      auth: { basic: { username: 'ci', password: { env: 'PASSWORD' } } },
    });

    await pipeline.collect();

    expect(server.requests).toMatchObject([
      {
        method: 'GET',
        path: '/metrics?a=b',
        headers: {
          accept:
            'text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,*/*;q=0.1',
          authorization: `Basic ${Buffer.from('ci:open-sesame').toString('base64')}`,
          'accept-encoding': 'gzip',
        },
      },
    ]);
  });

  it('asks for OpenMetrics first, and for UTF-8 names, where it is told to', async () => {
    await using server = await serve('m 1\n');
    await using pipeline = await prometheusPipeline({
      targets: [{ url: `${server.url}/metrics` }],
      prefer: 'openmetrics',
      utf8Names: 'keep',
    });

    await pipeline.collect();

    expect(server.requests[0]?.headers['accept']).toBe(
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=1,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1',
    );
  });

  it('loses one target only when one fails, and says so with up', async () => {
    await using good = await serve('# TYPE m gauge\nm 1\n');
    await using bad = await serve('m 1\nError encoding metrics\n');
    await using pipeline = await prometheusPipeline({
      targets: [
        { url: `${good.url}/metrics`, instance: 'good' },
        { url: `${bad.url}/metrics`, instance: 'bad' },
      ],
    });

    const collected = await pipeline.collect();

    expect(collected.sources).toMatchObject([
      {
        status: 'partial',
        problems: [{ kind: 'bad-response', message: expect.stringContaining('line 2, column 7') as string }],
      },
    ]);
    expect(seriesOf(relayedOf(collected))).toEqual(['m{instance="good",job="relay"} 1']);
    const report = seriesOf(relayedOf(collected), 'scrape').filter((series) => !series.startsWith('scrape_duration'));
    expect(report).toEqual([
      'scrape_samples_post_metric_relabeling{instance="good",job="relay"} 1',
      'scrape_samples_post_metric_relabeling{instance="bad",job="relay"} 0',
      'scrape_samples_scraped{instance="good",job="relay"} 1',
      'scrape_samples_scraped{instance="bad",job="relay"} 0',
      'up{instance="good",job="relay"} 1',
      'up{instance="bad",job="relay"} 0',
    ]);
  });

  it('publishes how the reading went even when no target answers', async () => {
    await using bad = await serve('<html>Sign in</html>', 'text/html');
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${bad.url}/metrics`, instance: 'i' }] });

    const report = await pipeline.run();

    expect(report.sources).toMatchObject([{ status: 'failed', problems: [{ kind: 'bad-response' }] }]);
    expect(pipeline.printed.join('')).toContain('up{instance="i",job="relay"} 0\n');
  });

  it('moves labels of the page that its target has too, or keeps them where they are honoured', async () => {
    const page = 'm{job="own",instance="theirs",exported_job="x"} 1\n';

    expect((await relayedFrom(page)).series).toEqual([
      'm{exported_exported_job="own",exported_instance="theirs",exported_job="x",instance="i",job="relay"} 1',
    ]);
    expect((await relayedFrom(page, { honorLabels: true })).series).toEqual([
      'm{exported_job="x",instance="theirs",job="own"} 1',
    ]);
  });

  it('keeps the allow-list, renames, and relabels, in this order', async () => {
    const page = 'a 1\nb{mode="idle"} 2\nb{mode="busy"} 3\nc 4\n';

    const { series, collected } = await relayedFrom(page, {
      metrics: { include: ['a', 'b'], exclude: ['a'] },
      rename: { b: 'cpu' },
      relabel: [{ action: 'drop', sourceLabels: ['__name__', 'mode'], regex: 'cpu;idle' }],
    });

    expect(series).toEqual(['cpu{instance="i",job="relay",mode="busy"} 3']);
    expect(seriesOf(relayedOf(collected), 'scrape')).toContain('scrape_samples_scraped{instance="i",job="relay"} 4');
    expect(seriesOf(relayedOf(collected), 'scrape')).toContain(
      'scrape_samples_post_metric_relabeling{instance="i",job="relay"} 1',
    );
  });

  it('names a histogram as a whole in the allow-list and in rename', async () => {
    const page = '# TYPE h histogram\nh_bucket{le="+Inf"} 1\nh_sum 2\nh_count 1\nother 1\n';

    const { collected } = await relayedFrom(page, { metrics: { include: ['h'] }, rename: { h: 'wait' } });

    const [family] = relayedOf(collected).filter(({ about }) => about === 'target');
    expect(family).toMatchObject({ name: 'wait', type: 'histogram' });
    expect(family?.samples.map(({ name }) => name)).toEqual(['wait_bucket', 'wait_sum', 'wait_count']);
  });

  it('renames a counter of OpenMetrics by the name of its metric, before it relabels', async () => {
    const { series } = await relayedFrom(
      '# TYPE runs counter\nruns_total 5\nother 1\n# EOF\n',
      { rename: { runs: 'lifts' }, relabel: [{ action: 'keep', sourceLabels: ['__name__'], regex: 'lifts_.*' }] },
      'application/openmetrics-text; version=1.0.0',
    );

    expect(series).toEqual(['lifts_total{instance="i",job="relay"} 5']);
  });

  it('passes on times, starts and exemplars, and leaves times out where they are not honoured', async () => {
    const page = '# TYPE a counter\na_total 5 1.5 # {trace_id="t"} 2 3\na_created 100\n# EOF\n';
    const type = 'application/openmetrics-text; version=1.0.0';

    const [total] = relayedOf((await relayedFrom(page, {}, type)).collected).filter(({ name }) => name === 'a_total');
    expect(total).toMatchObject({
      type: 'counter',
      samples: [
        {
          name: 'a_total',
          value: 5,
          timestampMs: 1500,
          startMs: 100_000,
          exemplar: { labels: { trace_id: 't' }, value: 2, timestampMs: 3000 },
        },
      ],
    });
    const [undated] = relayedOf((await relayedFrom(page, { honorTimestamps: false }, type)).collected).filter(
      ({ name }) => name === 'a_total',
    );
    expect(undated?.samples[0]).not.toHaveProperty('timestampMs');
  });

  it('writes UTF-8 names that come unasked with underscores', async () => {
    const { series } = await relayedFrom('{"http.requests","status.code"="200"} 1\n');

    expect(series).toEqual(['http_requests{instance="i",job="relay",status_code="200"} 1']);
  });

  it('passes on a histogram that contradicts itself as untyped series, and keeps its neighbours', async () => {
    const page =
      '# TYPE h histogram\nh_bucket{a="bad",le="+Inf"} 1\nh_count{a="bad"} 2\nh_bucket{a="ok",le="+Inf"} 1\n';

    const { collected, problems } = await relayedFrom(page, { rename: { h: 'wait' } });

    expect(relayedOf(collected).filter(({ about }) => about === 'target')).toMatchObject([
      { name: 'wait', type: 'histogram', samples: [{ name: 'wait_bucket', labels: { a: 'ok' } }] },
      { name: 'wait_bucket', type: 'untyped', samples: [{ labels: { a: 'bad' }, value: 1 }] },
      { name: 'wait_count', type: 'untyped', samples: [{ labels: { a: 'bad' }, value: 2 }] },
    ]);
    expect(problems).toEqual([]);
  });

  it('tells what is odd on a page once a process, and the run is as good as any', async () => {
    await using server = await serve('# HELP m C:\\jobs\nm 1\nn 1\nn 1');
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${server.url}/metrics` }] });

    const collected = [await pipeline.collect(), await pipeline.collect()];

    expect(collected.map(({ sources }) => sources[0]?.problems)).toEqual([[], []]);
    const told = pipeline.log.lines.filter(({ message }) => message.startsWith('a page is odd'));
    expect(told.map(({ fields }) => fields['oddity'])).toEqual([
      'line 1, column 12: "\\\\j" is no escape sequence; it is kept as it stands',
      'line 4, column 4: the page does not end with a line feed; its last line is kept, but may have been cut off',
      'line 4, column 1: a second sample of one series of "n" with the same value',
    ]);
    expect(told[0]?.fields['where']).toMatch(/^prometheus\/relay GET 127\.0\.0\.1:\d+\/metrics$/);
  });

  it('says which samples of a page are missing', async () => {
    const { problems, series } = await relayedFrom('m 1\nm 2\nm 3\nn 1\n\0\n');

    expect(series).toEqual(['m{instance="i",job="relay"} 1', 'n{instance="i",job="relay"} 1']);
    expect(problems).toMatchObject([
      {
        kind: 'bad-response',
        message:
          'left out a part of the page: line 2, column 1: a second sample of one series of "m"; the first one is kept (2 times); line 5, column 1: a NUL byte; nothing behind it is read',
      },
    ]);
  });

  it('leaves out samples that are dated more than 10 minutes ahead, and names the page as the cause', async () => {
    const now = Date.now();
    const page = `a 1 ${String(now + 9 * 60_000)}\nb{c="1"} 2 ${String(now * 1000)}\nb 3 ${String(now + 11 * 60_000)}\n`;

    const { problems, series } = await relayedFrom(page);
    const undated = await relayedFrom(page, { honorTimestamps: false });
    const unwanted = await relayedFrom(page, {
      relabel: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'b' }],
    });

    expect(series).toEqual(['a{instance="i",job="relay"} 1']);
    expect(problems).toEqual([
      {
        kind: 'bad-response',
        where: expect.stringMatching(/^prometheus\/relay GET /) as string,
        message: `left out 2 samples whose own time on the page lies more than 10 minutes ahead, such as b{c="1",instance="i",job="relay"} of ${String(now * 1000)} ms; the page writes its times in another unit, or its clock is wrong: have it write none, or set honorTimestamps: false`,
      },
    ]);
    expect(undated).toMatchObject({ problems: [], series: { length: 3 } });
    expect(unwanted.problems).toEqual([]);
  });

  it('leaves out samples that are older than wanted, which is no problem', async () => {
    const now = Date.now();
    const page = `a 1 ${String(now - 61 * 60_000)}\nb 2 ${String(now - 59 * 60_000)}\nc 3\n`;

    const all = await relayedFrom(page);
    const fresh = await relayedFrom(page, { maxSampleAgeMinutes: 60 });

    expect(all.series).toHaveLength(3);
    expect(fresh.problems).toEqual([]);
    expect(fresh.series).toEqual(['b{instance="i",job="relay"} 2', 'c{instance="i",job="relay"} 3']);
  });

  it('keeps both samples of one series that have different times', async () => {
    const now = Date.now();

    const { collected } = await relayedFrom(`a 1 ${String(now - 2000)}\na 2 ${String(now - 1000)}\n`);

    const [family] = relayedOf(collected).filter(({ name }) => name === 'a');
    expect(family?.samples).toMatchObject([
      { value: 1, timestampMs: now - 2000 },
      { value: 2, timestampMs: now - 1000 },
    ]);
  });

  it.each([
    ['text/html', /^the answer is HTML.*set fallbackFormat of the source to text or openmetrics/],
    ['application/json', /^the answer is application\/json, not a metrics page; .*fallbackFormat/],
    ['', /^the answer has no Content-Type/],
  ])('refuses a page that is sent as "%s", unless it is told what it is', async (type, message) => {
    const refused = await relayedFrom('m 1\n', {}, type);
    const taken = await relayedFrom('m 1\n', { fallbackFormat: 'text' }, type);
    const open = await relayedFrom('m 1\n# EOF\n', { fallbackFormat: 'openmetrics' }, type);

    expect(refused.problems[0]?.message.replace(/^.*?\/metrics: /, '')).toMatch(message);
    expect(refused.series).toEqual([]);
    for (const { problems, series } of [taken, open]) {
      expect(problems).toEqual([]);
      expect(series).toHaveLength(1);
    }
  });

  it.each([
    ['its length', { 'content-length': '1000' }],
    ['its last chunk', { 'transfer-encoding': 'chunked' }],
  ])('refuses a page whose transfer was cut, as %s tells', async (_, headers) => {
    await using server = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': textType, ...headers });
      response.write('m 1\nn 2', () => response.destroy());
    });
    await using pipeline = await prometheusPipeline({ targets: [{ url: `${server.url}/metrics` }] });

    const collected = await pipeline.collect();

    expect(collected.sources[0]?.problems).toHaveLength(1);
    expect(seriesOf(relayedOf(collected))).toEqual([]);
  });

  it('takes labels of any number and length, and more series than the limit while relabelling drops them', async () => {
    const page = `m{a="1",b="${'x'.repeat(4478)}"} 1\nm{a="2"} 1\nm{a="3"} 1\n`;
    const drop = [{ action: 'drop', sourceLabels: ['a'], regex: '[23]' }];

    expect((await relayedFrom(page)).series).toHaveLength(3);
    expect((await relayedFrom(page, { limits: { samples: 1 }, relabel: drop })).series).toHaveLength(1);
    expect((await relayedFrom(page, { limits: { samples: 0 } })).series).toHaveLength(3);
    expect((await relayedFrom(page, { limits: { samples: 1 } })).problems[0]?.message).toContain(
      'more than 1 series after relabelling (limits.samples), so nothing of the target is used; raise the limit, switch it off with 0,',
    );
  });

  it.each([
    ['series', 'm{a="1"} 1\nm{a="2"} 1\n', { samples: 1 }, /more than 1 series/],
    ['labels', 'm{a="1",b="2"} 1\n', { labels: 3 }, /more than 3 labels/],
    ['the length of a value', 'm{a="12345"} 1\n', { labelValueLength: 4 }, /longer than 4 characters/],
  ])('fails a target as a whole that passes the limit of %s', async (_, page, limits, message) => {
    const { series, problems } = await relayedFrom(page, { limits });

    expect(series).toEqual([]);
    expect(problems).toMatchObject([{ kind: 'bad-response', message: expect.stringMatching(message) as string }]);
  });

  it.each([
    ['a name of Object', '__proto__ 1\nconstructor{toString="1"} 2\n'],
    ['a label of Object beside none', 'm{constructor="1"} 1\nm 2\n'],
  ])('is not led astray by %s', async (_, page) => {
    const { problems, series } = await relayedFrom(page);

    expect(problems).toEqual([]);
    expect(series).toHaveLength(2);
  });
});
