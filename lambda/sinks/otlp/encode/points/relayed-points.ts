/** Turns the series of another system's page into points: buckets into one histogram, quantiles into one summary. */
import type { Labels } from '../../../../model/metric.ts';
import type { RelayedExemplar, RelayedFamily, RelayedSample } from '../../../../model/relayed.ts';
import { buildHistograms, type PageHistogram, omitLabel } from '../../../../prometheus-text/histograms.ts';
import { parseValue } from '../../../../prometheus-text/numbers.ts';
import type { PageSample } from '../../../../prometheus-text/page.ts';
import type { MetricKind, PointValue } from './point.ts';

/** A point whose attributes are labels still. */
export interface RelayedPoint {
  readonly labels: Labels;
  readonly value: PointValue;
  readonly startMs?: number | undefined;
  readonly timestampMs?: number | undefined;
  readonly exemplars?: readonly RelayedExemplar[];
}

/** What one metric of a page becomes: itself, or each of its series names where OTLP has no such type. */
export interface RelayedMetric {
  readonly name: string;
  readonly kind: MetricKind;
  /** `unsound`: histograms and summaries that add up to nothing that OTLP could hold. */
  readonly points: () => { readonly points: readonly RelayedPoint[]; readonly unsound: number };
}

export function splitRelayed(family: RelayedFamily): readonly RelayedMetric[] {
  const { name, type, declared, samples } = family;
  // The buckets of a gauge histogram may fall, which those of OTLP's histograms must not.
  if (type === 'histogram' && declared !== 'gaugehistogram')
    return [{ name, kind: 'histogram', points: () => buildHistogramPoints(family) }];
  if (type === 'summary') return [{ name, kind: 'summary', points: () => buildSummaryPoints(family) }];
  const kind = type === 'counter' ? 'counter' : 'gauge';
  return [...Map.groupBy(samples, (sample) => sample.name)].map(([own, lines]) => ({
    name: own,
    kind,
    points: () => ({ points: lines.map(buildNumberPoint), unsound: 0 }),
  }));
}

function buildNumberPoint({ labels, value, startMs, timestampMs, exemplar }: RelayedSample): RelayedPoint {
  return {
    labels,
    value: { type: 'number', value },
    startMs,
    timestampMs,
    ...(exemplar === undefined ? {} : { exemplars: [exemplar] }),
  };
}

function buildHistogramPoints({ name, samples }: RelayedFamily): ReturnType<RelayedMetric['points']> {
  const started = samples.find(({ startMs }) => startMs !== undefined)?.startMs;
  const { histograms, unsound } = buildHistograms({
    name,
    type: 'histogram',
    samples: samples.map(convertToPageSample),
  });
  // A text page may count in fractions; OTLP counts whole observations.
  const whole = histograms.filter(({ counts }) => counts.every(Number.isSafeInteger));
  return {
    points: whole.map((histogram) => buildHistogramPoint(histogram, started)),
    unsound: unsound.length + histograms.length - whole.length,
  };
}

function buildHistogramPoint(histogram: PageHistogram, startMs: number | undefined): RelayedPoint {
  const { labels, bounds, counts, sum, timestampMs, exemplars } = histogram;
  return {
    labels: Object.fromEntries(labels),
    value: { type: 'histogram', bounds, counts, ...(sum === undefined ? {} : { sum }) },
    startMs: histogram.startMs ?? startMs,
    timestampMs,
    exemplars: exemplars.map(({ labels: own, ...rest }) => ({ labels: Object.fromEntries(own), ...rest })),
  };
}

function buildSummaryPoints({ name, samples }: RelayedFamily): ReturnType<RelayedMetric['points']> {
  const pages = samples.map((sample) => ({
    sample,
    labels: omitLabel(new Map(Object.entries(sample.labels)), 'quantile'),
  }));
  const groups = Map.groupBy(pages, ({ labels, sample }) => JSON.stringify([[...labels], sample.timestampMs]));
  const points = [...groups.values()].flatMap((group): readonly RelayedPoint[] => {
    const [first] = group;
    if (first === undefined) return [];
    const lines = group.map(({ sample }) => sample);
    const findValue = (suffix: string): number => lines.find((line) => line.name === `${name}${suffix}`)?.value ?? 0;
    const quantiles = lines
      .filter((line) => line.name === name)
      .map(({ labels, value }) => ({ quantile: parseValue(labels['quantile'] ?? '') ?? NaN, value }))
      // OTLP, SummaryDataPoint: from 0 to 1, ascending.
      .filter(({ quantile }) => quantile >= 0 && quantile <= 1)
      .sort((a, b) => a.quantile - b.quantile);
    return [
      {
        labels: Object.fromEntries(first.labels),
        value: { type: 'summary', count: findValue('_count'), sum: findValue('_sum'), quantiles },
        startMs: first.sample.startMs,
        timestampMs: first.sample.timestampMs,
      },
    ];
  });
  const whole = points.filter(({ value }) => value.type === 'summary' && isCount(value.count));
  return { points: whole, unsound: points.length - whole.length };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function convertToPageSample({ name, labels, value, timestampMs, exemplar }: RelayedSample): PageSample {
  return {
    name,
    labels: new Map(Object.entries(labels)),
    value,
    ...(timestampMs === undefined ? {} : { timestampMs }),
    ...(exemplar === undefined ? {} : { exemplar: { ...exemplar, labels: new Map(Object.entries(exemplar.labels)) } }),
  };
}
