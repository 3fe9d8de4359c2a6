/** Describes metrics as OpenMetrics 1.0 wants them, each with the names that its series have on a text page. */
import type {
  CounterFamily,
  DistributionFamily,
  Exemplar,
  Labels,
  MetricFamily,
  RunningHistogram,
  Unit,
} from '../../model/metric.ts';
import { seriesKey } from '../../model/families/order.ts';
import type { RelayedFamily, RelayedSample } from '../../model/relayed.ts';
import { boundText, valueOf } from '../../prometheus-text/numbers.ts';
import { writableExemplar } from './exemplar.ts';
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
};

/** OpenMetrics 1.0, "Unit": a unit may be declared only where the name ends with it. */
function unitFor(name: string, unit: string | undefined): string | undefined {
  return unit !== undefined && unit !== '' && name.endsWith(`_${unit}`) ? unit : undefined;
}

/** `taken`: all names on the page, of which a further one must not be made. */
export function describeOwn(family: MetricFamily, taken: ReadonlySet<string>): OpenMetric {
  const { name, help, unit } = family.definition;
  const spelled = spelledUnits[unit];
  switch (family.type) {
    case 'gauge':
      return { name, type: 'gauge', help, unit: unitFor(name, spelled), lines: () => plainLines(name, family.samples) };
    case 'counter': {
      const base = baseOf(name, '_total', taken);
      const isSound = family.samples.every(({ total }) => total !== undefined && total.value >= 0);
      const lines = (startTimes: boolean): Iterable<WrittenLine> => counterLines(name, base, family, startTimes);
      if (base === undefined || !isSound) return { name, type: 'unknown', help, unit: undefined, lines };
      return { name: base, type: 'counter', help, unit: unitFor(base, spelled), lines };
    }
    case 'distribution': {
      const created = taken.has(`${name}_created`) ? undefined : `${name}_created`;
      const lines = (startTimes: boolean): Iterable<WrittenLine> =>
        histogramLines(family, startTimes ? created : undefined);
      return { name, type: 'histogram', help, unit: unitFor(name, spelled), lines };
    }
  }
}

/**
 * What the name would be without its suffix; undefined where the suffix is missing or the page has that name already.
 * Such a metric is of an unknown type: another name for its series would make two series of one.
 */
function baseOf(name: string, suffix: '_total' | '_info', taken: ReadonlySet<string>): string | undefined {
  const base = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
  return base === '' || taken.has(base) || taken.has(`${base}_created`) ? undefined : base;
}

function* plainLines(
  name: string,
  samples: readonly { readonly labels: Labels; readonly value: number }[],
): Generator<WrittenLine> {
  for (const { labels, value } of samples) yield { name, labels: sortLabels(labels), value };
}

function* counterLines(
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

function* histogramLines(
  { definition: { name }, samples }: DistributionFamily,
  created: string | undefined,
): Generator<WrittenLine> {
  for (const { labels: unsorted, total, exemplars = [] } of samples) {
    if (total === undefined) continue;
    const labels = sortLabels(unsorted);
    const newest = newestByBucket(exemplars, total);
    let cumulative = 0;
    for (const [index, count] of total.counts.entries()) {
      cumulative += count;
      const le = boundText(total.bounds[index] ?? Infinity);
      yield { name: `${name}_bucket`, labels: { ...labels, le }, value: cumulative, exemplar: newest.get(index) };
    }
    yield { name: `${name}_sum`, labels, value: total.sum };
    yield { name: `${name}_count`, labels, value: cumulative };
    if (created !== undefined) yield { name: created, labels, value: total.startMs / 1000 };
  }
}

/** A bucket has room for one exemplar. */
function newestByBucket(exemplars: readonly Exemplar[], { bounds }: RunningHistogram): ReadonlyMap<number, Exemplar> {
  const newest = new Map<number, Exemplar>();
  for (const exemplar of exemplars) {
    const written = writableExemplar(exemplar);
    if (written === undefined) continue;
    const found = bounds.findIndex((bound) => exemplar.value <= bound);
    const bucket = found === -1 ? bounds.length : found;
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
  const type = typeOf(family);
  if (type === undefined) return unknownOnes(family);
  if (type === 'counter' || type === 'info') {
    const base = baseOf(name, type === 'counter' ? '_total' : '_info', taken);
    if (base === undefined) return unknownOnes(family);
    const lines = (startTimes: boolean): Iterable<WrittenLine> =>
      relayedLines(samples, undefined, startTimes && type === 'counter' ? `${base}_created` : undefined);
    return [{ name: base, type, help, unit: type === 'info' ? undefined : unitFor(base, family.unit), lines }];
  }
  const bound = bounds[type];
  const created = taken.has(`${name}_created`) || bound === undefined ? undefined : `${name}_created`;
  const lines = (startTimes: boolean): Iterable<WrittenLine> =>
    relayedLines(samples, bound, startTimes ? created : undefined);
  return [{ name, type, help, unit: type === 'stateset' ? undefined : unitFor(name, family.unit), lines }];
}

/** The label that tells the samples of one label set apart, for the types that have several. */
const bounds: Partial<Readonly<Record<OpenMetric['type'], Bound>>> = { histogram: 'le', summary: 'quantile' };

/** Undefined where a sample breaks a rule of OpenMetrics for the type, which would cost the reader the whole page. */
function typeOf(family: RelayedFamily): OpenMetric['type'] | undefined {
  const { name, type, samples } = family;
  switch (type) {
    case 'untyped':
      return undefined;
    case 'counter':
      return samples.every((sample) => sample.name === name && sample.value >= 0) ? type : undefined;
    case 'gauge':
      return gaugeTypeOf(family);
    case 'histogram':
      return samples.every((sample) => fitsHistogram(name, sample)) ? type : undefined;
    case 'summary':
      return samples.every((sample) => fitsSummary(name, sample)) ? type : undefined;
  }
}

/** The text format has one word for three types of OpenMetrics. */
function gaugeTypeOf({ name, declared, samples }: RelayedFamily): 'gauge' | 'info' | 'stateset' | undefined {
  if (declared === 'info' && samples.every(({ value }) => value === 1)) return 'info';
  if (declared === 'stateset' && samples.every((sample) => isState(name, sample))) return 'stateset';
  return samples.every((sample) => sample.name === name) ? 'gauge' : undefined;
}

function isState(name: string, { labels, value }: RelayedSample): boolean {
  return Object.hasOwn(labels, name) && (value === 0 || value === 1);
}

function fitsHistogram(family: string, { name, labels, value }: RelayedSample): boolean {
  const suffix = name.slice(family.length);
  if (suffix === '_sum') return true;
  return (suffix === '_count' || (suffix === '_bucket' && isBound(labels['le']))) && value >= 0;
}

function fitsSummary(family: string, { name, labels, value }: RelayedSample): boolean {
  const suffix = name.slice(family.length);
  return suffix === '_sum' || (suffix === '_count' && value >= 0) || (suffix === '' && isBound(labels['quantile']));
}

function isBound(text: string | undefined): boolean {
  return text !== undefined && !Number.isNaN(valueOf(text) ?? NaN);
}

function unknownOnes({ help, samples }: RelayedFamily): readonly OpenMetric[] {
  return [...Map.groupBy(samples, ({ name }) => name)].map(([name, own]) => ({
    ...{ name, type: 'unknown' as const, help, unit: undefined },
    lines: () => own.map(({ labels, value }) => ({ name, labels, value })),
  }));
}

/** The names that the samples of a metric have. */
export function sampleNamesOf(samples: readonly RelayedSample[]): readonly string[] {
  return [...new Set(samples.map(({ name }) => name))];
}

type Bound = 'le' | 'quantile' | undefined;

/** OpenMetrics 1.0: the lines of one label set stand together, the start of its totals among them. */
function* relayedLines(
  samples: readonly RelayedSample[],
  bound: Bound,
  created: string | undefined,
): Generator<WrittenLine> {
  for (const group of Map.groupBy(samples, ({ labels }) => seriesKey(without(labels, bound))).values()) {
    for (const { name, labels, value, exemplar } of group) {
      const isExemplary = name.endsWith('_bucket') || name.endsWith('_total');
      const written = exemplar === undefined || !isExemplary ? undefined : writableExemplar(exemplar);
      yield { name, labels: withCanonicalBound(labels, bound), value, exemplar: written };
    }
    const started = group.find(({ startMs }) => startMs !== undefined);
    if (created === undefined || started?.startMs === undefined) continue;
    yield { name: created, labels: without(started.labels, bound), value: started.startMs / 1000 };
  }
}

function without(labels: Labels, bound: Bound): Labels {
  if (bound === undefined) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== bound));
}

/** OpenMetrics 1.0, "Canonical Numbers": `1.0` and not `1`. */
function withCanonicalBound(labels: Labels, bound: Bound): Labels {
  const value = bound === undefined ? undefined : valueOf(labels[bound] ?? '');
  return bound === undefined || value === undefined ? labels : { ...labels, [bound]: boundText(value) };
}
