import type { Ledger } from '../../counters/ledger.ts';
import { labelValue } from '../../model/labels.ts';
import type { GaugeSample, Labels, MetricDefinition, MetricFamily } from '../../model/metric.ts';
import { seriesKey } from '../../model/order.ts';
import type { RelayedFamily, RelayedSample } from '../../model/relayed.ts';
import { histogramsOf } from '../../prometheus-text/histograms.ts';
import type { Measure } from './measure-setting.ts';
import { definitionOf, type MeasureDefinition } from './metrics.ts';

/** Stands for a label that a series does not have: CloudWatch refuses blank dimensions. */
const absent = 'none';

export interface PreparedMeasure {
  readonly measure: Measure;
  readonly definition: MeasureDefinition;
}

export function preparedMeasures(measures: readonly Measure[]): readonly PreparedMeasure[] {
  return measures.map((measure) => ({ measure, definition: definitionOf(measure) }));
}

/** The levels among the measures. */
export function gaugesOf(
  measures: readonly PreparedMeasure[],
  relayed: readonly RelayedFamily[],
): readonly MetricFamily[] {
  return measures.flatMap(({ measure, definition }): readonly MetricFamily[] => {
    if (definition.type !== 'gauge') return [];
    const samples = sums(samplesNamed(measure.metric, relayed), measure).map(({ labels, value }): GaugeSample => ({
      labels,
      value,
    }));
    return samples.length === 0 ? [] : [{ type: 'gauge', definition, samples }];
  });
}

/** Tells the ledger where the counters and histograms among the measures stand; it finds what was added. */
export function followAll(
  measures: readonly PreparedMeasure[],
  relayed: readonly RelayedFamily[],
  ledger: Ledger,
): void {
  for (const { measure, definition } of measures) {
    if (definition.type === 'counter') followCounter(measure, definition, relayed, ledger);
    if (definition.type === 'distribution') followHistograms(measure, definition, relayed, ledger);
  }
}

function followCounter(
  measure: Measure,
  definition: MetricDefinition<'counter'>,
  relayed: readonly RelayedFamily[],
  ledger: Ledger,
): void {
  for (const { labels, value, startMs } of sums(samplesNamed(measure.metric, relayed), measure))
    ledger.follow(definition, labels, { value, ...(startMs === undefined ? {} : { startMs }) });
}

/**
 * Histograms of one instance that differ only in labels that are not kept are added up; they restart together, so the
 * sum falls when they do.
 */
function followHistograms(
  measure: Measure,
  definition: MetricDefinition<'distribution'>,
  relayed: readonly RelayedFamily[],
  ledger: Ledger,
): void {
  const added = new Map<
    string,
    { readonly labels: Labels; bounds: readonly number[]; counts: readonly number[]; sum: number }
  >();
  for (const family of relayed) {
    if (family.name !== measure.metric || family.type !== 'histogram') continue;
    const samples = family.samples.map((sample) => ({ ...asPage(sample) }));
    for (const { labels: own, bounds, counts, sum = 0 } of histogramsOf({
      name: family.name,
      type: 'histogram',
      samples,
    }).histograms) {
      const labels = keptLabels(Object.fromEntries(own), measure);
      const key = `${seriesKey(labels)} ${bounds.join()}`;
      const known = added.get(key);
      if (known === undefined) added.set(key, { labels, bounds, counts, sum });
      else {
        known.counts = known.counts.map((count, index) => count + (counts[index] ?? 0));
        known.sum += sum;
      }
    }
  }
  for (const { labels, ...seen } of added.values()) ledger.followHistogram(definition, labels, seen);
}

function asPage({ name, labels, value }: RelayedSample) {
  return { name, labels: new Map(Object.entries(labels)), value };
}

function samplesNamed(name: string, relayed: readonly RelayedFamily[]): readonly RelayedSample[] {
  return relayed.flatMap(({ samples }) => samples.filter((sample) => sample.name === name));
}

interface Sum {
  readonly labels: Labels;
  readonly value: number;
  /** Only where all agree. */
  readonly startMs: number | undefined;
}

/** Series with the same kept labels as one; what is no number adds nothing, for no such sink has a word for it. */
function sums(samples: readonly RelayedSample[], measure: Measure): readonly Sum[] {
  const bySeries = new Map<string, Sum>();
  for (const { labels: own, value, startMs } of samples) {
    if (!Number.isFinite(value)) continue;
    const labels = keptLabels(own, measure);
    const key = seriesKey(labels);
    const known = bySeries.get(key);
    bySeries.set(key, {
      labels,
      value: value + (known?.value ?? 0),
      startMs: known === undefined || known.startMs === startMs ? startMs : undefined,
    });
  }
  return [...bySeries.values()];
}

function keptLabels(own: Labels, { labels }: Measure): Labels {
  const value = (name: string): string => labelValue(Object.hasOwn(own, name) ? (own[name] ?? '') : '') ?? absent;
  return Object.fromEntries(['instance', 'job', ...labels].map((name) => [name, value(name)]));
}
