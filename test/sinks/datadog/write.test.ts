/** Tests of sending series to Datadog: requests, keys, limits, refusals and what is reported. */
import { createServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startDatadogFake, shownDatadog } from '../../support/backends/datadog-fake.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, queues } from '../remote-write/batches.ts';
import { datadogSink } from './harness.ts';

function everyKind(): Batch {
  return batchOf([
    gaugeOf('ci_queue_jobs', [{ labels: { queue: 'a' }, value: 5 }]),
    counterOf('ci_jobs_total', [{ labels: { queue: 'a' }, increase: 3 }]),
    distributionOf('ci_wait_seconds', [{ labels: { queue: 'a' }, observations: [1, 2.5] }]),
  ]);
}

describe('a delivery', () => {
  it('takes three requests for the three kinds, with the key in its header', async () => {
    await using datadog = await startDatadogFake();
    await using sink = datadogSink({ url: datadog.url, resources: { host: 'farm' } });

    const delivery = await sink.write(everyKind());

    expect(delivery).toMatchObject({
      accepted: 3,
      requests: 3,
      problems: [],
      undelivered: [],
      unconfirmed: 0,
      dropped: 0,
    });
    expect(datadog.stored.map(shownDatadog).sort()).toEqual([
      'ci_jobs_total{collector:ci,queue:a} 3',
      'ci_queue_jobs{collector:ci,queue:a} 5',
      'ci_wait_seconds{collector:ci,queue:a} 1 2.5',
    ]);
    expect(datadog.keys).toEqual(['key', 'key', 'key']);
  });

  it('sends increases on connections of their own, for a kept one may be dead', async () => {
    await using datadog = await startDatadogFake();
    await using sink = datadogSink({ url: datadog.url });

    await sink.write(everyKind());

    const closing = datadog.requests.map(({ path, headers, body }) => [
      path,
      headers['connection'],
      body.byteLength > 0,
    ]);
    expect(closing.filter(([, connection]) => connection === 'close').length).toBe(2);
  });

  it('tells once a process how tags are written', async () => {
    await using datadog = await startDatadogFake();
    await using sink = datadogSink({ url: datadog.url });
    const batch = batchOf([gaugeOf('ci_queue_jobs', [{ labels: { queue: 'Big' }, value: 1 }])]);

    await sink.write(batch);
    await sink.write(batch);

    expect(sink.log.lines.filter(({ level }) => level === 'info')).toEqual([
      {
        level: 'info',
        message: 'tags are sent as Datadog keeps them',
        fields: { sink: 'datadog', tags: 1, written: 'queue:Big', sent: 'queue:big' },
      },
    ]);
  });

  it('takes no history of an installation, which would be too old', async () => {
    await using sink = datadogSink({});

    expect(sink.isPacking).toBe(false);
  });
});

describe('a key', () => {
  it('that was rotated is read anew after 403', async () => {
    await using datadog = await startDatadogFake({ isValid: (key) => key === 'new' });
    await using sink = datadogSink({ url: datadog.url });
    sink.variables['KEY'] = 'old';
    await sink.write(everyKind());
    sink.variables['KEY'] = 'new';

    const { problems, accepted } = await sink.write(everyKind());

    expect([problems, accepted]).toEqual([[], 3]);
    expect(datadog.keys.includes('old')).toBe(true);
  });

  it('that is wrong costs no increase, and is told with the remedy', async () => {
    await using datadog = await startDatadogFake({ isValid: () => false });
    await using sink = datadogSink({ url: datadog.url });

    const { problems, undelivered, unconfirmed, dropped, accepted } = await sink.write(everyKind());

    expect([accepted, unconfirmed, dropped]).toEqual([0, 0, 0]);
    expect(undelivered?.map(({ samples }) => samples)).toEqual([2]);
    expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(problems[0]?.message).toMatch(/answered 403 ".+": the key is wrong|answered 403 ".+": the API key is wrong/);
    expect(problems[0]?.where).toMatch(
      /^datadog\/datadog POST 127\.0\.0\.1:\d+\/api\/v2\/series, POST 127\.0\.0\.1:\d+\/api\/v1\/distribution_points$/,
    );
  });
});

describe('a server without a certificate that is trusted', () => {
  it('costs no increase, for nothing was sent', async () => {
    const identity = await withAuthority((authority) => authority.server('IP:127.0.0.1'));
    await using server = await startLoopbackServer(
      (_request, response) => response.end('{"errors":[]}'),
      (listener) => createServer(identity, listener),
      'https',
    );
    await using sink = datadogSink({ url: server.url });

    const { problems, undelivered, unconfirmed, dropped } = await sink.write(everyKind());

    expect(server.requests).toEqual([]);
    expect([undelivered?.map(({ samples }) => samples), unconfirmed, dropped]).toEqual([[2], 0, 0]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^3 points not stored, .*: the server certificate is not signed by a CA/),
    ]);
  });
});

describe('an answer', () => {
  it.each([
    // What was certainly not stored is kept.
    [408, 'rejected', { undelivered: 2, unconfirmed: 0, dropped: 0 }],
    [429, 'rate-limited', { undelivered: 2, unconfirmed: 0, dropped: 0 }],
    [503, 'unavailable', { undelivered: 2, unconfirmed: 0, dropped: 0 }],
    [404, 'configuration', { undelivered: 2, unconfirmed: 0, dropped: 0 }],
    // Whether they were stored is unknown.
    [500, 'unavailable', { undelivered: 0, unconfirmed: 2, dropped: 0 }],
    [502, 'unavailable', { undelivered: 0, unconfirmed: 2, dropped: 0 }],
    [504, 'unavailable', { undelivered: 0, unconfirmed: 2, dropped: 0 }],
    // Refused for what is in it, each point by itself.
    [400, 'rejected', { undelivered: 0, unconfirmed: 0, dropped: 2 }],
    [413, 'rejected', { undelivered: 0, unconfirmed: 0, dropped: 2 }],
  ])('%i is told as %s, and says what became of increases', async (status, kind, fate) => {
    await using datadog = await startDatadogFake({ answer: () => ({ status, body: '{"errors":["no"]}' }) });
    await using sink = datadogSink({ url: datadog.url });

    const { problems, undelivered = [], unconfirmed, dropped, accepted } = await sink.write(everyKind());

    expect(accepted).toBe(0);
    expect(new Set(problems.map((problem) => problem.kind))).toEqual(new Set([kind]));
    expect({ undelivered: undelivered.reduce((sum, { samples }) => sum + samples, 0), unconfirmed, dropped }).toEqual(
      fate,
    );
  });

  it('413 is learned from: later requests are smaller, and nothing is lost', async () => {
    await using datadog = await startDatadogFake({
      answer: (points) => (points.length > 3 ? { status: 413, body: '{"errors":["too large"]}' } : undefined),
    });
    await using sink = datadogSink({ url: datadog.url });

    const first = await sink.write(batchOf([queues(100)]));
    const second = await sink.write(batchOf([queues(100)]));

    expect([first.accepted, first.problems]).toEqual([100, []]);
    // 100, 50, 25, 13, 7 and 4 were too many: then requests of two, and of one where a part was odd.
    expect(first.requests).toBe(57);
    expect([second.accepted, second.requests]).toEqual([100, 50]);
  });

  it('413 for single points ends with the bound of a delivery, which is told', async () => {
    await using datadog = await startDatadogFake({ answer: () => ({ status: 413, body: '{"errors":["no"]}' }) });
    await using sink = datadogSink({ url: datadog.url });

    const { accepted, requests, problems } = await sink.write(batchOf([queues(100)]));

    expect(accepted).toBe(0);
    expect(requests).toBe(7 + 65);
    expect(problems.map(({ message }) => message).join(' ')).toMatch(
      /a single point is too large .*; the search for what is refused ended at the bound of 64 requests a delivery/,
    );
  });

  it.each([
    // Attempts for levels, counts and distributions: what may be stored is sent once, unless it does no harm.
    [502, [4, 1, 1]],
    [500, [4, 1, 1]],
    [404, [1, 1, 1]],
    [503, [4, 4, 4]],
    [408, [4, 4, 4]],
  ])('%i is answered with as many attempts as do no harm', async (status, expected) => {
    const attempts = { gauge: 0, count: 0, distribution: 0 };
    await using datadog = await startDatadogFake({
      answer: ([first], path) => {
        if (path.endsWith('distribution_points')) attempts.distribution += 1;
        else if (first?.type === 3) attempts.gauge += 1;
        else attempts.count += 1;
        return { status };
      },
    });
    await using sink = datadogSink({ url: datadog.url });
    const batches = everyKind().sources[0]?.families ?? [];

    for (const family of batches) await sink.write(batchOf([family]));

    expect([attempts.gauge, attempts.count, attempts.distribution]).toEqual(expected);
  });

  it('202 with errors says that nobody knows, and repeats none of the secrets in them', async () => {
    await using datadog = await startDatadogFake({
      isValid: () => true,
      answer: (_series, path) =>
        path === '/api/v2/series'
          ? { status: 202, body: '{"errors":["metric of key-0123456789abcdef is odd",{"code":7}]}' }
          : undefined,
    });
    await using sink = datadogSink({ url: datadog.url });
    sink.variables['KEY'] = 'key-0123456789abcdef';

    const { problems, unconfirmed, undelivered, dropped, accepted } = await sink.write(everyKind());

    expect([accepted, unconfirmed, dropped, undelivered]).toEqual([1, 1, 0, []]);
    expect(problems.map(({ kind }) => kind)).toEqual(['rejected']);
    expect(problems[0]?.message).toMatch(
      /^2 points may not have been stored, such as .* 2 errors.* is odd; \{"code":7\}/,
    );
    expect(JSON.stringify(problems)).not.toContain('0123456789abcdef');
  });

  it.each([
    [204, ''],
    [200, ''],
    [202, ''],
    [202, 'OK'],
    [202, '[]'],
  ])('%i with %j is no answer of Datadog: nobody knows what was stored', async (status, body) => {
    await using datadog = await startDatadogFake({ answer: () => ({ status, body }) });
    await using sink = datadogSink({ url: datadog.url });

    const { accepted, unconfirmed, dropped, undelivered, problems } = await sink.write(everyKind());

    expect([accepted, unconfirmed, dropped, undelivered]).toEqual([0, 2, 0, []]);
    expect(new Set(problems.map(({ kind }) => kind))).toEqual(new Set(['bad-response']));
  });

  it.each(['{"status":"ok"}', '{"errors":[]}', '{}', '{"errors":null}'])('202 with %j is a success', async (body) => {
    await using datadog = await startDatadogFake({ answer: () => ({ status: 202, body }) });
    await using sink = datadogSink({ url: datadog.url });

    expect(await sink.write(everyKind())).toMatchObject({ accepted: 3, problems: [] });
  });

  it('that refuses one of many points costs that point only', async () => {
    await using datadog = await startDatadogFake({
      answer: (series) =>
        series.some(({ tags }) => tags.includes('queue:q0777'))
          ? { status: 400, body: '{"errors":["odd"]}' }
          : undefined,
    });
    await using sink = datadogSink({ url: datadog.url });

    const { accepted, problems } = await sink.write(batchOf([queues(1000)]));

    expect([accepted, datadog.stored.length]).toEqual([999, 999]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('1 point not stored, such as ci_queue_jobs{collector:ci,queue:q0777}'),
    ]);
  });

  it('that refuses everything is asked for a bounded number of times', async () => {
    await using datadog = await startDatadogFake({ answer: () => ({ status: 400 }) });
    await using sink = datadogSink({ url: datadog.url });

    const { accepted, problems } = await sink.write(batchOf([queues(1000)]));

    expect(accepted).toBe(0);
    expect(datadog.requests.length).toBeLessThanOrEqual(1 + 64);
    expect(problems.length).toBeGreaterThan(0);
  });
});

describe('increases of earlier runs', () => {
  it('are sent with their own time and interval', async () => {
    await using lost = await startLoopbackServer((_request, response) => response.writeHead(503).end());
    await using first = datadogSink({ url: lost.url });
    const batch = everyKind();
    const { undelivered = [] } = await first.write(batch);
    await using datadog = await startDatadogFake();
    await using later = datadogSink({ url: datadog.url });

    const delivery = await later.redeliver(JSON.parse(JSON.stringify(undelivered)) as typeof undelivered);

    const timestamp = Math.floor(batch.tickMs / 1000);
    expect(delivery).toMatchObject({ accepted: 2, problems: [], dropped: 0 });
    const stored = datadog.stored.toSorted((a, b) => (a.metric < b.metric ? -1 : 1));
    expect(stored).toMatchObject([
      { metric: 'ci_jobs_total', type: 1, unit: 'job', interval: 60, points: [{ timestamp, value: 3 }] },
      { metric: 'ci_wait_seconds', type: 'distribution', points: [[timestamp, [1, 2.5]]] },
    ]);
  });

  it('of several runs share requests', async () => {
    await using datadog = await startDatadogFake();
    await using sink = datadogSink({ url: datadog.url });
    const common = { name: 'a', tags: ['b:c'], values: [1] };
    const content = [
      { ...common, kind: 'increase', intervalSeconds: 60 },
      { ...common, kind: 'observations' },
    ];
    const parcels = Array.from({ length: 5 }, (_, index) => ({
      tickMs: Date.now() - index * 60_000,
      samples: 2,
      content,
    }));

    expect(await sink.redeliver(parcels)).toMatchObject({ accepted: 10, requests: 2, problems: [] });
  });

  it('are dropped after an hour, and told', async () => {
    await using datadog = await startDatadogFake();
    await using sink = datadogSink({ url: datadog.url });
    const content = [{ name: 'a', tags: ['b:c'], kind: 'increase', values: [1], intervalSeconds: 60 }];
    const parcel = (ageMs: number) => ({ tickMs: Date.now() - ageMs, samples: 1, content });

    const delivery = await sink.redeliver([parcel(3_590_000), parcel(3_601_000)]);

    expect(delivery).toMatchObject({ accepted: 1, dropped: 1 });
    expect(delivery.problems).toEqual([
      {
        kind: 'rejected',
        where: 'datadog/datadog',
        message: expect.stringContaining('the last 60 minutes') as unknown,
      },
    ]);
  });

  it('of an unknown shape are dropped and told, and cost the others nothing', async () => {
    await using datadog = await startDatadogFake();
    await using sink = datadogSink({ url: datadog.url });
    const good = { name: 'a', tags: ['b:c'], kind: 'observations', values: [1, 2] };
    const tickMs = Date.now();

    const delivery = await sink.redeliver([
      { tickMs, samples: 1, content: [good] },
      { tickMs, samples: 4, content: [{ ...good, kind: 'level' }] },
    ]);

    expect(delivery).toMatchObject({ accepted: 1, dropped: 4, problems: [{ kind: 'bug' }] });
  });
});

describe('a dry run', () => {
  it('tells a line a point, the price, and what would be left out', async () => {
    await using sink = datadogSink({});
    const batch = batchOf([
      gaugeOf('ci_queue_jobs', [
        { labels: { queue: 'a' }, value: 5 },
        { labels: { queue: 'b' }, value: NaN },
      ]),
    ]);

    const preview = await sink.preview(batch);

    expect(preview).toMatchObject({ samples: 1, requests: 1, lines: ['ci_queue_jobs{collector:ci,queue:a} 5'] });
    expect(preview.monthlyCost.map(({ usd }) => usd)).toEqual([undefined]);
    expect(preview.monthlyCost[0]?.basis).toContain('about 1 custom metrics');
    expect(preview.problems.map(({ message }) => message)).toEqual([expect.stringContaining('not numbers')]);
  });
});
