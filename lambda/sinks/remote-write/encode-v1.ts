import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { rawValueOf } from './sample-value.ts';
import type { Series, SeriesFamily } from './series.ts';

/** Field number and wire type in one byte, as prompb/remote.proto and prompb/types.proto number them. */
const tag = {
  requestTimeSeries: 0x0a,
  requestMetadata: 0x1a,
  seriesLabel: 0x0a,
  seriesSample: 0x12,
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
const typeNumber = { counter: 1, gauge: 2, histogram: 3 } as const satisfies Record<SeriesFamily['type'], number>;

/** A `prometheus.WriteRequest` of remote-write 1.0 with one sample a series. */
export function encodeV1(series: readonly Series[], timestampMs: number): Uint8Array {
  const writer = new BinaryWriter();
  for (const one of series) {
    writer.uint32(tag.requestTimeSeries).fork();
    const { labels } = one;
    for (let at = 0; at < labels.length; at += 2) {
      writer.uint32(tag.seriesLabel).fork();
      writer.uint32(tag.labelName).string(labels[at] ?? '');
      writer.uint32(tag.labelValue).string(labels[at + 1] ?? '');
      writer.join();
    }
    writer.uint32(tag.seriesSample).fork();
    writer.uint32(tag.sampleValue);
    const raw = rawValueOf(one);
    if (raw === undefined) writer.double(one.value);
    else writer.raw(raw);
    writer.uint32(tag.sampleTimestamp).int64(timestampMs);
    writer.join().join();
  }
  return writer.finish();
}

/**
 * A `prometheus.WriteRequest` with metadata only: outside the 1.0 specification, so Prometheus sends it apart from the
 * samples, and a receiver that does not know it loses nothing else.
 */
export function encodeMetadataV1(families: readonly SeriesFamily[]): Uint8Array {
  const writer = new BinaryWriter();
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
