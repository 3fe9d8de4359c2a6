/** Writes an ExportMetricsServiceRequest in JSON: enums as numbers, 64-bit integers as text (OTLP, "JSON Protobuf Encoding"). */
import type { RelayedExemplar } from '../../../model/relayed.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import {
  type Encode,
  grouped,
  isInteger,
  type MessageSettings,
  type MetricGroup,
  nanoseconds,
  noRecordedValue,
  type ResourceGroup,
  startOf,
  temporalityNumber,
} from './message.ts';
import type { Buckets, MetricKind, Point, PointMetric, PointValue } from './points/point.ts';
import { scope } from './resource.ts';

export const encodeJson: Encode = (points, settings) =>
  Buffer.from(
    JSON.stringify({ resourceMetrics: grouped(points, settings).map((group) => resourceOf(group, settings)) }),
  );

function resourceOf({ resource, metrics }: ResourceGroup, settings: MessageSettings): object {
  const { metricsSchemaUrl } = resource;
  return {
    resource: { attributes: attributesOf(resource.attributes) },
    scopeMetrics: [
      {
        scope,
        metrics: metrics.map((group) => metricOf(group, settings)),
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

function metricOf({ metric, points }: MetricGroup, { temporality, timestampMs }: MessageSettings): object {
  const { name, description, unit, kind } = metric;
  const isRead = kind === 'gauge' || kind === 'summary';
  return {
    name,
    ...(description === '' ? {} : { description }),
    ...(unit === '' ? {} : { unit }),
    [dataFields[kind]]: {
      dataPoints: points.map((point) => pointOf(point, timestampMs)),
      ...(isRead ? {} : { aggregationTemporality: temporalityNumber[kind === 'up-down' ? 'cumulative' : temporality] }),
      ...(kind === 'counter' ? { isMonotonic: true } : {}),
    },
  };
}

function pointOf(point: Point, timestampMs: number): object {
  const { labels, timestampMs: timeMs = timestampMs, isStale, family, value, exemplars = [] } = point;
  const startMs = startOf(point.startMs, timeMs);
  return {
    attributes: attributesOf(labels),
    ...(startMs === undefined ? {} : { startTimeUnixNano: String(nanoseconds(startMs)) }),
    timeUnixNano: String(nanoseconds(timeMs)),
    ...(isStale ? { flags: noRecordedValue } : valueOf(family, value)),
    ...(isStale || exemplars.length === 0 || family.kind === 'summary' ? {} : { exemplars: exemplars.map(exemplarOf) }),
  };
}

function valueOf(metric: PointMetric, value: PointValue): object {
  switch (value.type) {
    case 'number':
      return isInteger(metric, value.value) ? { asInt: String(value.value) } : { asDouble: doubleOf(value.value) };
    case 'histogram':
      return {
        count: String(value.counts.reduce((total, count) => total + count, 0)),
        ...(value.sum === undefined ? {} : { sum: doubleOf(value.sum) }),
        bucketCounts: value.counts.map(String),
        explicitBounds: value.bounds,
        ...extremesOf(value),
      };
    case 'exponential':
      return {
        count: String(value.count),
        sum: doubleOf(value.sum),
        scale: value.scale,
        zeroCount: String(value.zeroCount),
        ...(value.positive.counts.length === 0 ? {} : { positive: bucketsOf(value.positive) }),
        ...(value.negative.counts.length === 0 ? {} : { negative: bucketsOf(value.negative) }),
        ...extremesOf(value),
      };
    case 'summary':
      return {
        count: String(value.count),
        sum: doubleOf(value.sum),
        quantileValues: value.quantiles.map(({ quantile, value: own }) => ({ quantile, value: doubleOf(own) })),
      };
  }
}

function extremesOf({ min, max }: { readonly min?: number; readonly max?: number }): object {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function bucketsOf({ offset, counts }: Buckets): object {
  return { offset, bucketCounts: counts.map(String) };
}

/** protobuf's JSON mapping: three doubles have no number in JSON. */
function doubleOf(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function exemplarOf({ labels, value, timestampMs }: RelayedExemplar): object {
  const told = Object.entries(labels).filter(([key, text]) => key !== '' && text !== '');
  return {
    ...(timestampMs === undefined ? {} : { timeUnixNano: String(nanoseconds(timestampMs)) }),
    asDouble: doubleOf(value),
    filteredAttributes: attributesOf(told.flatMap(([key, text]) => [key.toWellFormed(), text.toWellFormed()])),
  };
}

export function attributesOf(labels: LabelSet): readonly object[] {
  const attributes: object[] = [];
  for (let at = 0; at < labels.length; at += 2)
    attributes.push({ key: labels[at], value: { stringValue: labels[at + 1] } });
  return attributes;
}
