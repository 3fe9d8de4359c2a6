import type { Matcher } from '../../config/glob.ts';
import type { Batch } from '../../model/batch.ts';
import type { Labels, MetricDefinition, MetricFamily, RunningHistogram } from '../../model/metric.ts';
import { compareText } from '../../model/order.ts';
import { isMetricName, keyOf, type LabelSet, labelSets, labelsOfKey } from './labels.ts';

/** What a receiver is told about a metric besides its samples. */
export interface SeriesFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** Empty where the name holds no base unit. */
  readonly unit: string;
}

/** One time series and its sample of this run; the timestamp is the run's, the same for all. */
export interface Series {
  /** The labels as one text: equal for equal label sets only. */
  readonly key: string;
  readonly labels: LabelSet;
  readonly family: SeriesFamily;
  /** NaN and infinities are values as any other. Ignored in a stale marker. */
  readonly value: number;
  /** When a running total began, for counters and histograms. Epoch milliseconds. */
  readonly startMs: number | undefined;
  /** Says that the series ends here: a flag, since a JavaScript number does not carry the marker's NaN reliably. */
  readonly isStale: boolean;
}

/**
 * Reads its labels from its key when it is asked for them: a run has all of its series at once, and a list of labels in
 * each would double their memory. A class, because its objects share the getters.
 */
class FreshSeries implements Series {
  readonly key: string;
  readonly family: SeriesFamily;
  readonly value: number;
  readonly startMs: number | undefined;

  constructor(key: string, family: SeriesFamily, value: number, startMs: number | undefined) {
    this.key = key;
    this.family = family;
    this.value = value;
    this.startMs = startMs;
  }

  get labels(): LabelSet {
    return labelsOfKey(this.key);
  }

  get isStale(): boolean {
    return false;
  }
}

/** Why a sample cannot be written. */
export type Flaw = 'no-total' | 'metric-name' | 'label-name' | 'histogram' | 'duplicate';

/** Samples that are left out, by metric. */
export interface Omission {
  readonly flaw: Flaw;
  readonly metric: string;
  readonly samples: number;
}

export interface SeriesOfBatch {
  /** Sorted, each label set once. */
  readonly series: readonly Series[];
  /** Whether a series with this key is among them. */
  readonly has: (key: string) => boolean;
  readonly omissions: readonly Omission[];
}

export interface SeriesSettings {
  /** Added to every series that has no label of that name. */
  readonly labels: Labels;
  /** By Prometheus name; for a histogram the name without `_bucket`, `_sum` and `_count`. */
  readonly selects: Matcher;
}

/** What a batch looks like to a receiver. */
export function seriesOf(batch: Batch, { labels, selects }: SeriesSettings): SeriesOfBatch {
  const labelsOf = labelSets(labels);
  const found = new Map<string, Series>();
  const omissions = new Map<string, Omission>();
  for (const definition of familiesOf(batch)) {
    if (!selects(definition.definition.name)) continue;
    const family = describe(definition.definition);
    const omit = (flaw: Flaw, samples: number): void => {
      const key = `${flaw} ${family.name}`;
      omissions.set(key, { flaw, metric: family.name, samples: (omissions.get(key)?.samples ?? 0) + samples });
    };
    const put: Put = (name, own, value, startMs) => {
      const set = labelsOf(name, own);
      if (set === undefined) {
        omit('label-name', 1);
        return;
      }
      const key = keyOf(set);
      if (found.has(key)) omit('duplicate', 1);
      else found.set(key, new FreshSeries(key, family, value, startMs));
    };
    if (isMetricName(family.name)) expand(definition, put, omit);
    else omit('metric-name', definition.samples.length);
  }
  return {
    series: [...found.values()].sort((a, b) => compareText(a.key, b.key)),
    has: (key) => found.has(key),
    omissions: [...omissions.values()],
  };
}

/** Ends a series that an earlier run has written. */
export function staleMarker(key: string, family: SeriesFamily): Series {
  return { key, labels: labelsOfKey(key), family, value: 0, startMs: undefined, isStale: true };
}

/** The families of the series, each once; of two that share a name the first describes it. */
export function familiesOfSeries(series: readonly Series[]): readonly SeriesFamily[] {
  const byName = new Map<string, SeriesFamily>();
  for (const { family } of series) if (!byName.has(family.name)) byName.set(family.name, family);
  return [...byName.values()];
}

/** Nothing is known of a failed source, so its values must not look live. */
function familiesOf({ parts, health }: Batch): readonly MetricFamily[] {
  return [...parts.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families), ...health];
}

function describe({ name, type, help, unit }: MetricDefinition): SeriesFamily {
  return { name, type: type === 'distribution' ? 'histogram' : type, help, unit: unitInName(name, unit) };
}

/** OpenMetrics: a unit that is given must also end the name, before `_total`. */
function unitInName(name: string, unit: MetricDefinition['unit']): string {
  if (unit === 'count') return '';
  const base = unit === 'timestamp' ? 'seconds' : unit;
  return name.replace(/_total$/, '').endsWith(`_${base}`) ? base : '';
}

type Put = (name: string, labels: Labels, value: number, startMs: number | undefined) => void;
type Omit = (flaw: Flaw, samples: number) => void;

/** Receivers keep running totals, so a counter or distribution that only knows its increase has no value to send. */
function expand(family: MetricFamily, put: Put, omit: Omit): void {
  const { name } = family.definition;
  switch (family.type) {
    case 'gauge':
      for (const { labels, value } of family.samples) put(name, labels, value, undefined);
      return;
    case 'counter':
      for (const { labels, total } of family.samples) {
        if (total === undefined) omit('no-total', 1);
        else put(name, labels, total.value, total.startMs);
      }
      return;
    case 'distribution':
      for (const { labels, total } of family.samples) {
        if (total === undefined) omit('no-total', 1);
        else expandHistogram(name, labels, total, put, omit);
      }
      return;
  }
}

function isHistogram({ bounds, counts }: RunningHistogram): boolean {
  const isAscending = bounds.every(
    (bound, index) => Number.isFinite(bound) && bound > (bounds[index - 1] ?? -Infinity),
  );
  return isAscending && counts.length === bounds.length + 1 && counts.every((count) => count >= 0);
}

/** A classic histogram: each bucket counts all observations up to its bound. */
function expandHistogram(name: string, labels: Labels, histogram: RunningHistogram, put: Put, omit: Omit): void {
  const { bounds, counts, sum, startMs } = histogram;
  if (!isHistogram(histogram)) {
    omit('histogram', 1);
    return;
  }
  if (Object.hasOwn(labels, 'le')) {
    omit('label-name', 1);
    return;
  }
  let cumulative = 0;
  for (const [index, count] of counts.entries()) {
    cumulative += count;
    const bound = bounds[index];
    const le = bound === undefined ? '+Inf' : String(bound);
    put(`${name}_bucket`, { ...labels, le }, cumulative, startMs);
  }
  put(`${name}_sum`, labels, sum, startMs);
  put(`${name}_count`, labels, cumulative, startMs);
}
