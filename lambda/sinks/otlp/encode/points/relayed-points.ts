/** Turns series of another system's page into points: buckets become one histogram again, and quantiles one summary. */
import type { Labels } from '../../../../model/metric.ts';
import type { RelayedExemplar, RelayedFamily, RelayedSample } from '../../../../model/relayed.ts';
import { histogramsOf, type PageHistogram, without } from '../../../../prometheus-text/histograms.ts';
import { valueOf } from '../../../../prometheus-text/numbers.ts';
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

export function metricsOfRelayed(family: RelayedFamily): readonly RelayedMetric[] {
  const { name, type, declared, samples } = family;
  // The buckets of a gauge histogram may fall, which those of OTLP's histograms must not.
  if (type === 'histogram' && declared !== 'gaugehistogram')
    return [{ name, kind: 'histogram', points: () => histogramPoints(family) }];
  if (type === 'summary') return [{ name, kind: 'summary', points: () => summaryPoints(family) }];
  const kind = type === 'counter' ? 'counter' : 'gauge';
  return [...Map.groupBy(samples, (sample) => sample.name)].map(([own, lines]) => ({
    name: own,
    kind,
    points: () => ({ points: lines.map(numberPoint), unsound: 0 }),
  }));
}

function numberPoint({ labels, value, startMs, timestampMs, exemplar }: RelayedSample): RelayedPoint {
  return {
    labels,
    value: { type: 'number', value },
    startMs,
    timestampMs,
    ...(exemplar === undefined ? {} : { exemplars: [exemplar] }),
  };
}

function histogramPoints({ name, samples }: RelayedFamily): ReturnType<RelayedMetric['points']> {
  const started = samples.find(({ startMs }) => startMs !== undefined)?.startMs;
  const { histograms, unsound } = histogramsOf({ name, type: 'histogram', samples: samples.map(asPageSample) });
  // A text page may count in fractions; OTLP counts whole observations.
  const whole = histograms.filter(({ counts }) => counts.every(Number.isSafeInteger));
  return {
    points: whole.map((histogram) => histogramPoint(histogram, started)),
    unsound: unsound.length + histograms.length - whole.length,
  };
}

function histogramPoint(histogram: PageHistogram, startMs: number | undefined): RelayedPoint {
  const { labels, bounds, counts, sum, timestampMs, exemplars } = histogram;
  return {
    labels: Object.fromEntries(labels),
    value: { type: 'histogram', bounds, counts, ...(sum === undefined ? {} : { sum }) },
    startMs: histogram.startMs ?? startMs,
    timestampMs,
    exemplars: exemplars.map(({ labels: own, ...rest }) => ({ labels: Object.fromEntries(own), ...rest })),
  };
}

function summaryPoints({ name, samples }: RelayedFamily): ReturnType<RelayedMetric['points']> {
  const pages = samples.map((sample) => ({
    sample,
    labels: without(new Map(Object.entries(sample.labels)), 'quantile'),
  }));
  const groups = Map.groupBy(pages, ({ labels, sample }) => JSON.stringify([[...labels], sample.timestampMs]));
  const points = [...groups.values()].flatMap((group): readonly RelayedPoint[] => {
    const [first] = group;
    if (first === undefined) return [];
    const lines = group.map(({ sample }) => sample);
    const ofLine = (suffix: string): number => lines.find((line) => line.name === `${name}${suffix}`)?.value ?? 0;
    const quantiles = lines
      .filter((line) => line.name === name)
      .map(({ labels, value }) => ({ quantile: valueOf(labels['quantile'] ?? '') ?? NaN, value }))
      // OTLP, SummaryDataPoint: from 0 to 1, ascending.
      .filter(({ quantile }) => quantile >= 0 && quantile <= 1)
      .sort((a, b) => a.quantile - b.quantile);
    return [
      {
        labels: Object.fromEntries(first.labels),
        value: { type: 'summary', count: ofLine('_count'), sum: ofLine('_sum'), quantiles },
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

function asPageSample({ name, labels, value, timestampMs, exemplar }: RelayedSample): PageSample {
  return {
    name,
    labels: new Map(Object.entries(labels)),
    value,
    ...(timestampMs === undefined ? {} : { timestampMs }),
    ...(exemplar === undefined ? {} : { exemplar: { ...exemplar, labels: new Map(Object.entries(exemplar.labels)) } }),
  };
}
