/** What becomes of a delivery at each of New Relic's answers, and what is told of it. */
import { createServer } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import type { Delivery } from '../../../lambda/sinks/sink.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { knownKey, type NewRelicAnswer, startNewRelicFake } from '../../support/backends/new-relic-fake.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, queues } from '../remote-write/batches.ts';
import { newRelicSink } from './harness.ts';

const tickMs = Math.floor(Date.now() / 60_000) * 60_000;
const hourMs = 3_600_000;

const levels = queues(2);
const increases = [
  counterOf('ci_runs_total', [{ labels: { pipeline: 'web' }, increase: 3 }]),
  distributionOf('ci_run_duration_seconds', [{ labels: { pipeline: 'web' }, observations: [0.5, 3, 30] }]),
];

function batch(families = [levels, ...increases]): Batch {
  return batchOf(families, { tickMs, collectedAtMs: tickMs + 1500 });
}

/** What became of the two increases. */
function fatesIn({ undelivered = [], unconfirmed, dropped }: Delivery): readonly (number | undefined)[] {
  return [undelivered.reduce((sum, { samples }) => sum + samples, 0), unconfirmed, dropped];
}

const refusals: readonly (readonly [string, NewRelicAnswer, readonly number[], string, number, number])[] = [
  ['400', { status: 400 }, [0, 0, 2], 'rejected', 3, 3],
  ['401, which comes from something between', { status: 401 }, [2, 0, 0], 'auth', 1, 1],
  ['403', { status: 403 }, [2, 0, 0], 'auth', 1, 1],
  ['404', { status: 404 }, [2, 0, 0], 'configuration', 1, 1],
  ['405', { status: 405 }, [2, 0, 0], 'configuration', 1, 1],
  ['408', { status: 408 }, [2, 0, 0], 'rejected', 4, 4],
  ['411', { status: 411 }, [2, 0, 0], 'rejected', 1, 1],
  ['413', { status: 413 }, [0, 0, 2], 'rejected', 3, 3],
  ['414', { status: 414 }, [2, 0, 0], 'rejected', 1, 1],
  ['415', { status: 415 }, [2, 0, 0], 'configuration', 1, 1],
  ['429', { status: 429 }, [2, 0, 0], 'rate-limited', 4, 4],
  ['431', { status: 431 }, [2, 0, 0], 'rejected', 1, 1],
  ['500', { status: 500 }, [0, 2, 0], 'unavailable', 4, 1],
  ['502', { status: 502 }, [0, 2, 0], 'unavailable', 4, 1],
  ['503', { status: 503 }, [2, 0, 0], 'unavailable', 4, 4],
  ['504', { status: 504 }, [0, 2, 0], 'unavailable', 4, 1],
  ['no answer', { status: 202, breaksOff: true }, [0, 2, 0], 'unavailable', 4, 1],
  ['202 without a number', { status: 202, body: '{}' }, [0, 2, 0], 'bad-response', 1, 1],
  ['202 with half an answer', { status: 202, body: '{"requestId":"f0' }, [0, 2, 0], 'bad-response', 1, 1],
  ['a web page', { status: 200, headers: { 'content-type': 'text/html' } }, [0, 2, 0], 'bad-response', 1, 1],
];

describe.each(refusals)('after %s', (_, answer, fates, kind, attemptsOfLevels, attemptsOfIncreases) => {
  it('levels are sent again where that helps', async () => {
    await using receiver = await startNewRelicFake({ answer: () => answer });
    await using made = newRelicSink({ url: receiver.url });

    const { accepted, problems } = await made.write(batch([levels]));

    expect(receiver.requests).toHaveLength(attemptsOfLevels);
    expect(accepted).toBe(0);
    expect(new Set(problems.map((problem) => problem.kind))).toEqual(new Set([kind]));
    for (const { where, message } of problems) {
      expect(where.startsWith('new-relic/new-relic')).toBe(true);
      expect(message).toMatch(/sample/);
      expect(message).toMatch(/;|, |: /);
    }
  });

  it('increases are sent again only where that is certain not to count twice', async () => {
    await using receiver = await startNewRelicFake({ answer: () => answer });
    await using made = newRelicSink({ url: receiver.url });

    const delivery = await made.write(batch(increases));

    expect(receiver.requests).toHaveLength(attemptsOfIncreases);
    expect(fatesIn(delivery)).toEqual(fates);
    expect(delivery.problems.length).toBeGreaterThan(0);
  });
});

it('loses nothing to a server certificate that is not trusted, for nothing was sent', async () => {
  const identity = await withAuthority((authority) => authority.server('IP:127.0.0.1'));
  await using server = await startLoopbackServer(
    (_request, response) => response.end(),
    (listener) => createServer(identity, listener),
    'https',
  );
  await using sink = newRelicSink({ url: server.url });

  const delivery = await sink.write(batch());

  expect(server.requests).toEqual([]);
  expect(fatesIn(delivery)).toEqual([2, 0, 0]);
  expect(delivery.problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/not stored, .*: the server certificate is not signed by a CA/),
  ]);
});

describe('a request', () => {
  it('that is throttled waits as long as New Relic says, within the run', async () => {
    const times: number[] = [];
    await using receiver = await startNewRelicFake({
      answer: (_, index) => {
        times.push(performance.now());
        return index === 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
      },
    });
    await using made = newRelicSink({ url: receiver.url });

    const delivery = await made.write(batch(increases));

    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
  });

  it('has the headers that New Relic asks for, and increases use no connection that may have died', async () => {
    await using receiver = await startNewRelicFake();
    await using made = newRelicSink({ url: `${receiver.url}/` });

    await made.write(batch());

    expect(receiver.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /metric/v1',
      'POST /metric/v1',
    ]);
    for (const { headers, body } of receiver.requests)
      expect(headers).toMatchObject({
        ...{ 'api-key': knownKey, 'content-type': 'application/json', 'content-encoding': 'gzip' },
        'content-length': String(body.byteLength),
      });
    const connections = receiver.requests.map(({ headers, body }) => [
      gunzip(body).includes('"count"'),
      headers['connection'],
    ]);
    expect(connections.sort()).toEqual([
      [false, 'keep-alive'],
      [true, 'close'],
    ]);
  });

  it('with a key that was rotated meanwhile is sent again with the new one', async () => {
    await using receiver = await startNewRelicFake();
    await using made = newRelicSink({ url: receiver.url });
    made.variables['LICENSE_KEY'] = 'the key of yesterday';
    await made.write(batch([]));
    const first = await made.write(batch([levels]));
    made.variables['LICENSE_KEY'] = knownKey;

    const second = await made.write(batch([levels]));

    expect(first.problems).toMatchObject([{ kind: 'auth' }]);
    expect(first.problems[0]?.message).toMatch(
      /answered 403 "authentication failure": the key is wrong, revoked or of another account or region/,
    );
    expect(second).toMatchObject({ accepted: 2, problems: [] });
  });

  it('that is refused is sent again in halves, so that only the refused sample is lost', async () => {
    await using receiver = await startNewRelicFake({
      answer: ({ body }) => {
        const text = gunzip(body);
        return text.includes('"bad"') ? { status: 400 } : undefined;
      },
    });
    await using made = newRelicSink({ url: receiver.url });
    const samples = Array.from({ length: 100 }, (_, index) => ({
      labels: { pipeline: index === 70 ? 'bad' : `p${String(index)}` },
      increase: 1,
    }));

    const delivery = await made.write(batch([counterOf('ci_runs_total', samples)]));

    expect(delivery).toMatchObject({ accepted: 99, unconfirmed: 0, dropped: 1 });
    expect(receiver.points).toHaveLength(99);
    expect(delivery.problems[0]?.message).toMatch(/^1 sample not stored, such as ci_runs_total\{pipeline="bad"\}/);
    expect(delivery.problems[0]?.message).toContain('FROM NrIntegrationError');
  });
});

describe('what was taken', () => {
  it('may be refused later: the query that finds it is logged once, and the number of each request for who looks for one', async () => {
    await using receiver = await startNewRelicFake();
    await using made = newRelicSink({ url: receiver.url });

    await made.write(batch());
    await made.write(batch());

    const told = made.log.lines.filter(({ level }) => level === 'info');
    const receipts = made.log.lines.filter(({ message }) => message === 'New Relic took a request');
    expect(told).toHaveLength(1);
    expect(told[0]?.fields['query']).toMatch(
      /FROM NrIntegrationError WHERE newRelicFeature IN \('Metrics', 'Event API'\)/,
    );
    expect(receipts.map(({ level, fields }) => [level, fields['api'], fields['samples'], fields['requestId']])).toEqual(
      [0, 1, 2, 3].map((index) => ['debug', 'metrics', 2, `f0e7bfff-001a-b000-0000-00000000000${String(index)}`]),
    );
  });
});

describe('increases of earlier runs', () => {
  it('are sent with their own time, and those that New Relic no longer takes are dropped and told', async () => {
    let now = tickMs;
    await using receiver = await startNewRelicFake({ nowMs: () => now });
    await using made = newRelicSink({ url: receiver.url }, () => now);
    const ages = [1, 47.9, 48.1, 400].map((hours) => tickMs - hours * hourMs);
    const parcels = ages.flatMap((at) => made.sink.pack?.(batchOf(increases, { tickMs: at, collectedAtMs: at })) ?? []);

    const delivery = await made.redeliver(parcels);

    expect(receiver.errors).toEqual([]);
    expect(new Set(receiver.points.map(({ timestamp = 0, intervalMs = 0 }) => timestamp + intervalMs))).toEqual(
      new Set(ages.slice(0, 2)),
    );
    expect(delivery).toMatchObject({ accepted: 4, dropped: 4, unconfirmed: 0 });
    expect(delivery.problems).toMatchObject([{ kind: 'rejected' }]);
    expect(delivery.problems[0]?.message).toMatch(/^4 increases .* the last 48 hours and the next 24;/);
    now += 48 * hourMs;
    expect(await made.redeliver(parcels)).toMatchObject({ accepted: 0, dropped: 8 });
  });

  it('that are ahead of what New Relic takes are dropped and told', async () => {
    await using receiver = await startNewRelicFake();
    await using made = newRelicSink({ url: receiver.url });
    const at = tickMs + 25 * hourMs;
    const parcels = made.sink.pack?.(batchOf(increases, { tickMs: at, collectedAtMs: at })) ?? [];

    expect(await made.redeliver(parcels)).toMatchObject({ accepted: 0, dropped: 2, problems: [{ kind: 'rejected' }] });
  });
});

describe('a preview', () => {
  it('shows names, figures and what would be left out, and prices the gigabytes by no invented figure', async () => {
    await using made = newRelicSink({});

    const preview = await made.sink.preview(
      batch([
        gaugeOf('ci_x', [{ labels: { a: 'b' }, value: 1 }]),
        ...increases,
        gaugeOf('ci_y', [{ labels: {}, value: NaN }]),
      ]),
    );

    expect(preview.lines).toEqual([
      'ci_x{a="b"} 1',
      'ci_runs_total{pipeline="web"} 3',
      'ci_run_duration_seconds{pipeline="web"} count=3 sum=33.5 min=0.5 max=30',
    ]);
    expect(preview.problems).toHaveLength(1);
    expect(preview.monthlyCost).toMatchObject([{ item: 'New Relic, data ingest', usd: undefined }]);
    expect(preview.monthlyCost[0]?.basis).toMatch(/^about 0\.\d\d GB of JSON/);
  });
});

function gunzip(body: Uint8Array): string {
  return gunzipSync(body).toString('utf8');
}
