/** What a batch becomes at New Relic: names, attributes, times and numbers. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startNewRelicFake, type StoredPoint } from '../../../support/backends/new-relic-fake.ts';
import { expectGolden } from '../../../support/golden.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf } from '../../remote-write/batches.ts';
import { newRelicSink } from '../harness.ts';

const tickMs = Math.floor(Date.now() / 60_000) * 60_000;
const collectedAtMs = tickMs + 1500;

const types = ['gauge', 'count', 'summary'];

async function stored(
  families: Parameters<typeof batchOf>[0],
  settings: object = {},
  output: Parameters<typeof partOf>[1] = {},
) {
  await using receiver = await startNewRelicFake();
  await using made = newRelicSink({ url: receiver.url, ...settings });
  const sources = [partOf(families, output)];
  const delivery = await made.write(batchOf([], { tickMs, collectedAtMs, sources }));
  expect(receiver.errors).toEqual([]);
  // Requests travel side by side.
  const points = receiver.points.toSorted((a, b) => types.indexOf(a.type) - types.indexOf(b.type));
  return { points, delivery };
}

function named(points: readonly StoredPoint[], name: string): readonly StoredPoint[] {
  return points.filter((point) => point.name === name);
}

describe('a point', () => {
  it('is a gauge of the moment that was read, a count of the window, or a summary of the observations', async () => {
    const { points, delivery } = await stored([
      gaugeOf('ci_queue_jobs', [{ labels: { queue: 'a' }, value: 3 }]),
      counterOf('ci_jobs_total', [
        { labels: { queue: 'a' }, increase: 2, total: { value: 40, startMs: 1 } },
        { labels: { queue: 'still' }, increase: 0, total: { value: 7, startMs: 1 } },
      ]),
      distributionOf('ci_job_wait_seconds', [
        { labels: { queue: 'a' }, observations: [0.5, 30, 3] },
        { labels: { queue: 'still' }, observations: [] },
      ]),
    ]);

    const attributes = { collector: 'ci', queue: 'a' };
    const window = { timestamp: tickMs - 60_000, intervalMs: 60_000, attributes };
    expect(points).toEqual([
      {
        ...{ name: 'ci_queue_jobs', type: 'gauge', value: 3, attributes },
        ...{ timestamp: collectedAtMs, intervalMs: undefined },
      },
      { name: 'ci_jobs_total', type: 'count', value: 2, ...window },
      {
        ...{ name: 'ci_job_wait_seconds', type: 'summary', ...window },
        value: { count: 3, sum: 33.5, min: 0.5, max: 30 },
      },
    ]);
    expect(delivery).toMatchObject({ accepted: 3, problems: [], undelivered: [], unconfirmed: 0, dropped: 0 });
  });

  it('of what is added up begins where the run before ended', async () => {
    const families = [
      counterOf('ci_jobs_total', [{ labels: {}, increase: 2 }]),
      distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [3] }]),
    ];

    const { points } = await stored(families, {}, { countedSinceMs: tickMs - 10_000 });

    const window = { timestamp: tickMs - 10_000, intervalMs: 10_000 };
    expect(points).toMatchObject([
      { type: 'count', ...window },
      { type: 'summary', ...window },
    ]);
  });

  it('has the attributes of the settings, of which its own labels win', async () => {
    const { points } = await stored([gaugeOf('ci_x', [{ labels: { env: 'own', none: '' }, value: 1 }])], {
      attributes: { env: 'production', team: 'platform' },
    });

    expect(points[0]?.attributes).toEqual({ collector: 'ci', env: 'own', team: 'platform' });
  });

  it('of a value beyond a Java long is a double', async () => {
    const { points } = await stored([
      gaugeOf('ci_x', [
        { labels: { a: 'digits' }, value: 2 ** 63 },
        { labels: { a: 'negative' }, value: -1e20 },
        { labels: { a: 'long' }, value: 2 ** 62 },
        { labels: { a: 'tiny' }, value: 5e-324 },
      ]),
    ]);

    expect(points.map(({ value }) => value)).toEqual([2 ** 63, -1e20, 2 ** 62, 5e-324]);
  });
});

describe('what New Relic would drop', () => {
  it('of labels with a name that it keeps for itself is sent under another, and told', async () => {
    const labels = { value: '1', timestamp: '2', 'a-b': '3', 'a b': '4', ci_x: '5', eventType: '6', fine: '7' };
    const { points, delivery } = await stored([gaugeOf('ci_x', [{ labels, value: 1 }])]);

    expect(points[0]?.attributes).toEqual({
      ...{ collector: 'ci', 'label.value': '1', 'label.timestamp': '2', a_b: '3', a_b_: '4' },
      ...{ 'label.ci_x': '5', 'label.eventType': '6', fine: '7' },
    });
    expect(delivery.problems).toHaveLength(1);
    expect(delivery.problems[0]).toMatchObject({ kind: 'rejected', where: 'new-relic/new-relic' });
    expect(delivery.problems[0]?.message).toMatch(/^1 sample of ci_x, such as ci_x\{.*another key.*rename the label/);
  });

  it('of long values is cut between characters, and of two levels that become one the first is kept', async () => {
    const long = `${'x'.repeat(4095)}😀`;
    const { points, delivery } = await stored([
      gaugeOf('ci_x', [
        { labels: { a: `${long}1` }, value: 1 },
        { labels: { a: `${long}2` }, value: 2 },
        { labels: { a: 'x'.repeat(4096) }, value: 3 },
      ]),
    ]);

    expect(points.map(({ attributes, value }) => [String(attributes['a']).length, value])).toEqual([
      [4095, 1],
      [4096, 3],
    ]);
    expect(delivery.problems.map(({ message }) => message.replace(/^.*?: /, '').slice(0, 20)).sort()).toEqual([
      'left out, for anothe',
      'sent with a value cu',
    ]);
  });

  it.each([
    ['a name of 255 characters', gaugeOf('x'.repeat(255), [{ labels: {}, value: 1 }]), /more than 254 characters/],
    [
      'more than 100 attributes',
      gaugeOf('ci_x', [
        { labels: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`a${String(n)}`, 'b'])), value: 1 },
      ]),
      /100 attributes/,
    ],
    [
      'a point larger than a request',
      gaugeOf('ci_x', [
        {
          labels: Object.fromEntries(Array.from({ length: 98 }, (_, n) => [`a${String(n)}`, 'ö"€'.repeat(1365)])),
          value: 1,
        },
      ]),
      /larger than a request/,
    ],
    [
      'an attribute of the settings that has its name',
      gaugeOf('env', [{ labels: {}, value: 1 }]),
      /call that attribute/,
    ],
    ['a value that is no number', gaugeOf('ci_x', [{ labels: {}, value: NaN }]), /neither NaN nor infinities/],
  ])('for %s is left out and told, and costs nobody else', async (_, family, message) => {
    const { points, delivery } = await stored([family, gaugeOf('ci_fine', [{ labels: {}, value: 1 }])], {
      attributes: { env: 'production' },
    });

    expect(points.map(({ name }) => name)).toEqual(['ci_fine']);
    expect(delivery.problems).toMatchObject([{ kind: 'rejected' }]);
    expect(delivery.problems[0]?.message).toMatch(message);
    expect(delivery.dropped).toBe(0);
  });

  it('of observations and increases is dropped and counted; of observations the numbers are kept', async () => {
    const { points, delivery } = await stored([
      counterOf('ci_jobs_total', [{ labels: {}, increase: Infinity, total: { value: 1, startMs: 1 } }]),
      distributionOf('ci_a_seconds', [{ labels: {}, observations: [NaN, 2, Infinity] }]),
      distributionOf('ci_b_seconds', [{ labels: {}, observations: [NaN] }]),
      distributionOf('ci_c_seconds', [{ labels: {}, observations: [1.7e308, 1.7e308] }]),
    ]);

    expect(points.map(({ name, value }) => [name, value])).toEqual([
      ['ci_a_seconds', { count: 1, sum: 2, min: 2, max: 2 }],
    ]);
    // One for the reason, however many metrics have it.
    expect(delivery.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^4 samples of ci_jobs_total, ci_a_seconds, ci_b_seconds, ci_c_seconds, such as ci_jobs_total/,
      ),
    ]);
    expect(delivery).toMatchObject({ accepted: 1, dropped: 3 });
  });
});

describe('a request', () => {
  it('is written as the documentation shows it', async () => {
    const at = Date.UTC(2026, 0, 2, 3, 4);
    await using receiver = await startNewRelicFake({ nowMs: () => at });
    await using made = newRelicSink({ url: receiver.url, attributes: { env: 'test' } });
    await made.write(
      batchOf(
        [
          gaugeOf('ci_queue_jobs', [{ labels: { queue: 'Ä "x"', state: 'queued' }, value: 3 }]),
          counterOf('ci_jobs_total', [{ labels: { queue: 'a' }, increase: 2 }]),
          distributionOf('ci_job_wait_seconds', [{ labels: { queue: 'a' }, observations: [0.5, 3] }]),
        ],
        { tickMs: at, collectedAtMs: at + 1500 },
      ),
    );

    const bodies = receiver.requests.map(({ body }) => `${gunzipSync(body).toString('utf8')}\n`);
    await expectGolden('new-relic/metrics.jsonl', bodies.sort().join(''));
    expect(receiver.errors).toEqual([]);
  });

  it('of a failed source has nothing, and of the others all', async () => {
    await using receiver = await startNewRelicFake();
    await using made = newRelicSink({ url: receiver.url });
    const part = { system: 'buildkite', source: 'main', families: [gaugeOf('ci_old', [{ labels: {}, value: 1 }])] };
    const health = [gaugeOf('ci_collector_source_up', [{ labels: {}, value: 0 }])];

    await made.write({ tickMs, collectedAtMs, sources: [{ ...part, status: 'failed' }], health });

    expect(named(receiver.points, 'ci_old')).toEqual([]);
    expect(named(receiver.points, 'ci_collector_source_up')).toHaveLength(1);
  });
});
