/** Series of another system that are passed on as they were read, and how they are merged. */
import type { Labels } from './metric.ts';
import { compareText, formatSeriesKey } from './families/order.ts';

/**
 * Series of another system that are passed on as they were read: names, labels and types are known only then. Sinks
 * that keep series take them unchanged; sinks that add up what they are sent get `MetricDefinition.reduced` families.
 */
export type RelayedType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/** Types of OpenMetrics for which the text format has another word; receivers of remote write know them. */
export type RelayedOnlyType = 'info' | 'stateset' | 'gaugehistogram';

export interface RelayedExemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timestampMs?: number;
}

/** One series with its value, as one line of a text page. */
export interface RelayedSample {
  /** `_bucket`, `_sum` and `_count` included. */
  readonly name: string;
  readonly labels: Labels;
  /** NaN and infinities are values as any other. */
  readonly value: number;
  /** Only where the other system dates its samples; otherwise the run's time. Epoch milliseconds. */
  readonly timestampMs?: number;
  /** When a running total began, if the other system says so. Epoch milliseconds. */
  readonly startMs?: number;
  readonly exemplar?: RelayedExemplar;
}

/** A metric of another system. */
export interface RelayedFamily {
  /** As a text page declares it: a counter with `_total`, a histogram or summary without a suffix. */
  readonly name: string;
  readonly type: RelayedType;
  /** What an OpenMetrics page declares where `type` is only the nearest word of the text format. */
  readonly declared?: RelayedOnlyType | undefined;
  readonly help: string;
  /** As an OpenMetrics page declares it, such as `seconds`. */
  readonly unit?: string | undefined;
  /** `scrape`: about the reading itself (`up`), and published even when nothing could be read. */
  readonly about: 'target' | 'scrape';
  readonly samples: readonly RelayedSample[];
}

/** One family per name and type, by name, each series once at any time: the first one is kept. Samples keep their order. */
export function mergeRelayed(families: readonly RelayedFamily[]): readonly RelayedFamily[] {
  const byName = Map.groupBy(families, ({ name, type }) => `${type} ${name}`);
  return [...byName.values()]
    .flatMap(([first, ...others]) => (first === undefined ? [] : [joinRelayed(first, others)]))
    .sort((a, b) => compareText(a.name, b.name));
}

function joinRelayed(first: RelayedFamily, others: readonly RelayedFamily[]): RelayedFamily {
  const bySeries = new Map<string, RelayedSample>();
  for (const { samples } of [first, ...others]) {
    for (const sample of samples) {
      const key = `${String(sample.timestampMs)} ${sample.name} ${formatSeriesKey(sample.labels)}`;
      if (!bySeries.has(key)) bySeries.set(key, sample);
    }
  }
  return { ...first, samples: [...bySeries.values()] };
}

/** Each series once, for who shows or adds up one value of it: the newest; one without a time is of now. */
export function pickNewest(samples: readonly RelayedSample[]): readonly RelayedSample[] {
  if (samples.every(({ timestampMs }) => timestampMs === undefined)) return samples;
  const newest = new Map<string, RelayedSample>();
  for (const sample of samples) {
    const key = `${sample.name} ${formatSeriesKey(sample.labels)}`;
    const before = newest.get(key);
    if (before === undefined || timeOf(sample) > timeOf(before)) newest.set(key, sample);
  }
  return [...newest.values()];
}

function timeOf({ timestampMs = Infinity }: RelayedSample): number {
  return timestampMs;
}

/** Those that may be published for a source in this state: of a failed one only how its reading went. */
export function selectPublishable(
  status: 'complete' | 'partial' | 'failed' | 'skipped',
  families: readonly RelayedFamily[],
): readonly RelayedFamily[] {
  return status === 'failed' ? families.filter(({ about }) => about === 'scrape') : families;
}
