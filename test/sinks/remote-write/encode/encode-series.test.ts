/** Tests of which series a batch becomes in remote write: labels, values, histograms and exemplars. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeV1 } from '../../../../lambda/sinks/remote-write/encode/encode-v1.ts';
import { encodeV2 } from '../../../../lambda/sinks/remote-write/encode/encode-v2.ts';
import {
  type Omission,
  type SeriesSettings,
  encodeSeries,
} from '../../../../lambda/sinks/remote-write/encode/encode-series.ts';
import { compareSets } from '../../../../lambda/series/label-set.ts';
import type { Series } from '../../../../lambda/sinks/remote-write/encode/series.ts';
import type { Batch } from '../../../../lambda/model/batch.ts';
import type { Exemplar } from '../../../../lambda/model/metric.ts';
import { decodeV1, decodeV2 } from '../../../support/backends/remote-write-decode.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf } from '../batches.ts';

const everything: SeriesSettings = { labels: { collector: 'ci' }, selects: () => true, exemplars: 'send' };

interface Whole {
  readonly series: readonly Series[];
  readonly omissions: readonly Omission[];
}

/** Everything that a batch gives, which a run never has at once. */
function allOf(batch: Batch, settings: SeriesSettings = everything): Whole {
  const { names, omissions } = encodeSeries(batch, settings);
  const series = [...names].flatMap((named) => named.series);
  return { series, omissions: omissions() };
}

/** `name{label=value,…} value`, the form in which a reader compares. */
function shown(batch: Batch, settings: SeriesSettings = everything): readonly string[] {
  return allOf(batch, settings).series.map(({ labels, value }) => `${labels.join(' ')} = ${String(value)}`);
}

describe('exemplars', () => {
  const timestampMs = 1_700_000_000_000;
  const url = 'https://buildkite.com/acme/web/builds/42';
  const withExemplars = (exemplars: readonly Exemplar[]): Batch =>
    batchOf([
      distributionOf('ci_run_duration_seconds', [
        {
          labels: {},
          observations: [],
          total: { bounds: [10, 60], counts: [1, 1, 1], sum: 130, startMs: 0 },
          exemplars,
        },
      ]),
    ]);
  const byBucket = (batch: Batch, settings?: SeriesSettings): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      allOf(batch, settings).series.flatMap(({ labels, exemplar }) =>
        exemplar === undefined ? [] : [[labels[labels.indexOf('le') + 1] ?? '', exemplar]],
      ),
    );

  it.each([
    [0, '10.0'],
    [10, '10.0'],
    [10.5, '60.0'],
    [60.1, '+Inf'],
  ])('of %d stand at the bucket %s and nowhere else', (value, le) => {
    const exemplar = { labels: { commit: 'abc', build_url: url }, value, timestampMs };

    const found = byBucket(withExemplars([exemplar]));

    expect(found).toEqual({ [le]: { ...exemplar, labels: { build_url: url, commit: 'abc' } } });
    // Sorted by name.
    expect(JSON.stringify(found)).toContain(`{"build_url":"${url}","commit"`);
  });

  it('are left out where the operator wants none, and the series stay', () => {
    const batch = withExemplars([{ labels: { build_url: url }, value: 1, timestampMs }]);

    expect(byBucket(batch, { ...everything, exemplars: 'omit' })).toEqual({});
    expect(allOf(batch, { ...everything, exemplars: 'omit' }).series).toHaveLength(5);
  });

  it.each([
    ['128 characters in all', { a: 'ü'.repeat(127) }, true],
    ['129 characters in all', { a: 'ü'.repeat(128) }, false],
    ['129 characters in several labels', { a: 'x'.repeat(63), b: 'y'.repeat(64) }, false],
    ['a name beyond ASCII letters', { 'build.url': 'x' }, true],
    ['no label', {}, true],
    ['empty values only', { a: '' }, true],
  ])('with %s are sent as far as receivers take them', (_, labels, isSent) => {
    const batch = withExemplars([{ labels, value: 1, timestampMs }]);

    expect(Object.keys(byBucket(batch))).toHaveLength(isSent ? 1 : 0);
    expect(allOf(batch).omissions).toEqual([]);
  });
});

describe('the series of a batch', () => {
  it('carries the labels of the sample, of the settings and of the collector in byte order', () => {
    const batch = batchOf([
      gaugeOf('ci_queue_jobs', [{ labels: { queue: 'q', Zone: 'z', state: 'queued' }, value: 3 }]),
    ]);

    const lines = shown(batch, { ...everything, labels: { collector: 'ci', env: 'prod' } });

    expect(lines).toEqual(['Zone z __name__ ci_queue_jobs collector ci env prod queue q state queued = 3']);
  });

  it('lets a label of the sample win over an added one, and an added one over an empty one', () => {
    const batch = batchOf([
      gaugeOf('ci_workers', [
        { labels: { env: 'own' }, value: 1 },
        { labels: { env: '' }, value: 2 },
      ]),
    ]);

    const lines = shown(batch, { ...everything, labels: { env: 'added' } });

    expect(lines).toEqual(['__name__ ci_workers env added = 2', '__name__ ci_workers env own = 1']);
  });

  it('adds a label whose name every JavaScript object has', () => {
    const batch = batchOf([gaugeOf('ci_up', [{ labels: {}, value: 1 }])]);

    expect(shown(batch, { ...everything, labels: { constructor: 'x' } })).toEqual(['__name__ ci_up constructor x = 1']);
  });

  it('drops empty label values and keeps any other text', () => {
    const batch = batchOf([gaugeOf('ci_up', [{ labels: { a: '', b: '"\\\n€🚀' }, value: 1 }])]);

    expect(shown(batch)).toEqual(['__name__ ci_up b "\\\n€🚀 collector ci = 1']);
  });

  it('replaces what has no UTF-8 form', () => {
    const batch = batchOf([gaugeOf('ci_up', [{ labels: { a: 'x\ud800y' }, value: 1 }])]);

    expect(shown(batch)).toEqual(['__name__ ci_up a x\ufffdy collector ci = 1']);
  });

  it('writes the running total of a counter with its start', () => {
    const batch = batchOf([
      counterOf('ci_jobs_total', [{ labels: {}, increase: 2, total: { value: 40, startMs: 99 } }]),
    ]);

    expect(allOf(batch).series).toMatchObject([
      { value: 40, startMs: 99, family: { name: 'ci_jobs_total', type: 'counter' } },
    ]);
  });

  it('writes the running total of a distribution as a classic histogram', () => {
    const total = { bounds: [0.5, 10, 60], counts: [1, 2, 0, 4], sum: 321.5, startMs: 7 };
    const batch = batchOf([
      distributionOf('ci_job_wait_seconds', [{ labels: { queue: 'q' }, observations: [], total }]),
    ]);

    expect(shown(batch)).toEqual([
      '__name__ ci_job_wait_seconds_bucket collector ci le +Inf queue q = 7',
      '__name__ ci_job_wait_seconds_bucket collector ci le 0.5 queue q = 1',
      '__name__ ci_job_wait_seconds_bucket collector ci le 10.0 queue q = 3',
      '__name__ ci_job_wait_seconds_bucket collector ci le 60.0 queue q = 3',
      '__name__ ci_job_wait_seconds_count collector ci queue q = 7',
      '__name__ ci_job_wait_seconds_sum collector ci queue q = 321.5',
    ]);
    expect(new Set(allOf(batch).series.map(({ family }) => family.name))).toEqual(new Set(['ci_job_wait_seconds']));
  });

  it('leaves a failed source out, and keeps a partial one and the health', () => {
    const up = (source: string): ReturnType<typeof gaugeOf> => gaugeOf('ci_up', [{ labels: { source }, value: 1 }]);
    const batch = batchOf([], {
      sources: [partOf([up('failed')], { status: 'failed' }), partOf([up('partial')], { status: 'partial' })],
      health: [up('health')],
    });

    expect(shown(batch)).toEqual([
      '__name__ ci_up collector ci source health = 1',
      '__name__ ci_up collector ci source partial = 1',
    ]);
  });

  it('selects a histogram by the name without its endings', () => {
    const total = { bounds: [1], counts: [1, 0], sum: 1, startMs: 7 };
    const batch = batchOf([
      distributionOf('ci_job_wait_seconds', [{ labels: {}, observations: [], total }]),
      gaugeOf('ci_workers', [{ labels: {}, value: 1 }]),
    ]);

    const { series } = allOf(batch, { ...everything, selects: (name) => name === 'ci_job_wait_seconds' });

    expect(series).toHaveLength(4);
  });

  it.each([
    ['seconds', 'ci_job_wait_seconds', 'seconds'],
    ['seconds', 'ci_job_busy_seconds_total', 'seconds'],
    ['timestamp', 'ci_run_last_success_timestamp_seconds', 'seconds'],
    ['bytes', 'ci_cache', ''],
    ['count', 'ci_jobs_count', ''],
    ['percent', 'buildkite_total_percent', 'percent'],
  ] as const)('a unit of %s in %s is told as "%s"', (unit, name, told) => {
    const batch = batchOf([gaugeOf(name, [{ labels: {}, value: 1 }], { unit })]);

    expect(allOf(batch).series[0]?.family.unit).toBe(told);
  });
});

describe('what cannot be written', () => {
  const cases = [
    ['a counter without a total', counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }]), 'no-total'],
    [
      'a distribution without a total',
      distributionOf('ci_wait_seconds', [{ labels: {}, observations: [1] }]),
      'no-total',
    ],
    ['a bad metric name', gaugeOf('ci-up', [{ labels: {}, value: 1 }]), 'metric-name'],
    ['a bad label name', gaugeOf('ci_up', [{ labels: { 'a.b': 'x' }, value: 1 }]), 'label-name'],
    ['a reserved label name', gaugeOf('ci_up', [{ labels: { __tenant__: 'x' }, value: 1 }]), 'label-name'],
    ['a name that is a label', gaugeOf('ci_up', [{ labels: { __name__: 'x' }, value: 1 }]), 'label-name'],
  ] as const;

  it.each(cases)('%s is left out and named', (_, family, reason) => {
    const batch = batchOf([family, gaugeOf('ci_good', [{ labels: {}, value: 1 }])]);

    const { series, omissions } = allOf(batch);

    expect(series.map(({ family: { name } }) => name)).toEqual(['ci_good']);
    expect(omissions).toEqual([{ reason, metric: family.definition.name, samples: 1 }]);
  });

  it.each([
    ['bounds that do not ascend', { bounds: [2, 1], counts: [0, 0, 0] }],
    ['a bound that is no number', { bounds: [NaN], counts: [0, 0] }],
    ['a missing count', { bounds: [1, 2], counts: [0, 0] }],
    ['a negative count', { bounds: [1], counts: [-1, 0] }],
  ])('a histogram with %s is left out', (_, histogram) => {
    const total = { ...histogram, sum: 0, startMs: 0 };
    const batch = batchOf([distributionOf('ci_wait_seconds', [{ labels: {}, observations: [], total }])]);

    const { series, omissions } = allOf(batch);

    expect(series).toEqual([]);
    expect(omissions).toEqual([{ reason: 'histogram', metric: 'ci_wait_seconds', samples: 1 }]);
  });

  it('a histogram with a label `le` of its own is left out', () => {
    const total = { bounds: [1], counts: [0, 0], sum: 0, startMs: 0 };
    const batch = batchOf([distributionOf('ci_wait_seconds', [{ labels: { le: '1' }, observations: [], total }])]);

    expect(allOf(batch).omissions).toEqual([{ reason: 'label-name', metric: 'ci_wait_seconds', samples: 1 }]);
  });

  it('keeps the first of two equal label sets and counts the others', () => {
    const batch = batchOf([
      gaugeOf('ci_up', [
        { labels: { a: 'x', b: '' }, value: 1 },
        { labels: { b: '', a: 'x' }, value: 2 },
        { labels: { a: 'x' }, value: 3 },
      ]),
    ]);

    const { series, omissions } = allOf(batch);

    expect(series.map(({ value }) => value)).toEqual([1]);
    expect(omissions).toEqual([{ reason: 'duplicate', metric: 'ci_up', samples: 2 }]);
  });
});

/** Whatever a CI system may call its queues, half characters and control characters included. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', '\ud800'),
);
const labelNames = fc.constantFrom('a', 'B', 'queue', 'Zone', '_x', 'zz', 'constructor');
const samples = fc.array(fc.record({ labels: fc.dictionary(labelNames, text), value: fc.double() }), { maxLength: 30 });
const timestamps = fc.integer({ min: 0, max: 8_640_000_000_000_000 });

describe('for any labels and values', () => {
  it('is sorted, has each label set once, and loses no distinct one', () => {
    fc.assert(
      fc.property(samples, (given) => {
        const { series, omissions } = allOf(batchOf([gaugeOf('ci_x', given)]));

        const texts = series.map(({ labels }) => JSON.stringify(labels));
        expect(new Set(texts).size).toBe(texts.length);
        expect(series).toEqual(series.toSorted((a, b) => compareSets(a.labels, b.labels)));
        for (const { labels } of series) {
          const names = labels.filter((_, at) => at % 2 === 0);
          expect(names).toEqual([...new Set(names)].sort());
          expect(labels).not.toContain('');
        }
        const left = omissions.reduce((sum, omission) => sum + omission.samples, 0);
        expect(series.length + left).toBe(given.length);
      }),
    );
  });

  it('reads back equal through another decoder, in both versions', () => {
    fc.assert(
      fc.property(samples, timestamps, (given, timestampMs) => {
        const { series } = allOf(batchOf([gaugeOf('ci_x', given)]));
        const expected = series.map(({ labels, value }) => ({
          labels: labels.flatMap((name, at) => (at % 2 === 0 ? [[name, labels[at + 1]]] : [])),
          samples: [expect.objectContaining({ value, timestampMs })],
          exemplars: [],
        }));

        const inV1 = decodeV1(encodeV1(series, timestampMs)).series;
        const inV2 = decodeV2(encodeV2(series, timestampMs)).series;

        expect(inV1).toEqual(expected);
        expect(inV2.map(({ labels, samples: read, exemplars }) => ({ labels, samples: read, exemplars }))).toEqual(
          expected,
        );
      }),
    );
  });
});
