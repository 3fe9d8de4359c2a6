/** Tests that the catalogue of metrics has unique, unchanged names, and all that the documentation needs. */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../lambda/model/catalogue/catalogue.ts';
import { collectorMetrics } from '../../lambda/model/catalogue/collector-metrics.ts';
import { crawlMetrics } from '../../lambda/model/catalogue/crawl-metrics.ts';
import { collectMetricNames } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import { compareText } from '../../lambda/model/families/order.ts';
import { sources } from '../../lambda/sources/index.ts';
import { expectGolden } from '../support/golden.ts';

/** What several sources share is one definition. */
const vendor = [...new Set(sources.flatMap(({ metrics }) => metrics))].filter((metric) => !catalogue.includes(metric));

/** Two lines a metric: all that dashboards, alarms and queries of other people depend on. */
function publicFace({ name, type, unit, labels, enumerated, cloudWatch }: MetricDefinition): string {
  const { namespace, dimensionSets, statistic } = cloudWatch;
  const values = Object.entries(enumerated ?? {}).map(([label, list]) => `${label}=${list?.join('|') ?? ''}`);
  const place = typeof namespace === 'object' ? namespace.vendor : namespace;
  const sets = dimensionSets.map((set) => `[${set.join(', ')}]`).join(' ');
  return [
    `${name} ${type} in ${unit} {${[...labels].sort(compareText).join(', ')}} ${values.join(' ')}`.trimEnd(),
    `  ${place}: ${collectMetricNames(cloudWatch).join(', ')} in ${cloudWatch.unit}, ${statistic}, by ${sets || 'nothing'}`,
  ].join('\n');
}

function isDefinition(value: unknown): value is MetricDefinition {
  return typeof value === 'object' && value !== null && 'cloudWatch' in value;
}

describe('metric names', () => {
  it('are public: a change is a breaking one, for CHANGELOG.md', async () => {
    const metrics = [...catalogue, ...vendor].sort((a, b) => compareText(a.name, b.name));

    await expectGolden('catalogue/metrics.txt', `${metrics.map(publicFace).join('\n')}\n`);
  });

  it('are in the list of the catalogue, each that the room defines', async () => {
    const room = new URL('../../lambda/model/catalogue/', import.meta.url);
    const files = (await readdir(room)).filter((file) => file.endsWith('-metrics.ts'));
    const modules = await Promise.all(files.map((file): Promise<object> => import(new URL(file, room).href)));
    const defined = modules.flatMap((module): unknown[] => Object.values(module)).filter(isDefinition);

    expect(defined.length).toBeGreaterThan(40);
    expect(defined.filter((metric) => !catalogue.includes(metric))).toEqual([]);
  });

  it('are each defined once', () => {
    const names = [...catalogue, ...vendor].map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
  });

  it('have one CloudWatch shape each: no name, namespace and dimensions stand for two metrics', () => {
    const shapes = [...catalogue, ...vendor].flatMap(({ cloudWatch }) =>
      collectMetricNames(cloudWatch).flatMap((name) =>
        cloudWatch.dimensionSets.map((set) => JSON.stringify([cloudWatch.namespace, name, [...set].sort()])),
      ),
    );

    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

/** The rules of promlint (client_golang, prometheus/testutil/promlint/validations), each with what it says. */
const rules: readonly (readonly [rule: string, fault: (metric: MetricDefinition) => boolean])[] = [
  ['has a help text that ends as a sentence', ({ help }) => !/^[A-Z0-9].{10,}\.$/.test(help)],
  [
    'is a counter if, and only if, its name ends with _total',
    ({ name, type }) => name.endsWith('_total') !== (type === 'counter'),
  ],
  [
    'leaves the endings of histograms and summaries to them',
    ({ name }) => /_(count|sum|bucket|info)$/.test(name.replace(/_build_info$/, '')),
  ],
  ['has its base unit in its name', ({ name, unit }) => !namesUnit(name, unit)],
  [
    'abbreviates no unit and uses base units',
    ({ name }) =>
      /_(ms|s|us|ns|millis|milliseconds|microseconds|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|percent|percentage)(_|$)/.test(
        name,
      ),
  ],
  ['has no word for its type in its name', ({ name }) => /_(gauge|counter|summary|histogram)(_|$)/.test(name)],
  [
    'is in lower case, with underscores',
    ({ name, labels }) => [name, ...labels].some((text) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(text)),
  ],
  [
    'has no label that histograms and summaries own',
    ({ labels }) => labels.some((label) => ['le', 'quantile'].includes(label)),
  ],
  ['has no label twice', ({ labels }) => new Set(labels).size !== labels.length],
  [
    'repeats no label in its name',
    ({ name, enumerated }) =>
      Object.values(enumerated ?? {})
        .flat()
        .some((value) => value !== undefined && name.endsWith(`_${value}`)),
  ],
];

function namesUnit(name: string, unit: MetricDefinition['unit']): boolean {
  const plain = name.replace(/_total$/, '');
  switch (unit) {
    case 'seconds':
      return plain.endsWith('_seconds') && !plain.endsWith('_timestamp_seconds');
    // Of money the label says the unit.
    case 'currency':
      return plain.endsWith('_cost');
    case 'timestamp':
      return plain.endsWith('_timestamp_seconds');
    case 'bytes':
      return plain.endsWith('_bytes');
    case 'ratio':
      return plain.endsWith('_ratio');
    case 'percent':
      return false;
    case 'count':
      return !/_(seconds|bytes|ratio)$/.test(plain);
  }
}

describe('a metric of the catalogue', () => {
  it.each(rules)('%s', (_, isFault) => {
    expect(catalogue.filter(isFault).map(({ name }) => name)).toEqual([]);
  });

  it('belongs to the collector or to CI, by its name', () => {
    expect(catalogue.filter(({ name }) => !name.startsWith('ci_'))).toEqual([]);
    const own = catalogue.filter(({ name }) => name.startsWith('ci_collector_'));
    // How far the reading of a source's repositories came is told by the source, beside its other figures.
    expect(
      own
        .filter(({ cloudWatch }) => cloudWatch.namespace !== 'collector')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(crawlMetrics.map(({ name }) => name).sort());
    expect(catalogue.filter(({ cloudWatch }) => cloudWatch.namespace === 'collector')).toEqual(collectorMetrics);
    expect(collectorMetrics.every((metric) => own.includes(metric))).toBe(true);
  });

  it('names only labels of its own for dimensions and values', () => {
    for (const { name, labels, enumerated, cloudWatch } of [...catalogue, ...vendor]) {
      const used = [...cloudWatch.dimensionSets.flat(), ...Object.keys(enumerated ?? {})];
      expect(
        used.filter((label) => !labels.includes(label)),
        name,
      ).toEqual([]);
    }
  });
});
