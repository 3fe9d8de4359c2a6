/** Tests of which Datadog series a batch becomes: tags, names, units and values. */
import { gunzipSync, inflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import type { Labels } from '../../../lambda/model/metric.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';
import { DatadogConfig } from '../../../lambda/sinks/datadog/config.ts';
import { cleanName, cleanTag } from '../../../lambda/sinks/datadog/encode/clean-names.ts';
import type { Point } from '../../../lambda/sinks/datadog/encode/point.ts';
import {
  encodePoints,
  type EncodeSettings,
  type Encoding as LazyEncoding,
} from '../../../lambda/sinks/datadog/encode/encode-points.ts';
import { type PointsRequest, splitRequests } from '../../../lambda/sinks/datadog/encode/split-requests.ts';
import { formatSeries } from '../../../lambda/sinks/datadog/encode/shown.ts';
import { findUnit } from '../../../lambda/sinks/datadog/encode/units.ts';
import { priceMonth } from '../../../lambda/sinks/datadog/price.ts';
import { compatBases, defineQueueMetric, defineTotalMetric } from '../../../lambda/sources/buildkite/metrics.ts';
import { expectGolden } from '../../support/golden.ts';
import { counterOf, distributionOf, gaugeOf, partOf } from '../remote-write/batches.ts';

const tickMs = Date.UTC(2026, 0, 2, 3, 4);

function batchAt(families: Batch['health'], more: Partial<Batch> = {}): Batch {
  return { tickMs, collectedAtMs: tickMs + 1500, sources: [partOf(families)], health: [], ...more };
}

/** An encoding that was walked to its end. */
interface Encoding {
  readonly points: readonly Point[];
  readonly findings: ReturnType<LazyEncoding['findings']>;
  readonly lostIncreases: number;
  readonly rewritten: ReturnType<LazyEncoding['rewritten']>;
}

function settingsOf(settings: Readonly<Record<string, unknown>> = {}): EncodeSettings {
  const config = DatadogConfig.parse({ kind: 'datadog', apiKey: { env: 'KEY' }, ...settings });
  return { config, collector: 'ci', intervalMs: 60_000 };
}

function encoded(batch: Batch, settings: Readonly<Record<string, unknown>> = {}): Encoding {
  const encoding = encodePoints(batch, settingsOf(settings));
  const points = [...encoding.points];
  const { findings, lostIncreases, rewritten } = encoding;
  return { points, findings: findings(), lostIncreases: lostIncreases(), rewritten: rewritten() };
}

function shownPoints({ points }: Encoding): readonly string[] {
  return points.map((point) => `${formatSeries(point)} ${point.values.join(' ')}`);
}

function unpacked({ route, body }: PointsRequest): string {
  return (route === 'series' ? gunzipSync(body) : inflateSync(body)).toString('utf8');
}

function flawsOf({ findings }: Encoding): readonly string[] {
  return findings.map(({ reason: flaw, metric, samples }) => `${flaw} ${metric} ${String(samples)}`);
}

describe('a tag', () => {
  it.each([
    ['queue', 'default', 'queue:default'],
    ['scope', 'Linux', 'scope:linux'],
    ['queue', 'Größe 大', 'queue:größe_大'],
    ['queue', 'a|b#c,,  d', 'queue:a_b_c_d'],
    ['queue', '#other#', 'queue:_other'],
    ['url', 'https://x/y.z-1', 'url:https://x/y.z-1'],
    ['queue', '"', 'queue:unnamed'],
    ['queue', ':', 'queue::unnamed'],
  ])('%s with %j is %s', (key, value, text) => {
    expect(cleanTag(key, value)).toEqual({ text, isCut: false });
  });

  it('is cut between two characters, and says so', () => {
    expect(cleanTag('q', 'x'.repeat(197))).toEqual({ text: `q:${'x'.repeat(197)}`, isCut: false });
    expect(cleanTag('q', 'x'.repeat(199))).toEqual({ text: `q:${'x'.repeat(198)}`, isCut: true });
    expect(cleanTag('q', `${'x'.repeat(197)}\u{20000}\u{20000}`)).toEqual({
      text: `q:${'x'.repeat(197)}`,
      isCut: true,
    });
  });

  it('is one that Datadog would keep as it is, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 250 }), (value) => {
        const { text } = cleanTag('queue', value);

        expect(text).toMatch(/^queue:[\p{L}\p{N}_\-:./]+$/u);
        expect(text).not.toMatch(/__|[_:]$/);
        expect(text.length).toBeLessThanOrEqual(200 + 'unnamed'.length);
        expect(cleanTag(text.slice(0, 5), text.slice(6)).text).toBe(text);
      }),
    );
  });
});

describe('a name', () => {
  it.each([
    ['ci_queue_jobs', 'ci_queue_jobs'],
    ['job:waits:p95', 'job_waits_p95'],
    ['größe', 'gr__e'],
    ['_hidden', undefined],
    ['a'.repeat(200), 'a'.repeat(200)],
    ['a'.repeat(201), undefined],
  ])('%j is %j', (written, sent) => {
    expect(cleanName(written)).toBe(sent);
  });
});

describe('a unit', () => {
  it.each([
    ['ci_queue_jobs', 'count', 'job'],
    ['ci_workers', 'count', 'worker'],
    ['ci_system_errors_total', 'count', 'error'],
    ['ci_runs_total', 'count', undefined],
    ['ci_queue_oldest_wait_seconds', 'seconds', 'second'],
    ['ci_worker_utilization_ratio', 'ratio', 'fraction'],
    ['buildkite_queues_busy_agent_percentage', 'percent', 'percent'],
    ['ci_collector_state_bytes', 'bytes', 'byte'],
    ['ci_run_last_success_timestamp_seconds', 'timestamp', undefined],
  ] as const)('of %s in %s is %s', (name, unit, expected) => {
    expect(findUnit(name, unit)).toBe(expected);
  });
});

describe('the points of a batch', () => {
  it('are levels of the moment, and increases and observations of the tick', () => {
    const { points, findings } = encoded(
      batchAt([
        distributionOf('ci_wait_seconds', [{ labels: { queue: 'a' }, observations: [1, 2.5] }]),
        counterOf('ci_jobs_total', [
          { labels: { queue: 'a' }, increase: 3 },
          { labels: { queue: 'b' }, increase: 0 },
        ]),
        gaugeOf('ci_queue_jobs', [{ labels: { queue: 'a', scope: '' }, value: 5 }]),
      ]),
      { tags: { env: 'prod', queue: 'of all' } },
    );

    const tags = ['collector:ci', 'env:prod', 'queue:a'];
    expect(findings).toEqual([]);
    expect(points).toEqual([
      { kind: 'level', name: 'ci_queue_jobs', tags, timeMs: tickMs + 1500, values: [5], unit: 'job' },
      { kind: 'increase', name: 'ci_jobs_total', tags, timeMs: tickMs, values: [3], unit: 'job', intervalSeconds: 60 },
      { kind: 'observations', name: 'ci_wait_seconds', tags, timeMs: tickMs, values: [1, 2.5] },
    ]);
  });

  it('has the seconds since the run before as its interval', () => {
    const family = counterOf('ci_jobs_total', [{ labels: {}, increase: 3 }]);
    const sources = [partOf([family], { countedSinceMs: tickMs - 10_000 })];

    const { points } = encoded(batchAt([], { sources }));

    expect(points).toMatchObject([{ timeMs: tickMs, values: [3], intervalSeconds: 10 }]);
  });

  it('have nothing of a source that failed', () => {
    const failed = partOf([gaugeOf('ci_up', [{ labels: {}, value: 1 }])], { status: 'failed' });

    expect(encoded(batchAt([], { sources: [failed] })).points).toEqual([]);
  });

  it('are made one where Datadog would keep one of two', () => {
    const labels = [{ queue: 'Big Ones' }, { queue: 'big_ones' }];
    const encoding = encoded(
      batchAt([
        gaugeOf('ci_queue_jobs', [
          { labels: { queue: 'Big Ones' }, value: 1 },
          { labels: { queue: 'big_ones' }, value: 2 },
        ]),
        counterOf(
          'ci_jobs_total',
          labels.map((own) => ({ labels: own, increase: 4 })),
        ),
        distributionOf(
          'ci_wait_seconds',
          labels.map((own) => ({ labels: own, observations: [7] })),
        ),
      ]),
    );

    expect(shownPoints(encoding)).toEqual([
      'ci_queue_jobs{collector:ci,queue:big_ones} 1',
      'ci_jobs_total{collector:ci,queue:big_ones} 8',
      'ci_wait_seconds{collector:ci,queue:big_ones} 7 7',
    ]);
    expect(flawsOf(encoding)).toEqual([
      'collision ci_queue_jobs 1',
      'merged ci_jobs_total 1',
      'merged ci_wait_seconds 1',
    ]);
    expect(encoding.lostIncreases).toBe(0);
    expect(encoding.rewritten).toEqual({ tags: 1, example: ['queue:Big Ones', 'queue:big_ones'] });
  });

  it('leave out what is no number, no name or too old, and count the increases among it', () => {
    const encoding = encoded(
      batchAt(
        [
          gaugeOf('ci_up', [
            { labels: { queue: 'a' }, value: NaN },
            { labels: { queue: 'b' }, value: 1 },
          ]),
          counterOf('_odd_total', [{ labels: {}, increase: 1 }]),
          counterOf('ci_jobs_total', [{ labels: {}, increase: Infinity }]),
          distributionOf('ci_wait_seconds', [{ labels: {}, observations: [1, NaN] }]),
        ],
        { tickMs: tickMs - 3_600_000 },
      ),
    );

    expect(shownPoints(encoding)).toEqual(['ci_up{collector:ci,queue:b} 1']);
    expect(flawsOf(encoding)).toEqual([
      'number ci_up 1',
      'name _odd_total 1',
      'number ci_jobs_total 1',
      'number ci_wait_seconds 1',
      'time ci_wait_seconds 1',
    ]);
    expect(encoding.lostIncreases).toBe(3);
  });

  it('take a time of an hour ago and ten minutes ahead, and no other', () => {
    const family = counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }]);
    const at = (ageMs: number): number =>
      encoded(batchAt([family], { tickMs, collectedAtMs: tickMs + ageMs })).points.length;

    expect([at(3_600_000), at(3_600_001), at(-600_000), at(-600_001)]).toEqual([1, 0, 1, 0]);
  });

  it('are several where a distribution has very many observations', () => {
    const observations = Array.from({ length: 25_000 }, (_, index) => index);
    const { points } = encoded(batchAt([distributionOf('ci_wait_seconds', [{ labels: {}, observations }])]));

    expect(points.map(({ values }) => values.length)).toEqual([10_000, 10_000, 5000]);
    expect(points.flatMap(({ values }) => values)).toEqual(observations);
  });

  it('leave out a point that is larger than a request', () => {
    const tags = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`t${String(index)}`, 'x'.repeat(190)]));
    const encoding = encoded(batchAt([counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }])]), { tags });

    expect([encoding.points.length, flawsOf(encoding), encoding.lostIncreases]).toEqual([
      0,
      ['size ci_jobs_total 1'],
      1,
    ]);
  });
});

/** What the agent API tells of one cluster, in the order of `compatBases`; a queue without agents has no agents. */
const totals = [3, 1, 4, 2, 2, 1, 3, 33];
const ofQueues = { default: [2, 1, 3, 2, 2, 1, 3, 33], deploy: [1, 0, 1, 0] } as const;

function buildkiteOf(cluster: string): Batch {
  const families = compatBases.flatMap((base, index) => {
    const own = Object.entries(ofQueues).flatMap(([queue, values]) => {
      const value = values[index];
      return value === undefined ? [] : [{ labels: { org: 'acme', cluster, queue }, value }];
    });
    const total = [{ labels: { org: 'acme', cluster }, value: totals[index] ?? NaN }];
    return [buildGauge(defineTotalMetric(base), total), buildGauge(defineQueueMetric(base), own)];
  });
  return batchAt(families);
}

describe('the names of Buildkite’s own tool', () => {
  it.each([
    ['of a cluster', 'Cluster A', 'clustered'],
    ['without clusters', '', 'unclustered'],
  ])('are its names %s, byte by byte', async (_what, cluster, fixture) => {
    const { points, findings } = encoded(buildkiteOf(cluster), { compat: true });
    const requests = [...splitRequests(points, {})];

    expect(findings).toEqual([]);
    expect(points.length).toBe(20);
    expect(requests.length).toBe(1);
    await expectGolden(`datadog/compat-${fixture}/series.json`, `${requests.map(unpacked).join('\n')}\n`);
  });

  it('are on request', () => {
    expect(encoded(buildkiteOf('')).points[0]?.name).toBe('buildkite_total_scheduled_jobs_count');
  });
});

const pointLike: fc.Arbitrary<Point> = fc
  .record({
    kind: fc.constantFrom('level' as const, 'increase' as const, 'observations' as const),
    tags: fc.array(fc.string({ maxLength: 200 }), { maxLength: 6 }),
    values: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 3 }),
    copies: fc.integer({ min: 1, max: 4000 }),
  })
  .map(({ copies, kind, tags, values }) => ({
    ...{ name: `m${String(copies)}`, kind, tags, timeMs: tickMs },
    values:
      kind === 'observations' ? Array.from({ length: copies }, (_, index) => (values[0] ?? 0) + index / 7) : values,
  }));

/** Text that hardly compresses, so that the size as sent decides, too. */
function noise(count: number): readonly Point[] {
  let seed = 1;
  const next = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  return Array.from({ length: count }, () => ({
    name: 'ci_queue_jobs',
    kind: 'level',
    tags: Array.from({ length: 4 }, () => `t:${Array.from({ length: 20 }, () => next().toString(36)).join('')}`),
    timeMs: tickMs,
    values: [next() / 7],
  }));
}

describe('requests', () => {
  it('hold every point once and in order, of one kind each, within both sizes', () => {
    fc.assert(
      fc.property(fc.array(pointLike, { maxLength: 60 }), (points) => {
        const requests = [...splitRequests(points, { host: 'h' })];

        expect(requests.flatMap((request) => request.items)).toEqual(points);
        for (const request of requests) {
          expect(new Set(request.items.map(({ kind }) => kind)).size).toBe(1);
          expect(request.body.byteLength).toBeLessThanOrEqual(512_000);
          expect(Buffer.byteLength(unpacked(request))).toBeLessThan(5_242_880);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are split by what is sent where it hardly compresses, and are well filled', () => {
    const points = noise(6000);
    const requests = [...splitRequests(points, {})];

    expect(requests.flatMap((request) => request.items)).toEqual(points);
    expect(Math.max(...requests.map(({ body }) => body.byteLength))).toBeLessThanOrEqual(512_000);
    const sent = requests.reduce((sum, { body }) => sum + body.byteLength, 0);
    expect(requests.length).toBeLessThanOrEqual(Math.ceil(sent / 512_000) + 2);
  });

  it('are split by what is unpacked where it compresses well', () => {
    const [one] = noise(1);
    const points = one === undefined ? [] : new Array<Point>(20_000).fill(one);
    const requests = [...splitRequests(points, {})];

    const sizes = requests.map((request) => Buffer.byteLength(unpacked(request)));
    expect(requests.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(5_242_880);
    expect(sizes.slice(0, -1).every((size) => size > 4_900_000)).toBe(true);
  });

  it('name the resources, of which distributions know hosts only', () => {
    const common = { name: 'm', tags: [], timeMs: tickMs + 999, values: [2] };
    const points: readonly Point[] = [
      { ...common, kind: 'level' },
      { ...common, kind: 'increase', intervalSeconds: 30, unit: 'job' },
      { ...common, kind: 'observations' },
    ];
    const texts = [...splitRequests(points, { host: 'farm', device: 'd' })].map(unpacked);

    const resources = [
      { type: 'host', name: 'farm' },
      { type: 'device', name: 'd' },
    ];
    const timestamp = tickMs / 1000;
    const point = { metric: 'm', points: [{ timestamp, value: 2 }], tags: [] };
    expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual([
      { series: [{ ...point, type: 3, resources }] },
      { series: [{ ...point, type: 1, unit: 'job', interval: 30, resources }] },
      { series: [{ metric: 'm', type: 'distribution', points: [[timestamp, [2]]], tags: [], host: 'farm' }] },
    ]);
  });
});

describe('the price', () => {
  it('is told by the number of custom metrics, with a distribution as five', () => {
    const labels = (queue: string): { readonly labels: Labels } => ({ labels: { queue } });
    const { points } = encoded(
      batchAt([
        gaugeOf('ci_queue_jobs', [
          { ...labels('a'), value: 1 },
          { ...labels('b'), value: 1 },
        ]),
        counterOf('ci_jobs_total', [{ ...labels('a'), increase: 1 }]),
        distributionOf('ci_wait_seconds', [
          { ...labels('a'), observations: Array.from({ length: 20_001 }, () => 1) },
          { ...labels('b'), observations: [1] },
        ]),
      ]),
    );

    const [line, ...others] = priceMonth(points);
    expect(others).toEqual([]);
    expect(line?.usd).toBeUndefined();
    expect(line?.basis).toContain('about 13 custom metrics (3 levels and counts, 2 distributions × 5)');
    expect(line?.basis).toContain('that may report within an hour');
    expect(priceMonth([])).toEqual([]);
  });

  it('counts the series to which a run adds nothing, for another run of the hour does', () => {
    const batch = batchAt([
      counterOf('ci_jobs_total', [
        { labels: { queue: 'a' }, increase: 0 },
        { labels: { queue: 'b' }, increase: 2 },
      ]),
      distributionOf('ci_wait_seconds', [{ labels: { queue: 'a' }, observations: [] }]),
    ]);
    const { points } = encodePoints(batch, { ...settingsOf(), unchanged: 'include' });

    expect(priceMonth([...points])[0]?.basis).toContain(
      'about 7 custom metrics (2 levels and counts, 1 distributions × 5)',
    );
  });
});
