/** Describes metrics as OpenMetrics 1.0 wants them, each with the names that its series have on a text page. */
import {
  type CounterFamily,
  type DistributionFamily,
  type Exemplar,
  findBucket,
  type Labels,
  type MetricFamily,
  type RunningHistogram,
  type Unit,
} from '../../model/metric.ts';
import { formatSeriesKey } from '../../model/families/order.ts';
import type { RelayedFamily, RelayedSample } from '../../model/relayed.ts';
import { formatBound, parseValue } from '../../prometheus-text/numbers.ts';
import { prepareExemplar } from './exemplar.ts';
import type { WrittenLine } from './write-lines.ts';

export interface OpenMetric {
  /** Of a counter and an info without the suffix of its samples. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'info' | 'stateset' | 'unknown';
  readonly unit: string | undefined;
  readonly help: string;
  /** `startTimes`: with lines that tell when each total began. */
  readonly lines: (startTimes: boolean) => Iterable<WrittenLine>;
}

/** Units as the end of a name spells them; a count has none. */
const spelledUnits: Readonly<Record<Unit, string | undefined>> = {
  count: undefined,
  seconds: 'seconds',
  timestamp: 'seconds',
  bytes: 'bytes',
  ratio: 'ratio',
  percent: 'percent',
  currency: undefined,
};

/** OpenMetrics 1.0, "Unit": a unit may be declared only where the name ends with it. */
function chooseUnit(name: string, unit: string | undefined): string | undefined {
  return unit !== undefined && unit !== '' && name.endsWith(`_${unit}`) ? unit : undefined;
}

/** `taken`: all names on the page, of which a further one must not be made. */
export function describeOwn(family: MetricFamily, taken: ReadonlySet<string>): OpenMetric {
  const { name, help, unit } = family.definition;
  const spelled = spelledUnits[unit];
  switch (family.type) {
    case 'gauge':
      return {
        name,
        type: 'gauge',
        help,
        unit: chooseUnit(name, spelled),
        lines: () => generatePlainLines(name, family.samples),
      };
    case 'counter': {
      const base = stripSuffix(name, '_total', taken);
      const isSound = family.samples.every(({ total }) => total !== undefined && total.value >= 0);
      const generateLines = (startTimes: boolean): Iterable<WrittenLine> =>
        generateCounterLines(name, base, family, startTimes);
      if (base === undefined || !isSound) return { name, type: 'unknown', help, unit: undefined, lines: generateLines };
      return { name: base, type: 'counter', help, unit: chooseUnit(base, spelled), lines: generateLines };
    }
    case 'distribution': {
      const created = taken.has(`${name}_created`) ? undefined : `${name}_created`;
      const generateLines = (startTimes: boolean): Iterable<WrittenLine> =>
        generateHistogramLines(family, startTimes ? created : undefined);
      return { name, type: 'histogram', help, unit: chooseUnit(name, spelled), lines: generateLines };
    }
  }
}

/**
 * What the name would be without its suffix; undefined where the suffix is missing or the page has that name already.
 * Such a metric is of an unknown type: another name for its series would make two series of one.
 */
function stripSuffix(name: string, suffix: '_total' | '_info', taken: ReadonlySet<string>): string | undefined {
  const base = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
  return base === '' || taken.has(base) || taken.has(`${base}_created`) ? undefined : base;
}

function* generatePlainLines(
  name: string,
  samples: readonly { readonly labels: Labels; readonly value: number }[],
): Generator<WrittenLine> {
  for (const { labels, value } of samples) yield { name, labels: sortLabels(labels), value };
}

function* generateCounterLines(
  name: string,
  base: string | undefined,
  { samples }: CounterFamily,
  startTimes: boolean,
): Generator<WrittenLine> {
  for (const { labels, total } of samples) {
    if (total === undefined) continue;
    yield { name, labels: sortLabels(labels), value: total.value };
    if (startTimes && base !== undefined)
      yield { name: `${base}_created`, labels: sortLabels(labels), value: total.startMs / 1000 };
  }
}

function* generateHistogramLines(
  { definition: { name }, samples }: DistributionFamily,
  created: string | undefined,
): Generator<WrittenLine> {
  for (const { labels: unsorted, total, exemplars = [] } of samples) {
    if (total === undefined) continue;
    const labels = sortLabels(unsorted);
    const newest = pickNewestByBucket(exemplars, total);
    let cumulative = 0;
    for (const [index, count] of total.counts.entries()) {
      cumulative += count;
      const le = formatBound(total.bounds[index] ?? Infinity);
      yield { name: `${name}_bucket`, labels: { ...labels, le }, value: cumulative, exemplar: newest.get(index) };
    }
    yield { name: `${name}_sum`, labels, value: total.sum };
    yield { name: `${name}_count`, labels, value: cumulative };
    if (created !== undefined) yield { name: created, labels, value: total.startMs / 1000 };
  }
}

/** A bucket has room for one exemplar. */
function pickNewestByBucket(
  exemplars: readonly Exemplar[],
  { bounds }: RunningHistogram,
): ReadonlyMap<number, Exemplar> {
  const newest = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const written = prepareExemplar(exemplar);
    if (written === undefined) continue;
    const bucket = findBucket(exemplar.value, bounds);
    const before = newest.get(bucket);
    if (before === undefined || before.timestampMs < exemplar.timestampMs)
      newest.set(bucket, { ...exemplar, labels: written.labels });
  }
  return newest;
}

function sortLabels(labels: Labels): Labels {
  const names = Object.keys(labels);
  const sorted = names.toSorted();
  if (names.every((name, index) => name === sorted[index])) return labels;
  return Object.fromEntries(sorted.map((name) => [name, labels[name] ?? '']));
}

/** One metric, or one of an unknown type for each of its names where its samples do not fit what it is called. */
export function describeRelayed(family: RelayedFamily, taken: ReadonlySet<string>): readonly OpenMetric[] {
  const { name, help, samples } = family;
  const type = chooseType(family);
  if (type === undefined) return describeUnknown(family);
  if (type === 'counter' || type === 'info') {
    const base = stripSuffix(name, type === 'counter' ? '_total' : '_info', taken);
    if (base === undefined) return describeUnknown(family);
    const generateLines = (startTimes: boolean): Iterable<WrittenLine> =>
      generateRelayedLines(samples, undefined, startTimes && type === 'counter' ? `${base}_created` : undefined);
    return [
      {
        name: base,
        type,
        help,
        unit: type === 'info' ? undefined : chooseUnit(base, family.unit),
        lines: generateLines,
      },
    ];
  }
  const bound = bounds[type];
  const created = taken.has(`${name}_created`) || bound === undefined ? undefined : `${name}_created`;
  const generateLines = (startTimes: boolean): Iterable<WrittenLine> =>
    generateRelayedLines(samples, bound, startTimes ? created : undefined);
  return [
    { name, type, help, unit: type === 'stateset' ? undefined : chooseUnit(name, family.unit), lines: generateLines },
  ];
}

/** The label that tells the samples of one label set apart, for the types that have several. */
const bounds: Partial<Readonly<Record<OpenMetric['type'], Bound>>> = { histogram: 'le', summary: 'quantile' };

/** Undefined where a sample breaks a rule of OpenMetrics for the type, which would cost the reader the whole page. */
function chooseType(family: RelayedFamily): OpenMetric['type'] | undefined {
  const { name, type, samples } = family;
  switch (type) {
    case 'untyped':
      return undefined;
    case 'counter':
      return samples.every((sample) => sample.name === name && sample.value >= 0) ? type : undefined;
    case 'gauge':
      return chooseGaugeType(family);
    case 'histogram':
      return samples.every((sample) => isHistogramSample(name, sample)) ? type : undefined;
    case 'summary':
      return samples.every((sample) => isSummarySample(name, sample)) ? type : undefined;
  }
}

/** The text format has one word for three types of OpenMetrics. */
function chooseGaugeType({ name, declared, samples }: RelayedFamily): 'gauge' | 'info' | 'stateset' | undefined {
  if (declared === 'info' && samples.every(({ value }) => value === 1)) return 'info';
  if (declared === 'stateset' && samples.every((sample) => isState(name, sample))) return 'stateset';
  return samples.every((sample) => sample.name === name) ? 'gauge' : undefined;
}

function isState(name: string, { labels, value }: RelayedSample): boolean {
  return Object.hasOwn(labels, name) && (value === 0 || value === 1);
}

function isHistogramSample(family: string, { name, labels, value }: RelayedSample): boolean {
  const suffix = name.slice(family.length);
  if (suffix === '_sum') return true;
  return (suffix === '_count' || (suffix === '_bucket' && isBound(labels['le']))) && value >= 0;
}

function isSummarySample(family: string, { name, labels, value }: RelayedSample): boolean {
  const suffix = name.slice(family.length);
  return suffix === '_sum' || (suffix === '_count' && value >= 0) || (suffix === '' && isBound(labels['quantile']));
}

function isBound(text: string | undefined): boolean {
  return text !== undefined && !Number.isNaN(parseValue(text) ?? NaN);
}

function describeUnknown({ help, samples }: RelayedFamily): readonly OpenMetric[] {
  return [...Map.groupBy(samples, ({ name }) => name)].map(([name, own]) => ({
    name,
    type: 'unknown' as const,
    help,
    unit: undefined,
    lines: () => own.map(({ labels, value }) => ({ name, labels, value })),
  }));
}

/** The names that the samples of a metric have. */
export function collectSampleNames(samples: readonly RelayedSample[]): readonly string[] {
  return [...new Set(samples.map(({ name }) => name))];
}

type Bound = 'le' | 'quantile' | undefined;

/** OpenMetrics 1.0: the lines of one label set stand together, the start of its totals among them. */
function* generateRelayedLines(
  samples: readonly RelayedSample[],
  bound: Bound,
  created: string | undefined,
): Generator<WrittenLine> {
  for (const group of Map.groupBy(samples, ({ labels }) => formatSeriesKey(omitBound(labels, bound))).values()) {
    for (const { name, labels, value, exemplar } of group) {
      const isExemplary = name.endsWith('_bucket') || name.endsWith('_total');
      const written = exemplar === undefined || !isExemplary ? undefined : prepareExemplar(exemplar);
      yield { name, labels: normalizeBound(labels, bound), value, exemplar: written };
    }
    const started = group.find(({ startMs }) => startMs !== undefined);
    if (created === undefined || started?.startMs === undefined) continue;
    yield { name: created, labels: omitBound(started.labels, bound), value: started.startMs / 1000 };
  }
}

function omitBound(labels: Labels, bound: Bound): Labels {
  if (bound === undefined) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== bound));
}

/** OpenMetrics 1.0, "Canonical Numbers": `1.0` and not `1`. */
function normalizeBound(labels: Labels, bound: Bound): Labels {
  const value = bound === undefined ? undefined : parseValue(labels[bound] ?? '');
  return bound === undefined || value === undefined ? labels : { ...labels, [bound]: formatBound(value) };
}
