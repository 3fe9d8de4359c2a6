/** Writes series as a message of remote write 1.0. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { RelayedExemplar } from '../../../model/relayed.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import { createLabelSplitter } from '../../../series/repeated-labels.ts';
import { encodeRawValue } from './sample-value.ts';
import { findSeriesEnd, type Series, type SeriesFamily } from './series.ts';

/** Field number and wire type in one byte, as prompb/remote.proto and prompb/types.proto number them. */
const tag = {
  requestTimeSeries: 0x0a,
  requestMetadata: 0x1a,
  seriesLabel: 0x0a,
  seriesSample: 0x12,
  seriesExemplar: 0x1a,
  exemplarLabel: 0x0a,
  exemplarValue: 0x11,
  exemplarTimestamp: 0x18,
  labelName: 0x0a,
  labelValue: 0x12,
  sampleValue: 0x09,
  sampleTimestamp: 0x10,
  metadataType: 0x08,
  metadataName: 0x12,
  metadataHelp: 0x22,
  metadataUnit: 0x2a,
} as const;

/** MetricMetadata.MetricType. */
const typeNumber = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  gaugehistogram: 4,
  summary: 5,
  info: 6,
  stateset: 7,
} as const satisfies Record<SeriesFamily['type'], number>;

/** One for all requests: it keeps its buffer, which otherwise grows to half a megabyte in each of them. */
const writer = new BinaryWriter();

/** A `prometheus.WriteRequest` of remote-write 1.0; samples of one series stand side by side, oldest first. */
export function encodeV1(series: readonly Series[], timestampMs: number): Uint8Array {
  const encodeSample = createSampleEncoder(timestampMs);
  const splitLabels = createLabelSplitter((labels, from, to) =>
    writeLabels(new BinaryWriter(), labels, from, to).finish(),
  );
  for (let at = 0; at < series.length;) {
    const end = findSeriesEnd(series, at);
    const labels = series[at]?.labels ?? [];
    const { from, to, head, tail } = splitLabels(labels);
    writer.uint32(tag.requestTimeSeries).fork().raw(head);
    writeLabels(writer, labels, from, to).raw(tail);
    writeSamples(series, at, end, encodeSample);
    writeExemplars(series, at, end, timestampMs);
    writer.join();
    at = end;
  }
  return writer.finish();
}

function writeSamples(series: readonly Series[], from: number, to: number, encodeSample: EncodeSample): void {
  for (let at = from; at < to; at += 1) {
    const one = series[at];
    if (one === undefined) return;
    writer.raw(one.timestampMs === undefined ? encodeSample(one) : createSampleEncoder(one.timestampMs)(one));
  }
}

function writeExemplars(series: readonly Series[], from: number, to: number, timestampMs: number): void {
  for (let at = from; at < to; at += 1) {
    const exemplar = series[at]?.exemplar;
    if (exemplar !== undefined) writeExemplar(writer, exemplar, series[at]?.timestampMs ?? timestampMs);
  }
}

function writeLabels(into: BinaryWriter, labels: LabelSet, from: number, to: number): BinaryWriter {
  for (let at = from; at < to; at += 2) {
    into.uint32(tag.seriesLabel).fork();
    into.uint32(tag.labelName).string(labels[at] ?? '');
    into.uint32(tag.labelValue).string(labels[at + 1] ?? '');
    into.join();
  }
  return into;
}

function writeExemplar(into: BinaryWriter, exemplar: RelayedExemplar, sampleMs: number): void {
  into.uint32(tag.seriesExemplar).fork();
  for (const [name, value] of Object.entries(exemplar.labels)) {
    into.uint32(tag.exemplarLabel).fork();
    into.uint32(tag.labelName).string(name);
    into.uint32(tag.labelValue).string(value);
    into.join();
  }
  into.uint32(tag.exemplarValue).double(exemplar.value);
  into.uint32(tag.exemplarTimestamp).int64(exemplar.timestampMs ?? sampleMs);
  into.join();
}

/** Before a sample's value: the tag and the length of the sample and the tag of the value, a byte each. */
const valueAt = 3;

type EncodeSample = (series: Series) => Uint8Array;

/** The samples of a request differ in their values only, which have a place of their own in the same bytes. */
function createSampleEncoder(timestampMs: number): EncodeSample {
  const sample = new BinaryWriter().uint32(tag.seriesSample).fork();
  const bytes = sample.uint32(tag.sampleValue).double(0).uint32(tag.sampleTimestamp).int64(timestampMs).join().finish();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return (series) => {
    const raw = encodeRawValue(series);
    if (raw === undefined) view.setFloat64(valueAt, series.value, true);
    else bytes.set(raw, valueAt);
    return bytes;
  };
}

/**
 * A `prometheus.WriteRequest` with metadata only: outside the 1.0 specification, so Prometheus sends it apart from the
 * samples, and a receiver that does not know it loses nothing else.
 */
export function encodeMetadataV1(families: readonly SeriesFamily[]): Uint8Array {
  for (const { name, type, help, unit } of families) {
    writer.uint32(tag.requestMetadata).fork();
    writer.uint32(tag.metadataType).int32(typeNumber[type]);
    writer.uint32(tag.metadataName).string(name);
    writer.uint32(tag.metadataHelp).string(help);
    if (unit !== '') writer.uint32(tag.metadataUnit).string(unit);
    writer.join();
  }
  return writer.finish();
}
