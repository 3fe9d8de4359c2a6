/** Writes an ExportMetricsServiceRequest in JSON: enums as numbers, 64-bit integers as text. */
import type { RelayedExemplar } from '../../../model/relayed.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import {
  type Encode,
  groupPoints,
  isInteger,
  type MessageSettings,
  type MetricGroup,
  convertToNanoseconds,
  noRecordedValue,
  type ResourceGroup,
  limitStart,
  temporalityNumber,
} from './message.ts';
import type { Buckets, MetricKind, Point, PointMetric, PointValue } from './points/point.ts';
import { scope } from './resource.ts';

export const encodeJson: Encode = (points, settings) =>
  Buffer.from(
    JSON.stringify({ resourceMetrics: groupPoints(points, settings).map((group) => writeResource(group, settings)) }),
  );

function writeResource({ resource, metrics }: ResourceGroup, settings: MessageSettings): object {
  const { metricsSchemaUrl } = resource;
  return {
    resource: { attributes: writeAttributes(resource.attributes) },
    scopeMetrics: [
      {
        scope,
        metrics: metrics.map((group) => writeMetric(group, settings)),
        ...(metricsSchemaUrl === undefined ? {} : { schemaUrl: metricsSchemaUrl }),
      },
    ],
    schemaUrl: resource.schemaUrl,
  };
}

const dataFields = {
  gauge: 'gauge',
  'up-down': 'sum',
  counter: 'sum',
  histogram: 'histogram',
  exponential: 'exponentialHistogram',
  summary: 'summary',
} as const satisfies Record<MetricKind, string>;

function writeMetric({ metric, points }: MetricGroup, { temporality, timestampMs }: MessageSettings): object {
  const { name, description, unit, kind } = metric;
  const isRead = kind === 'gauge' || kind === 'summary';
  return {
    name,
    ...(description === '' ? {} : { description }),
    ...(unit === '' ? {} : { unit }),
    [dataFields[kind]]: {
      dataPoints: points.map((point) => writePoint(point, timestampMs)),
      ...(isRead ? {} : { aggregationTemporality: temporalityNumber[kind === 'up-down' ? 'cumulative' : temporality] }),
      ...(kind === 'counter' ? { isMonotonic: true } : {}),
    },
  };
}

function writePoint(point: Point, timestampMs: number): object {
  const { labels, timestampMs: timeMs = timestampMs, isStale, family, value, exemplars = [] } = point;
  const startMs = limitStart(point.startMs, timeMs);
  return {
    attributes: writeAttributes(labels),
    ...(startMs === undefined ? {} : { startTimeUnixNano: String(convertToNanoseconds(startMs)) }),
    timeUnixNano: String(convertToNanoseconds(timeMs)),
    ...(isStale ? { flags: noRecordedValue } : writeValue(family, value)),
    ...(isStale || exemplars.length === 0 || family.kind === 'summary'
      ? {}
      : { exemplars: exemplars.map(writeExemplar) }),
  };
}

function writeValue(metric: PointMetric, value: PointValue): object {
  switch (value.type) {
    case 'number':
      return isInteger(metric, value.value) ? { asInt: String(value.value) } : { asDouble: writeDouble(value.value) };
    case 'histogram':
      return {
        count: String(value.counts.reduce((total, count) => total + count, 0)),
        ...(value.sum === undefined ? {} : { sum: writeDouble(value.sum) }),
        bucketCounts: value.counts.map(String),
        explicitBounds: value.bounds,
        ...writeExtremes(value),
      };
    case 'exponential':
      return {
        count: String(value.count),
        sum: writeDouble(value.sum),
        scale: value.scale,
        zeroCount: String(value.zeroCount),
        ...(value.positive.counts.length === 0 ? {} : { positive: writeBuckets(value.positive) }),
        ...(value.negative.counts.length === 0 ? {} : { negative: writeBuckets(value.negative) }),
        ...writeExtremes(value),
      };
    case 'summary':
      return {
        count: String(value.count),
        sum: writeDouble(value.sum),
        quantileValues: value.quantiles.map(({ quantile, value: own }) => ({ quantile, value: writeDouble(own) })),
      };
  }
}

function writeExtremes({ min, max }: { readonly min?: number; readonly max?: number }): object {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function writeBuckets({ offset, counts }: Buckets): object {
  return { offset, bucketCounts: counts.map(String) };
}

/** protobuf's JSON mapping: three doubles have no number in JSON. */
function writeDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function writeExemplar({ labels, value, timestampMs }: RelayedExemplar): object {
  const filled = Object.entries(labels).filter(([key, text]) => key !== '' && text !== '');
  return {
    ...(timestampMs === undefined ? {} : { timeUnixNano: String(convertToNanoseconds(timestampMs)) }),
    asDouble: writeDouble(value),
    filteredAttributes: writeAttributes(filled.flatMap(([key, text]) => [key.toWellFormed(), text.toWellFormed()])),
  };
}

export function writeAttributes(labels: LabelSet): readonly object[] {
  const attributes: object[] = [];
  for (let at = 0; at < labels.length; at += 2)
    attributes.push({ key: labels[at], value: { stringValue: labels[at + 1] } });
  return attributes;
}
