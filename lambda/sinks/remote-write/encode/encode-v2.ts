/** Writes series as a message of remote write 2.0. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { RelayedExemplar } from '../../../model/relayed.ts';
import type { LabelSet } from '../../../series/label-set.ts';
import { encodeRawValue } from './sample-value.ts';
import { findSeriesEnd, type Series, type SeriesFamily } from './series.ts';

/** Field number and wire type in one byte, as prompb/io/prometheus/write/v2/types.proto (2.0-rc.4) numbers them. */
const tag = {
  requestSymbol: 0x22,
  requestTimeSeries: 0x2a,
  seriesLabelRefs: 0x0a,
  seriesSample: 0x12,
  seriesExemplar: 0x22,
  exemplarLabelRefs: 0x0a,
  exemplarValue: 0x11,
  exemplarTimestamp: 0x18,
  seriesMetadata: 0x2a,
  sampleValue: 0x09,
  sampleTimestamp: 0x10,
  sampleStart: 0x18,
  metadataType: 0x08,
  metadataHelp: 0x18,
  metadataUnit: 0x20,
} as const;

/** Metadata.MetricType. */
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

/** An `io.prometheus.write.v2.Request` with the metadata inline; samples of one series stand side by side, oldest first. */
export function encodeV2(series: readonly Series[], timestampMs: number): Uint8Array {
  const symbols = new Map<string, number>([['', 0]]);
  const addSymbol: AddSymbol = (text) => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const resolveLabels = createLabelResolver(addSymbol);
  const body = new BinaryWriter();
  const context = { timestampMs, addSymbol, resolveLabels };
  for (let at = 0; at < series.length;) {
    const end = findSeriesEnd(series, at);
    writeSeries(body, series, at, end, context);
    at = end;
  }
  // The symbols come first and are complete only now.
  const head = new BinaryWriter();
  for (const symbol of symbols.keys()) head.uint32(tag.requestSymbol).string(symbol);
  return head.raw(body.finish()).finish();
}

type AddSymbol = (text: string) => number;
type ResolveLabels = (labels: LabelSet) => readonly number[];

/** Sorted series repeat most labels of the one before, and then need not be looked up. The list is valid until the next call. */
function createLabelResolver(addSymbol: AddSymbol): ResolveLabels {
  let before: LabelSet = [];
  const refs: number[] = [];
  return (labels) => {
    refs.length = labels.length;
    for (const [at, text] of labels.entries()) if (text !== before[at]) refs[at] = addSymbol(text);
    before = labels;
    return refs;
  };
}

interface RequestContext {
  readonly timestampMs: number;
  readonly addSymbol: AddSymbol;
  readonly resolveLabels: ResolveLabels;
}

function writeSeries(
  writer: BinaryWriter,
  series: readonly Series[],
  from: number,
  to: number,
  { timestampMs, addSymbol, resolveLabels }: RequestContext,
): void {
  const first = series[from];
  if (first === undefined) return;
  const { labels, family } = first;
  writer.uint32(tag.requestTimeSeries).fork();
  writer.uint32(tag.seriesLabelRefs).fork();
  for (const ref of resolveLabels(labels)) writer.uint32(ref);
  writer.join();
  for (let at = from; at < to; at += 1) writeSample(writer, series[at] ?? first, timestampMs);
  for (let at = from; at < to; at += 1) {
    const { exemplar, timestampMs: ownMs = timestampMs } = series[at] ?? first;
    if (exemplar !== undefined) writeExemplar(writer, exemplar, ownMs, addSymbol);
  }
  writeMetadata(writer, family, addSymbol);
  writer.join();
}

function writeMetadata(writer: BinaryWriter, { type, help, unit }: SeriesFamily, addSymbol: AddSymbol): void {
  writer.uint32(tag.seriesMetadata).fork();
  writer.uint32(tag.metadataType).int32(typeNumber[type]);
  if (help !== '') writer.uint32(tag.metadataHelp).uint32(addSymbol(help));
  if (unit !== '') writer.uint32(tag.metadataUnit).uint32(addSymbol(unit));
  writer.join();
}

function writeSample(writer: BinaryWriter, series: Series, timestampMs: number): void {
  const { startMs, isStale } = series;
  writer.uint32(tag.seriesSample).fork();
  writer.uint32(tag.sampleValue);
  const raw = encodeRawValue(series);
  if (raw === undefined) writer.double(series.value);
  else writer.raw(raw);
  writer.uint32(tag.sampleTimestamp).int64(series.timestampMs ?? timestampMs);
  // 0 means that none is given; the specification has 1 stand for the beginning of 1970.
  // A start that is no time is one that is not known.
  if (startMs !== undefined && Number.isSafeInteger(startMs) && !isStale)
    writer.uint32(tag.sampleStart).int64(startMs === 0 ? 1 : startMs);
  writer.join();
}

function writeExemplar(writer: BinaryWriter, exemplar: RelayedExemplar, sampleMs: number, addSymbol: AddSymbol): void {
  writer.uint32(tag.seriesExemplar).fork();
  writer.uint32(tag.exemplarLabelRefs).fork();
  for (const [name, value] of Object.entries(exemplar.labels)) writer.uint32(addSymbol(name)).uint32(addSymbol(value));
  writer.join();
  writer.uint32(tag.exemplarValue).double(exemplar.value);
  writer.uint32(tag.exemplarTimestamp).int64(exemplar.timestampMs ?? sampleMs);
  writer.join();
}
