/** What known receivers charge a month by; none of them publishes one price for all customers. */
import { groupDigits } from '../../model/text/wording.ts';
import type { CostLine } from '../sink.ts';
import type { Point } from './encode/points/point.ts';
import type { PresetName } from './receiver/presets.ts';
import { minuteMs, monthMs } from '../../model/time.ts';

const bytesPerGigabyte = 1e9;
const bytesPerKilobyte = 1000;

/** One run as it is sent, and how often there is one. */
export interface PricedRun {
  readonly points: readonly Point[];
  /** Every series that may report within an hour, those to which this run adds nothing among them. */
  readonly makeReporting: () => readonly Point[];
  /** Before compression. */
  readonly bytes: number;
  readonly intervalMs: number;
}

/** Empty where the receiver is free of charge or unknown. */
export function priceMonth(preset: PresetName | undefined, run: PricedRun): readonly CostLine[] {
  if (preset === undefined) return [];
  const charged = charges[preset];
  const isAnythingSent = run.points.length > 0 || run.makeReporting().length > 0;
  return charged === undefined || !isAnythingSent
    ? []
    : [{ item: charged.item, usd: undefined, basis: charged.basis(run) }];
}

/** Spans of one run as they are sent. */
export interface PricedSpans {
  readonly spans: number;
  /** Before compression. */
  readonly bytes: number;
}

/** What receivers charge for traces is known of none, so that there is only how much there is. */
export function priceTraces({ spans, bytes }: PricedSpans): readonly CostLine[] {
  const basis = `${groupDigits(spans)} spans with ${groupDigits(bytes / bytesPerKilobyte)} kB before compression in this run; a month has as many as runs and jobs finish in it, at the price of the receiver for traces, which is not known here`;
  return [{ item: 'Traces by OTLP, ingestion', usd: undefined, basis }];
}

interface Charge {
  readonly item: string;
  readonly basis: (run: PricedRun) => string;
}

const charges: Readonly<Record<PresetName, Charge | undefined>> = {
  cloudwatch: {
    item: 'CloudWatch, ingestion by OTLP',
    basis: (run) =>
      `about ${formatGigabytes(run)} GB before compression; no price per metric or call, the price per GB is not published`,
  },
  // It runs on the operator's own machines.
  collector: undefined,
  datadog: {
    item: 'Datadog, custom metrics',
    basis: ({ makeReporting }) =>
      `about ${groupDigits(sumPoints(makeReporting(), countCustomMetrics))} custom metrics, a histogram as five, that may report within an hour, those to which this run adds nothing among them; at the price of your contract and less what its hosts include`,
  },
  'google-cloud': {
    item: 'Google Cloud, Prometheus samples ingested',
    basis: ({ points, intervalMs }) =>
      `about ${groupDigits((sumPoints(points, countSamples) * monthMs) / intervalMs)} samples, a histogram as its filled buckets and two, see Google's price list`,
  },
  'grafana-cloud': {
    item: 'Grafana Cloud, active series',
    basis: ({ points, intervalMs }) => {
      const series = sumPoints(points, countSeries);
      const pointsAMinute = (series * minuteMs) / intervalMs;
      return `about ${groupDigits(series)} active series with ${groupDigits(pointsAMinute)} data points a minute, whichever your plan makes more of, at its price`;
    },
  },
  'new-relic': {
    item: 'New Relic, data ingest',
    basis: (run) =>
      `about ${formatGigabytes(run)} GB of OTLP before compression, at the price per GB of your plan and less what it includes; it is measured as stored`,
  },
};

function formatGigabytes({ bytes, intervalMs }: PricedRun): string {
  return ((bytes * (monthMs / intervalMs)) / bytesPerGigabyte).toFixed(2);
}

/** Datadog, "Custom Metrics Billing": a distribution is count, sum, min, max and average. */
function countCustomMetrics({ value }: Point): number {
  return value.type === 'number' ? 1 : 5;
}

/** Series in Prometheus: the buckets with that above all bounds, count and sum; an exponential histogram is one. */
function countSeries({ value }: Point): number {
  switch (value.type) {
    case 'number':
    case 'exponential':
      return 1;
    case 'histogram':
      return value.bounds.length + 3;
    case 'summary':
      return value.quantiles.length + 2;
  }
}

/** Managed Service for Prometheus counts what is filled of a histogram, its count and its sum. */
function countSamples({ value }: Point): number {
  switch (value.type) {
    case 'number':
      return 1;
    case 'exponential':
      return countFilled(value.positive.counts) + countFilled(value.negative.counts) + 2;
    case 'histogram':
      return countFilled(value.counts) + 2;
    case 'summary':
      return value.quantiles.length + 2;
  }
}

function countFilled(counts: readonly number[]): number {
  return counts.filter((count) => count > 0).length;
}

function sumPoints(points: readonly Point[], weigh: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + weigh(point), 0);
}
