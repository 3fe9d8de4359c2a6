/** Writes an ExportMetricsServiceRequest in protobuf. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { RelayedExemplar } from '../../../model/relayed.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import { createLabelSplitter, type Split } from '../../../series/repeated-labels.ts';
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
import { writeEnvelope, writeText } from './protobuf-envelope.ts';

/**
 * Field number and wire type in one byte, as opentelemetry/proto numbers them: collector/metrics/v1, metrics/v1,
 * resource/v1 and common/v1.
 */
const tag = {
  scopeMetric: 0x12,
  metricName: 0x0a,
  metricDescription: 0x12,
  metricUnit: 0x1a,
  dataPoint: 0x0a,
  dataTemporality: 0x10,
  sumIsMonotonic: 0x18,
  pointStart: 0x11,
  pointTime: 0x19,
  exemplarTime: 0x11,
  exemplarDouble: 0x19,
  exemplarAttribute: 0x3a,
  bucketsOffset: 0x08,
  bucketsCounts: 0x12,
  quantileQuantile: 0x09,
  quantileValue: 0x11,
} as const;

/** NumberDataPoint. */
const numberTag = { double: 0x21, exemplar: 0x2a, int: 0x31, attribute: 0x3a, flags: 0x40 } as const;

/** HistogramDataPoint. */
const histogramTag = {
  count: 0x21,
  sum: 0x29,
  counts: 0x32,
  bounds: 0x3a,
  exemplar: 0x42,
  attribute: 0x4a,
  flags: 0x50,
  min: 0x59,
  max: 0x61,
} as const;

/** ExponentialHistogramDataPoint. */
const exponentialTag = {
  attribute: 0x0a,
  count: 0x21,
  sum: 0x29,
  scale: 0x30,
  zeroCount: 0x39,
  positive: 0x42,
  negative: 0x4a,
  flags: 0x50,
  exemplar: 0x5a,
  min: 0x61,
  max: 0x69,
} as const;

/** SummaryDataPoint. */
const summaryTag = { count: 0x21, sum: 0x29, quantile: 0x32, attribute: 0x3a, flags: 0x40 } as const;

/** The field of Metric that holds its points, and the field of a point that holds an attribute. */
const fields = {
  gauge: { data: 0x2a, point: numberTag },
  'up-down': { data: 0x3a, point: numberTag },
  counter: { data: 0x3a, point: numberTag },
  histogram: { data: 0x4a, point: histogramTag },
  exponential: { data: 0x52, point: exponentialTag },
  summary: { data: 0x5a, point: summaryTag },
} as const satisfies Record<MetricKind, { data: number; point: { attribute: number; flags: number } }>;

/** One for all requests: it keeps its buffer, which otherwise grows to a megabyte in each of them. */
const writer = new BinaryWriter();

export const encodeProtobuf: Encode = (points, settings) => {
  for (const group of groupPoints(points, settings)) writeResource(group, settings);
  return writer.finish();
};

function writeResource({ resource, metrics }: ResourceGroup, settings: MessageSettings): void {
  writeEnvelope(writer, resource, () => {
    for (const group of metrics) writeMetric(group, settings);
  });
}

function writeMetric({ metric, points }: MetricGroup, settings: MessageSettings): void {
  const { name, description, unit, kind } = metric;
  const { data, point } = fields[kind];
  writer.uint32(tag.scopeMetric).fork();
  writer.uint32(tag.metricName).string(name);
  if (description !== '') writer.uint32(tag.metricDescription).string(description);
  if (unit !== '') writer.uint32(tag.metricUnit).string(unit);
  writer.uint32(data).fork();
  const splitLabels = createLabelSplitter((labels, from, to) =>
    writeAttributes(new BinaryWriter(), labels, point.attribute, from, to).finish(),
  );
  const encodeTimes = createTimesEncoder(settings.timestampMs);
  for (const one of points) writePoint(one, splitLabels(one.labels), encodeTimes(one));
  if (kind !== 'gauge' && kind !== 'summary')
    writer
      .uint32(tag.dataTemporality)
      .int32(temporalityNumber[kind === 'up-down' ? 'cumulative' : settings.temporality]);
  if (kind === 'counter') writer.uint32(tag.sumIsMonotonic).bool(true);
  writer.join();
  writer.join();
}

/** The attributes have the same bytes as those of the neighbours but for one or two, and the times hardly ever differ. */
function writePoint({ family, labels, value, isStale, exemplars = [] }: Point, split: Split, times: Uint8Array): void {
  const { point } = fields[family.kind];
  writer.uint32(tag.dataPoint).fork();
  writer.raw(split.head);
  writeAttributes(writer, labels, point.attribute, split.from, split.to).raw(split.tail).raw(times);
  if (isStale) writer.uint32(point.flags).uint32(noRecordedValue);
  else {
    writeValue(family, value);
    if ('exemplar' in point) for (const exemplar of exemplars) writeExemplar(exemplar, point.exemplar);
  }
  writer.join();
}

function writeAttributes(into: BinaryWriter, labels: LabelSet, field: number, from: number, to: number): BinaryWriter {
  for (let at = from; at < to; at += 2) writeText(into, field, labels[at] ?? '', labels[at + 1] ?? '');
  return into;
}

/** The start and the time of a point; those of the point before where they are the same. */
function createTimesEncoder(timestampMs: number): (point: Point) => Uint8Array {
  let known: { readonly startMs: number | undefined; readonly timeMs: number; readonly bytes: Uint8Array } | undefined;
  return ({ startMs: began, timestampMs: timeMs = timestampMs }) => {
    const startMs = limitStart(began, timeMs);
    if (known?.startMs === startMs && known?.timeMs === timeMs) return known.bytes;
    const times = new BinaryWriter();
    if (startMs !== undefined) times.uint32(tag.pointStart).fixed64(convertToNanoseconds(startMs));
    const bytes = times.uint32(tag.pointTime).fixed64(convertToNanoseconds(timeMs)).finish();
    known = { startMs, timeMs, bytes };
    return bytes;
  };
}

function writeValue(metric: PointMetric, value: PointValue): void {
  switch (value.type) {
    case 'number':
      if (isInteger(metric, value.value)) writer.uint32(numberTag.int).sfixed64(value.value);
      else writer.uint32(numberTag.double).double(value.value);
      return;
    case 'histogram':
      writeHistogram(value);
      return;
    case 'exponential':
      writeExponential(value);
      return;
    case 'summary':
      writeSummary(value);
  }
}

function writeHistogram({ bounds, counts, sum, min, max }: Extract<PointValue, { type: 'histogram' }>): void {
  writer.uint32(histogramTag.count).fixed64(sumCounts(counts));
  if (sum !== undefined) writer.uint32(histogramTag.sum).double(sum);
  writer.uint32(histogramTag.counts).fork();
  for (const count of counts) writer.fixed64(count);
  writer.join();
  writer.uint32(histogramTag.bounds).fork();
  for (const bound of bounds) writer.double(bound);
  writer.join();
  if (min !== undefined) writer.uint32(histogramTag.min).double(min);
  if (max !== undefined) writer.uint32(histogramTag.max).double(max);
}

function writeExponential(value: Extract<PointValue, { type: 'exponential' }>): void {
  const { scale, zeroCount, positive, negative, count, sum, min, max } = value;
  writer.uint32(exponentialTag.count).fixed64(count).uint32(exponentialTag.sum).double(sum);
  writer.uint32(exponentialTag.scale).sint32(scale).uint32(exponentialTag.zeroCount).fixed64(zeroCount);
  writeBuckets(positive, exponentialTag.positive);
  writeBuckets(negative, exponentialTag.negative);
  if (min !== undefined) writer.uint32(exponentialTag.min).double(min);
  if (max !== undefined) writer.uint32(exponentialTag.max).double(max);
}

function writeBuckets({ offset, counts }: Buckets, field: number): void {
  if (counts.length === 0) return;
  writer.uint32(field).fork().uint32(tag.bucketsOffset).sint32(offset);
  writer.uint32(tag.bucketsCounts).fork();
  for (const count of counts) writer.uint64(count);
  writer.join().join();
}

function writeSummary({ count, sum, quantiles }: Extract<PointValue, { type: 'summary' }>): void {
  writer.uint32(summaryTag.count).fixed64(count).uint32(summaryTag.sum).double(sum);
  for (const { quantile, value } of quantiles) {
    writer.uint32(summaryTag.quantile).fork();
    writer.uint32(tag.quantileQuantile).double(quantile).uint32(tag.quantileValue).double(value);
    writer.join();
  }
}

function writeExemplar({ labels, value, timestampMs }: RelayedExemplar, field: number): void {
  writer.uint32(field).fork();
  if (timestampMs !== undefined) writer.uint32(tag.exemplarTime).fixed64(convertToNanoseconds(timestampMs));
  writer.uint32(tag.exemplarDouble).double(value);
  const filled = flattenLabels(labels);
  writeAttributes(writer, filled, tag.exemplarAttribute, 0, filled.length);
  writer.join();
}

/** Of an exemplar: its labels point to the run. */
function flattenLabels(labels: RelayedExemplar['labels']): LabelSet {
  return Object.entries(labels)
    .filter(([key, value]) => key !== '' && value !== '')
    .flatMap(([key, value]) => [key.toWellFormed(), value.toWellFormed()]);
}

function sumCounts(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
