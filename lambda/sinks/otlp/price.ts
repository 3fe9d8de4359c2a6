/** What a month is charged by at the receivers that have a name; none of them publishes a price for everybody. */
import type { CostLine } from '../sink.ts';
import type { Point } from './encode/points/point.ts';
import type { PresetName } from './receiver/presets.ts';

/** 365 days through 12. */
const msPerMonth = 730 * 3_600_000;

const msPerMinute = 60_000;

const bytesPerGigabyte = 1e9;

/** One run as it is sent, and how often there is one. */
export interface PricedRun {
  readonly points: readonly Point[];
  /** Before compression. */
  readonly bytes: number;
  readonly intervalMs: number;
}

/** Empty where nobody charges, or nobody knows who does. */
export function monthlyCostOf(preset: PresetName | undefined, run: PricedRun): readonly CostLine[] {
  if (preset === undefined || run.points.length === 0) return [];
  const charged = charges[preset];
  return charged === undefined ? [] : [{ item: charged.item, usd: undefined, basis: charged.basis(run) }];
}

interface Charge {
  readonly item: string;
  readonly basis: (run: PricedRun) => string;
}

const charges: Readonly<Record<PresetName, Charge | undefined>> = {
  cloudwatch: {
    item: 'CloudWatch, ingestion by OTLP',
    basis: (run) =>
      `about ${gigabytesOf(run)} GB before compression; no price per metric or call, the price per GB is not published`,
  },
  // A program of one's own.
  collector: undefined,
  datadog: {
    item: 'Datadog, custom metrics',
    basis: ({ points }) =>
      `about ${grouped(sumOf(points, customMetricsOf))} custom metrics, a histogram as five, at the price of your contract and less what its hosts include`,
  },
  'google-cloud': {
    item: 'Google Cloud, Prometheus samples ingested',
    basis: ({ points, intervalMs }) =>
      `about ${grouped((sumOf(points, samplesOf) * msPerMonth) / intervalMs)} samples, a histogram as its filled buckets and two, see Google's price list`,
  },
  'grafana-cloud': {
    item: 'Grafana Cloud, active series',
    basis: ({ points, intervalMs }) => {
      const series = sumOf(points, seriesOf);
      const pointsAMinute = (series * msPerMinute) / intervalMs;
      return `about ${grouped(series)} active series with ${grouped(pointsAMinute)} data points a minute, whichever your plan makes more of, at its price`;
    },
  },
  'new-relic': {
    item: 'New Relic, data ingest',
    basis: (run) =>
      `about ${gigabytesOf(run)} GB of OTLP before compression, at the price per GB of your plan and less what it includes; it is measured as stored`,
  },
};

function gigabytesOf({ bytes, intervalMs }: PricedRun): string {
  return ((bytes * (msPerMonth / intervalMs)) / bytesPerGigabyte).toFixed(2);
}

/** Datadog, "Custom Metrics Billing": a distribution is count, sum, min, max and average. */
function customMetricsOf({ value }: Point): number {
  return value.type === 'number' ? 1 : 5;
}

/** Series in Prometheus: the buckets with that above all bounds, count and sum; an exponential histogram is one. */
function seriesOf({ value }: Point): number {
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
function samplesOf({ value }: Point): number {
  switch (value.type) {
    case 'number':
      return 1;
    case 'exponential':
      return filledOf(value.positive.counts) + filledOf(value.negative.counts) + 2;
    case 'histogram':
      return filledOf(value.counts) + 2;
    case 'summary':
      return value.quantiles.length + 2;
  }
}

function filledOf(counts: readonly number[]): number {
  return counts.filter((count) => count > 0).length;
}

function sumOf(points: readonly Point[], weightOf: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + weightOf(point), 0);
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
