import type { Ledger } from '../../../counters/ledger.ts';
import { labelValue } from '../../../model/text/labels.ts';
import type { GaugeSample, Labels, MetricDefinition, MetricFamily } from '../../../model/metric.ts';
import { seriesKey } from '../../../model/families/order.ts';
import { newestOfEach, type RelayedFamily, type RelayedSample } from '../../../model/relayed.ts';
import { histogramsOf } from '../../../prometheus-text/histograms.ts';
import type { Measure } from './measure-setting.ts';
import { definitionOf, type MeasureDefinition } from '../metrics.ts';
import type { IsNewSeries } from './new-series.ts';

/** Stands for a label that a series does not have: CloudWatch refuses blank dimensions. */
const absent = 'none';

export interface PreparedMeasure {
  readonly measure: Measure;
  readonly definition: MeasureDefinition;
}

export function preparedMeasures(measures: readonly Measure[]): readonly PreparedMeasure[] {
  return measures.map((measure) => ({ measure, definition: definitionOf(measure) }));
}

/** Values of measures that are no numbers: NaN or infinite. No sink that keeps no series has a word for them. */
export interface NoNumbers {
  readonly samples: number;
  readonly example: string | undefined;
}

export function noNumbersIn(measures: readonly PreparedMeasure[], relayed: readonly RelayedFamily[]): NoNumbers {
  const found = measures
    .filter(({ definition }) => definition.type !== 'distribution')
    .flatMap(({ measure }) => samplesNamed(measure.metric, relayed).filter(({ value }) => !Number.isFinite(value)));
  return { samples: found.length, example: found[0]?.name };
}

/** The levels among the measures. */
export function gaugesOf(
  measures: readonly PreparedMeasure[],
  relayed: readonly RelayedFamily[],
): readonly MetricFamily[] {
  return measures.flatMap(({ measure, definition }): readonly MetricFamily[] => {
    if (definition.type !== 'gauge') return [];
    const samples = sums(samplesNamed(measure.metric, relayed), measure);
    return samples.length === 0 ? [] : [{ type: 'gauge', definition, samples }];
  });
}

/** Tells the ledger where the counters and histograms among the measures stand; it finds what was added. */
export function followAll(
  measures: readonly PreparedMeasure[],
  relayed: readonly RelayedFamily[],
  ledger: Ledger,
  isNew: IsNewSeries,
): void {
  for (const { measure, definition } of measures) {
    if (definition.type === 'counter') followCounter(measure, definition, relayed, ledger, isNew);
    if (definition.type === 'distribution') followHistograms(measure, definition, relayed, ledger, isNew);
  }
}

function followCounter(
  measure: Measure,
  definition: MetricDefinition<'counter'>,
  relayed: readonly RelayedFamily[],
  ledger: Ledger,
  isNew: IsNewSeries,
): void {
  for (const { labels, value, startMs } of samplesNamed(measure.metric, relayed)) {
    const start = startMs === undefined ? {} : { startMs };
    ledger.follow(definition, keptLabels(labels, measure), { value, ...start, ...partOf(labels, measure, isNew) });
  }
}

function followHistograms(
  measure: Measure,
  definition: MetricDefinition<'distribution'>,
  relayed: readonly RelayedFamily[],
  ledger: Ledger,
  isNew: IsNewSeries,
): void {
  for (const family of relayed) {
    if (family.name !== measure.metric || family.type !== 'histogram') continue;
    const page = { name: family.name, type: 'histogram', samples: newestOfEach(family.samples).map(asPage) } as const;
    for (const { labels: own, bounds, counts, sum = 0, startMs } of histogramsOf(page).histograms) {
      const labels = Object.fromEntries(own);
      const start = startMs === undefined ? {} : { startMs };
      const seen = { bounds, counts, sum, ...start, ...partOf(labels, measure, isNew) };
      ledger.followHistogram(definition, keptLabels(labels, measure), seen);
    }
  }
}

/** Each series of the page is followed by itself, whatever becomes of its labels. */
function partOf(labels: Labels, measure: Measure, isNew: IsNewSeries) {
  return { part: seriesKey(labels), ...(isNew(measure, labels) ? { countsFrom: 'zero' as const } : {}) };
}

function asPage({ name, labels, value }: RelayedSample) {
  return { name, labels: new Map(Object.entries(labels)), value };
}

function samplesNamed(name: string, relayed: readonly RelayedFamily[]): readonly RelayedSample[] {
  return relayed.flatMap(({ samples }) => newestOfEach(samples.filter((sample) => sample.name === name)));
}

/** Levels with the same kept labels as one; what is no number adds nothing, and is told. */
function sums(samples: readonly RelayedSample[], measure: Measure): readonly GaugeSample[] {
  const bySeries = new Map<string, GaugeSample>();
  for (const { labels: own, value } of samples) {
    if (!Number.isFinite(value)) continue;
    const labels = keptLabels(own, measure);
    const key = seriesKey(labels);
    bySeries.set(key, { labels, value: value + (bySeries.get(key)?.value ?? 0) });
  }
  return [...bySeries.values()];
}

function keptLabels(own: Labels, { labels }: Measure): Labels {
  const value = (name: string): string => labelValue(Object.hasOwn(own, name) ? (own[name] ?? '') : '') ?? absent;
  return Object.fromEntries(['instance', 'job', ...labels].map((name) => [name, value(name)]));
}
