/** Tests of writing a page in OpenMetrics: units, start times, exemplars and names. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeOpenMetrics } from '../../lambda/exposition/write-open-metrics.ts';
import { writePrometheusText } from '../../lambda/exposition/write-prometheus-text.ts';
import { writeQuotedText } from '../../lambda/exposition/write-quoted-text.ts';
import { catalogue } from '../../lambda/model/catalogue/catalogue.ts';
import type { MetricFamily } from '../../lambda/model/metric.ts';
import type { RelayedFamily, RelayedSample } from '../../lambda/model/relayed.ts';
import type { PageSample } from '../../lambda/prometheus-text/page.ts';
import { parsePage } from '../../lambda/prometheus-text/parser.ts';
import { counterOf, distributionOf, gaugeOf, relayedOf } from '../sinks/remote-write/batches.ts';
import { expectGolden } from '../support/golden.ts';

const startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const runUrl = 'https://ci.example/builds/1';
const exemplar = (value: number, url: string, timestampMs = startMs) => ({ labels: { url }, value, timestampMs });

const wait = distributionOf('ci_job_wait_seconds', [
  {
    labels: { queue: 'deploy', source: 'main' },
    observations: [],
    total: { bounds: [0.5, 10, 1_000_000], counts: [1, 0, 2, 1], sum: 130.5, startMs },
    exemplars: [
      exemplar(0.5, runUrl),
      exemplar(11, 'https://ci.example/older', startMs - 1),
      exemplar(12, 'https://ci.example/newer'),
      exemplar(2e6, `https://ci.example/${'x'.repeat(128)}`),
    ],
  },
]);

const own: readonly MetricFamily[] = [
  gaugeOf(
    'ci_queue_jobs',
    [
      { labels: { source: 'main', queue: 'a "quoted" \\ path\nin two lines' }, value: 0.25 },
      { labels: { source: 'main', queue: 'übung 🚀' }, value: -1e21 },
    ],
    { help: 'Jobs \\ by state,\nin "queues".' },
  ),
  gaugeOf('ci_last_run_timestamp_seconds', [{ labels: {}, value: 1767323045.678 }], { unit: 'timestamp' }),
  gaugeOf('ci_ratio_of_all', [{ labels: {}, value: NaN }], { unit: 'ratio' }),
  counterOf('ci_jobs_total', [{ labels: { queue: 'deploy' }, increase: 2, total: { value: 41, startMs } }]),
  counterOf('ci_unsuffixed', [{ labels: {}, increase: 2, total: { value: 4, startMs } }]),
  wait,
];

const relayed: readonly RelayedFamily[] = [
  relayedFamily('other_total', 'counter', [
    { name: 'other_total', labels: { a: '1' }, value: 3, startMs, exemplar: exemplar(1, runUrl) },
    { name: 'other_total', labels: { a: '2' }, value: 4 },
  ]),
  relayedFamily('other_seconds', 'histogram', [
    { name: 'other_seconds_bucket', labels: { a: '1', le: '1' }, value: 1, startMs },
    { name: 'other_seconds_bucket', labels: { a: '2', le: '1' }, value: 2 },
    { name: 'other_seconds_bucket', labels: { a: '1', le: '+Inf' }, value: 1 },
    { name: 'other_seconds_bucket', labels: { a: '2', le: '+Inf' }, value: 2 },
    { name: 'other_seconds_count', labels: { a: '1' }, value: 1 },
  ]),
  relayedFamily('other_size', 'summary', [
    { name: 'other_size', labels: { quantile: '0.5' }, value: NaN },
    { name: 'other_size_sum', labels: {}, value: -1 },
    { name: 'other_size_count', labels: {}, value: 0, startMs },
  ]),
  relayedFamily('other_untyped', 'untyped', [{ name: 'other_untyped', labels: {}, value: Infinity }]),
  { ...relayedFamily('build_info', 'gauge', [{ name: 'build_info', labels: { v: '1' }, value: 1 }]), declared: 'info' },
  {
    ...relayedFamily('mode', 'gauge', [{ name: 'mode', labels: { mode: 'on' }, value: 1 }]),
    declared: 'stateset',
  },
];

function relayedFamily(name: string, type: RelayedFamily['type'], samples: readonly RelayedSample[]): RelayedFamily {
  return { name, type, help: `Help of ${name}.`, unit: 'seconds', about: 'target', samples };
}

describe('the page in OpenMetrics', () => {
  it('has units, starts, exemplars and its end', async () => {
    const text = writeOpenMetrics(own, relayed);

    await expectGolden('exposition/open-metrics/expected.txt', text);
    expect(parsePage(text, { format: 'openmetrics' }).remarks).toEqual([]);
  });

  it('is a last line only where there is nothing', () => {
    expect(writeOpenMetrics([])).toBe('# EOF\n');
  });

  it('has one exemplar a bucket, the newest, and none that is too long', () => {
    const buckets = parsePage(writeOpenMetrics([wait]), { format: 'openmetrics' })
      .families.flatMap(({ samples }) => samples)
      .filter(({ name }) => name.endsWith('_bucket'));

    expect(buckets.map(({ labels, exemplar: one }) => [labels.get('le'), one?.labels.get('url'), one?.value])).toEqual([
      ['0.5', runUrl, 0.5],
      ['10.0', undefined, undefined],
      ['1e+06', 'https://ci.example/newer', 12],
      ['+Inf', undefined, undefined],
    ]);
    expect(buckets[0]?.exemplar?.timestampMs).toBe(startMs);
  });

  it('says "unknown" of a counter that it would have to rename, or that breaks a rule', () => {
    const total = { value: 1, startMs };
    const text = writeOpenMetrics(
      [
        counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total }]),
        gaugeOf('ci_jobs', [{ labels: {}, value: 2 }]),
        counterOf('ci_less_total', [{ labels: {}, increase: 1, total: { value: -1, startMs } }]),
      ],
      [
        relayedFamily('nan_total', 'counter', [{ name: 'nan_total', labels: {}, value: NaN }]),
        relayedFamily('h', 'histogram', [
          { name: 'h_bucket', labels: { le: 'x' }, value: 1 },
          { name: 'h_count', labels: {}, value: 1 },
        ]),
        { ...relayedFamily('two_info', 'gauge', [{ name: 'two_info', labels: {}, value: 2 }]), declared: 'info' },
      ],
    );

    expect(text.match(/^# TYPE .*$/gm)).toEqual([
      '# TYPE ci_jobs gauge',
      '# TYPE ci_jobs_total unknown',
      '# TYPE ci_less_total unknown',
      '# TYPE h_bucket unknown',
      '# TYPE h_count unknown',
      '# TYPE nan_total unknown',
      '# TYPE two_info gauge',
    ]);
    expect(parsePage(text, { format: 'openmetrics' }).remarks).toEqual([]);
  });

  it('calls every counter of the catalogue by its type', () => {
    const names = new Set(catalogue.map((definition) => definition.name));
    const counters = catalogue.filter(({ type }) => type === 'counter').map((definition) => definition.name);

    const renamed = counters.filter((one) => !one.endsWith('_total') || names.has(one.replace(/_total$/, '')));

    expect(counters.length).toBeGreaterThan(0);
    expect(renamed).toEqual([]);
  });

  it('makes no start under a name that the page has already', () => {
    const text = writeOpenMetrics([
      distributionOf('ci_wait_seconds', [
        { labels: {}, observations: [], total: { bounds: [1], counts: [0, 0], sum: 0, startMs } },
      ]),
      gaugeOf('ci_wait_seconds_created', [{ labels: {}, value: 7 }]),
    ]);

    expect(text.match(/^ci_wait_seconds_created .*$/gm)).toEqual(['ci_wait_seconds_created 7']);
  });

  it('is read back by the parser: the same series as on the text page, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFamily, { maxLength: 6 }),
        fc.array(anyRelayed, { maxLength: 6 }),
        async (mine, theirs) => {
          const open = parsePage(writeOpenMetrics(mine, theirs), { format: 'openmetrics' });
          const { text } = await writePrometheusText(mine, theirs);
          const plain = parsePage(text, { format: 'text' });

          expect(open.remarks).toEqual([]);
          const keysIn = (page: typeof open) => page.families.flatMap(({ samples }) => samples.map(keyOf));
          const known = new Set(keysIn(plain));
          const keys = keysIn(open);
          expect(keys.filter((key) => known.has(key)).sort()).toEqual([...known].sort());
          expect(keys.filter((key) => !known.has(key) && !key.includes('_created"'))).toEqual([]);
        },
      ),
    );
  });
});

describe('the page with quoted names', () => {
  it('says what the text page says, and names of any script', () => {
    const page = parsePage(
      writeQuotedText(own, [...relayed, relayedOf('größe.x', [{ labels: { 'a"b': 'ü' }, value: 1 }])]),
      {
        format: 'text',
      },
    );

    expect(page.remarks).toEqual([]);
    const samples = page.families.flatMap((family) => family.samples);
    expect(samples.find(({ name }) => name === 'größe.x')?.labels).toEqual(new Map([['a"b', 'ü']]));
    expect(samples.find(({ name }) => name === 'ci_jobs_total')?.value).toBe(41);
  });
});

/** One spelling of bounds for both formats. */
function keyOf({ name, labels, value }: PageSample): string {
  const pairs = [...labels].map(([label, text]) => [
    label,
    label === 'le' || label === 'quantile' ? Number(text) : text,
  ]);
  return JSON.stringify([name, pairs, String(value)]);
}

const name = fc.constantFrom(
  'a',
  'a_total',
  'b_total',
  'b',
  'c_info',
  'c',
  'd_seconds',
  'd_seconds_total',
  'e_created',
  'e_total',
);
const labels = fc.dictionary(
  fc.constantFrom('x', 'y', 'zz'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  { maxKeys: 2 },
);
const value = fc.double();
const startsMs = fc.integer({ min: 0, max: 4e12 });

/** Every sample of a metric of the model has the same names. */
const ownLabels = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).map((x) => ({ x }));

const anyFamily: fc.Arbitrary<MetricFamily> = fc.oneof(
  fc
    .tuple(name, ownLabels, value)
    .map(([metric, set, level]) => gaugeOf(`g_${metric}`, [{ labels: set, value: level }])),
  fc
    .tuple(name, ownLabels, fc.double({ min: 0, noNaN: true }), startsMs)
    .map(([metric, set, total, start]) =>
      counterOf(`g_${metric}`, [{ labels: set, increase: 0, total: { value: total, startMs: start } }]),
    ),
  fc.tuple(ownLabels, fc.array(fc.nat(99), { minLength: 3, maxLength: 3 }), startsMs).map(([set, counts, start]) =>
    distributionOf('h_seconds', [
      {
        ...{ labels: set, observations: [], total: { bounds: [0.00001, 2], counts, sum: 1.5, startMs: start } },
        exemplars: [exemplar(1, runUrl, start)],
      },
    ]),
  ),
);

const anyRelayed: fc.Arbitrary<RelayedFamily> = fc
  .tuple(
    name,
    fc.constantFrom('counter', 'gauge', 'untyped'),
    fc.array(fc.tuple(labels, value, startsMs), { minLength: 1, maxLength: 3 }),
  )
  .map(([metric, type, samples]) =>
    relayedFamily(
      metric,
      type,
      samples.map(([set, one, start]) => ({ name: metric, labels: set, value: one, startMs: start })),
    ),
  );
