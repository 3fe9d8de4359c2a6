/** Alarms in PromQL find what the sink `otlp` writes: every name, label and value of their queries is in what it sends. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Prepared } from '../../../infra/prepared.ts';
import { sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../../lambda/model/metric.ts';
import type { PreparedSource } from '../../../lambda/sources/source.ts';
import { seriesStoredOf, type StoredSeries, storingCollector } from '../simulation/stored-by-otlp.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { configOf, synthesise, type Synthesis } from '../synthesis.ts';

const region = 'eu-west-1';

function synthesiseWith(settings: object): Synthesis {
  const sink = { kind: 'otlp', preset: 'cloudwatch', auth: { sigv4: { region } }, ...settings };
  return synthesise({ ...configOf('otlp'), collector: storingCollector, sinks: [sink] }, { env: { region } });
}

/** Of the places that alarms of the configuration name, and of any other label its own name. */
const places: Readonly<Record<string, readonly string[]>> = {
  scope: ['production', 'acme'],
  queue: ['default'],
  pipeline: ['web'],
};

/** One sample for each value that a label may have. */
function familyOf({ type, ...definition }: MetricDefinition, source: PreparedSource): MetricFamily {
  const own: Labels = { system: source.system, source: source.name };
  const valuesOf = (label: string): readonly string[] => {
    const only = own[label];
    return only === undefined ? (definition.enumerated?.[label] ?? places[label] ?? [label]) : [only];
  };
  const sets = definition.labels.reduce<readonly Labels[]>(
    (all, label) => all.flatMap((labels) => valuesOf(label).map((value) => ({ ...labels, [label]: value }))),
    [{}],
  );
  const startMs = Date.now() - 60_000;
  if (type === 'gauge')
    return { type, definition: { ...definition, type }, samples: sets.map((labels) => ({ labels, value: 1 })) };
  if (type === 'counter') {
    const samples = sets.map((labels) => ({ labels, increase: 1, total: { value: 1, startMs } }));
    return { type, definition: { ...definition, type }, samples };
  }
  const total = { bounds: [1], counts: [1, 0], sum: 1, startMs };
  const samples = sets.map((labels) => ({ labels, observations: [1], total }));
  return { type, definition: { ...definition, type }, samples };
}

async function everythingStored({ sources }: Prepared, settings: object): Promise<readonly StoredSeries[]> {
  const stored = await Promise.all(
    sources.map((source) =>
      seriesStoredOf(
        [...source.metrics, sourceUp].map((definition) => familyOf(definition, source)),
        settings,
      ),
    ),
  );
  return stored.flat();
}

interface Selector {
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
}

const text = String.raw`"(?:[^"\\]|\\.)*"`;

/** `name{label="value"}` and `{"name","label"=~"one|other"}`; none of the names in these queries has a sign of a pattern. */
function selectorsIn(query: string): readonly Selector[] {
  const selector = new RegExp(String.raw`(\w*)\{((?:[^"{}]|${text})*)\}`, 'g');
  return [...query.matchAll(selector)].map(([, plain = '', inside = '']) => {
    const matcher = new RegExp(String.raw`(${text}|\w+)(?:(=~|=)(${text}))?`, 'g');
    const parts = [...inside.matchAll(matcher)].map(([, key = '', operator, value = '""']) => ({
      label: unquoted(key),
      isName: operator === undefined,
      values: operator === '=~' ? unquoted(value).split('|') : [unquoted(value)],
    }));
    const name = plain === '' ? (parts.find(({ isName }) => isName)?.label ?? '') : plain;
    return { name, matchers: parts.filter(({ isName }) => !isName) };
  });
}

function unquoted(key: string): string {
  return key.startsWith('"') ? z.string().parse(JSON.parse(key)) : key;
}

/** What the query asks for and nothing stored has, in words. */
function lostIn(query: string, stored: readonly StoredSeries[]): readonly string[] {
  const selectors = selectorsIn(query);
  const found = selectors.map((selector) => ({ selector, series: stored.filter((series) => fits(series, selector)) }));
  const unmatched = found.flatMap(({ selector, series }) => [
    ...(series.length === 0 ? [`nothing is ${JSON.stringify(selector)}`] : []),
    ...selector.matchers.flatMap(({ label, values }) =>
      values
        .filter((value) => !series.some(({ labels }) => labels[label] === value))
        .map((value) => `no ${selector.name} has ${label}=${value}`),
    ),
  ]);
  const groups = [...query.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(', ').filter((label) => label !== ''),
  );
  // What is grouped is the metric that the query names first.
  const grouped = found[0]?.series ?? [];
  return [
    ...unmatched,
    ...groups
      .map(unquoted)
      .filter((label) => !grouped.every(({ labels }) => label in labels))
      .map((label) => `not every series has ${label}`),
  ];
}

function fits({ name, labels }: StoredSeries, selector: Selector): boolean {
  return (
    name === selector.name && selector.matchers.every(({ label, values }) => values.includes(labels[label] ?? '\0'))
  );
}

describe('alarms in PromQL', () => {
  it.each([
    ['under their own names', {}],
    ['as increases', { temporality: 'delta' }],
    ['under the names of the conventions', { naming: 'semconv' }],
    ["beside Buildkite's own names", { compat: true }],
    ["under the names of the conventions, beside Buildkite's own", { naming: 'semconv', compat: true }],
    ['with an instance of another name', { resource: { 'service.instance.id': 'team "a"' } }],
  ])('select what the sink writes %s', async (_, settings) => {
    const { prepared, template } = synthesiseWith(settings);
    const stored = await everythingStored(prepared, settings);
    const { promqlAlarms } = alarmsIn(template);

    const lost = promqlAlarms.flatMap(({ AlarmName, query }) =>
      lostIn(query, stored).map((what) => `${AlarmName}: ${what}`),
    );

    expect(promqlAlarms.length).toBeGreaterThan(20);
    expect(promqlAlarms.filter(({ query }) => selectorsIn(query).length === 0)).toEqual([]);
    expect(lost).toEqual([]);
  });
});
