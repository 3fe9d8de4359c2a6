/** Maps relayed series to measures: levels as they are, and increases that the ledger finds. */
import type { FollowedCounter, Ledger } from '../../../counters/ledger.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { GaugeSample, Labels, MetricDefinition, MetricFamily } from '../../../model/metric.ts';
import { formatSeriesKey } from '../../../model/families/order.ts';
import { pickNewest, type RelayedFamily, type RelayedSample } from '../../../model/relayed.ts';
import { buildHistograms } from '../../../prometheus-text/histograms.ts';
import type { Measure } from './measure-setting.ts';
import { defineMeasure, type MeasureDefinition } from '../metrics.ts';
import type { IsNewSeries } from './new-series.ts';

/** Stands for a label that a series does not have: CloudWatch refuses blank dimensions. */
const absent = 'none';

export interface PreparedMeasure {
  readonly measure: Measure;
  readonly definition: MeasureDefinition;
}

export function prepareMeasures(measures: readonly Measure[]): readonly PreparedMeasure[] {
  return measures.map((measure) => ({ measure, definition: defineMeasure(measure) }));
}

/** Values of measures that are no numbers: NaN or infinite. No sink that keeps no series has a word for them. */
export interface NoNumbers {
  readonly samples: number;
  readonly example: string | undefined;
}

export function findNoNumbers(measures: readonly PreparedMeasure[], relayed: readonly RelayedFamily[]): NoNumbers {
  const found = measures
    .filter(({ definition }) => definition.type !== 'distribution')
    .flatMap(({ measure }) => selectSamples(measure.metric, relayed).filter(({ value }) => !Number.isFinite(value)));
  return { samples: found.length, example: found[0]?.name };
}

/** The levels among the measures. */
export function mapGauges(
  measures: readonly PreparedMeasure[],
  relayed: readonly RelayedFamily[],
): readonly MetricFamily[] {
  return measures.flatMap(({ measure, definition }): readonly MetricFamily[] => {
    if (definition.type !== 'gauge') return [];
    const samples = sumSamples(selectSamples(measure.metric, relayed), measure);
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
  for (const { labels, value, startMs } of selectSamples(measure.metric, relayed)) {
    const start = startMs === undefined ? {} : { startMs };
    ledger.follow(definition, keepLabels(labels, measure), {
      value,
      ...start,
      ...identifySeries(labels, measure, isNew),
    });
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
    const page = {
      name: family.name,
      type: 'histogram',
      samples: pickNewest(family.samples).map(convertSample),
    } as const;
    for (const { labels: own, bounds, counts, sum = 0, startMs } of buildHistograms(page).histograms) {
      const labels = Object.fromEntries(own);
      const start = startMs === undefined ? {} : { startMs };
      const seen = { bounds, counts, sum, ...start, ...identifySeries(labels, measure, isNew) };
      ledger.followHistogram(definition, keepLabels(labels, measure), seen);
    }
  }
}

/** Each series of the page is followed by itself, whatever becomes of its labels. */
function identifySeries(
  labels: Labels,
  measure: Measure,
  isNew: IsNewSeries,
): Pick<FollowedCounter, 'seriesId' | 'countsFrom'> {
  return { seriesId: formatSeriesKey(labels), ...(isNew(measure, labels) ? { countsFrom: 'zero' } : {}) };
}

function convertSample({ name, labels, value }: RelayedSample) {
  return { name, labels: new Map(Object.entries(labels)), value };
}

function selectSamples(name: string, relayed: readonly RelayedFamily[]): readonly RelayedSample[] {
  return relayed.flatMap(({ samples }) => pickNewest(samples.filter((sample) => sample.name === name)));
}

/** Levels with the same kept labels as one; values that are no numbers add nothing, and are reported. */
function sumSamples(samples: readonly RelayedSample[], measure: Measure): readonly GaugeSample[] {
  const bySeries = new Map<string, GaugeSample>();
  for (const { labels: own, value } of samples) {
    if (!Number.isFinite(value)) continue;
    const labels = keepLabels(own, measure);
    const key = formatSeriesKey(labels);
    bySeries.set(key, { labels, value: value + (bySeries.get(key)?.value ?? 0) });
  }
  return [...bySeries.values()];
}

function keepLabels(own: Labels, { labels }: Measure): Labels {
  const keepValue = (name: string): string =>
    makeLabelValue(Object.hasOwn(own, name) ? (own[name] ?? '') : '') ?? absent;
  return Object.fromEntries(['instance', 'job', ...labels].map((name) => [name, keepValue(name)]));
}
