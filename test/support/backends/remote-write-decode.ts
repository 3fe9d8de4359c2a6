/**
 * Remote write, read back by code that shares nothing with the sink: Google's schema language through protobufjs, and
 * the C++ snappy.
 */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { uncompressSync } from 'snappy';
import * as z from 'zod';

export interface DecodedSample {
  readonly value: number;
  /** The exact bits, since a number does not keep the kind of a NaN. */
  readonly bits: bigint;
  readonly timestampMs: number;
  readonly startMs: number;
}

export interface DecodedExemplar {
  /** In the order of the wire. */
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
  readonly timestampMs: number;
}

export interface DecodedSeries {
  /** In the order of the wire. */
  readonly labels: readonly (readonly [string, string])[];
  readonly samples: readonly DecodedSample[];
  readonly exemplars: readonly DecodedExemplar[];
  readonly metadata?: DecodedMetadata;
}

interface DecodedMetadata {
  readonly type: string;
  readonly name?: string;
  readonly help: string;
  readonly unit: string;
}

export interface DecodedRequest {
  readonly series: readonly DecodedSeries[];
  /** Version 1.0 only. */
  readonly metadata: readonly DecodedMetadata[];
  /** Version 2.0 only. */
  readonly symbols: readonly string[];
}

export const staleBits = 0x7ff0000000000002n;

const fixtures = new URL('../../fixtures/remote-write/', import.meta.url);

/** `double` and `fixed64` look the same on the wire; as an integer the bits survive. */
function schema(file: string, type: string): protobuf.Type {
  const text = readFileSync(new URL(file, fixtures), 'utf8').replaceAll('double value', 'fixed64 value');
  return protobuf.parse(text, { keepCase: true }).root.lookupType(type);
}

const v1 = schema('v1.proto', 'prometheus.WriteRequest');
const v2 = schema('v2.proto', 'io.prometheus.write.v2.Request');

const Sample = z.object({
  value: z.string(),
  timestamp: z.string(),
  start_timestamp: z.string().default('0'),
});

const LabelsV1 = z.array(z.object({ name: z.string(), value: z.string() }));
const Exemplar = z.object({ value: z.string(), timestamp: z.string() });

const RequestV1 = z.object({
  timeseries: z.array(
    z.object({
      labels: LabelsV1,
      samples: z.array(Sample),
      exemplars: z.array(Exemplar.extend({ labels: LabelsV1 })),
    }),
  ),
  metadata: z.array(z.object({ type: z.string(), metric_family_name: z.string(), help: z.string(), unit: z.string() })),
});

const RequestV2 = z.object({
  symbols: z.array(z.string()),
  timeseries: z.array(
    z.object({
      labels_refs: z.array(z.int()),
      samples: z.array(Sample),
      exemplars: z.array(Exemplar.extend({ labels_refs: z.array(z.int()) })),
      metadata: z.object({ type: z.string(), help_ref: z.int(), unit_ref: z.int() }).nullish(),
    }),
  ),
});

const asObject = { longs: String, enums: String, defaults: true, arrays: true } as const;

export function uncompress(body: Uint8Array): Uint8Array {
  const raw = uncompressSync(Buffer.from(body));
  if (typeof raw === 'string') throw new Error('snappy gave a string');
  return raw;
}

export function decodeV1(message: Uint8Array): DecodedRequest {
  const { timeseries, metadata } = RequestV1.parse(v1.toObject(v1.decode(message), asObject));
  return {
    series: timeseries.map(({ labels, samples, exemplars }) => ({
      labels: pairsOf(labels),
      samples: samples.map(sampleOf),
      exemplars: exemplars.map(({ labels: own, ...rest }) => ({ labels: pairsOf(own), ...exemplarOf(rest) })),
    })),
    metadata: metadata.map(({ type, metric_family_name: name, help, unit }) => ({ type, name, help, unit })),
    symbols: [],
  };
}

export function decodeV2(message: Uint8Array): DecodedRequest {
  const { timeseries, symbols } = RequestV2.parse(v2.toObject(v2.decode(message), asObject));
  const symbol = (ref: number): string => {
    const text = symbols[ref];
    if (text === undefined) throw new Error(`reference ${String(ref)} is beyond ${String(symbols.length)} symbols`);
    return text;
  };
  const labelsOf = (refs: readonly number[]): readonly (readonly [string, string])[] => {
    if (refs.length % 2 !== 0) throw new Error('a label name without a value');
    const texts = refs.map(symbol);
    return texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1] ?? ''] as const] : []));
  };
  const series = timeseries.map(({ labels_refs: refs, samples, exemplars, metadata }): DecodedSeries => {
    const decoded = {
      labels: labelsOf(refs),
      samples: samples.map(sampleOf),
      exemplars: exemplars.map(({ labels_refs: own, ...rest }) => ({ labels: labelsOf(own), ...exemplarOf(rest) })),
    };
    if (metadata === null || metadata === undefined) return decoded;
    const { type, help_ref: help, unit_ref: unit } = metadata;
    return { ...decoded, metadata: { type, help: symbol(help), unit: symbol(unit) } };
  });
  return { series, metadata: [], symbols };
}

function pairsOf(labels: z.infer<typeof LabelsV1>): readonly (readonly [string, string])[] {
  return labels.map(({ name, value }) => [name, value] as const);
}

function exemplarOf({ value, timestamp }: z.infer<typeof Exemplar>): Omit<DecodedExemplar, 'labels'> {
  return { value: doubleOf(BigInt(value)), timestampMs: Number(timestamp) };
}

function sampleOf({ value, timestamp, start_timestamp: start }: z.infer<typeof Sample>): DecodedSample {
  const bits = BigInt(value);
  return { value: doubleOf(bits), bits, timestampMs: Number(timestamp), startMs: Number(start) };
}

function doubleOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
