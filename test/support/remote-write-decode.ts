import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { uncompressSync } from 'snappy';
import * as z from 'zod';

/**
 * Remote write, read back by code that shares nothing with the sink: Google's schema language through protobufjs, and
 * the C++ snappy.
 */

export interface DecodedSample {
  readonly value: number;
  /** The exact bits, since a number does not keep the kind of a NaN. */
  readonly bits: bigint;
  readonly timestampMs: number;
  readonly startMs: number;
}

export interface DecodedSeries {
  /** In the order of the wire. */
  readonly labels: readonly (readonly [string, string])[];
  readonly samples: readonly DecodedSample[];
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

const fixtures = new URL('../fixtures/remote-write/', import.meta.url);

/** `double` and `fixed64` look the same on the wire; as an integer the bits survive. */
function schema(file: string, type: string): protobuf.Type {
  const text = readFileSync(new URL(file, fixtures), 'utf8').replace('double value', 'fixed64 value');
  return protobuf.parse(text, { keepCase: true }).root.lookupType(type);
}

const v1 = schema('v1.proto', 'prometheus.WriteRequest');
const v2 = schema('v2.proto', 'io.prometheus.write.v2.Request');

const Sample = z.object({
  value: z.string(),
  timestamp: z.string(),
  start_timestamp: z.string().default('0'),
});

const RequestV1 = z.object({
  timeseries: z.array(
    z.object({ labels: z.array(z.object({ name: z.string(), value: z.string() })), samples: z.array(Sample) }),
  ),
  metadata: z.array(z.object({ type: z.string(), metric_family_name: z.string(), help: z.string(), unit: z.string() })),
});

const RequestV2 = z.object({
  symbols: z.array(z.string()),
  timeseries: z.array(
    z.object({
      labels_refs: z.array(z.int()),
      samples: z.array(Sample),
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
    series: timeseries.map(({ labels, samples }) => ({
      labels: labels.map(({ name, value }) => [name, value] as const),
      samples: samples.map(sampleOf),
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
  const series = timeseries.map(({ labels_refs: refs, samples, metadata }): DecodedSeries => {
    if (refs.length % 2 !== 0) throw new Error('a label name without a value');
    const texts = refs.map(symbol);
    const labels = texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1] ?? ''] as const] : []));
    const decoded = { labels, samples: samples.map(sampleOf) };
    if (metadata === null || metadata === undefined) return decoded;
    const { type, help_ref: help, unit_ref: unit } = metadata;
    return { ...decoded, metadata: { type, help: symbol(help), unit: symbol(unit) } };
  });
  return { series, metadata: [], symbols };
}

function sampleOf({ value, timestamp, start_timestamp: start }: z.infer<typeof Sample>): DecodedSample {
  const view = new DataView(new ArrayBuffer(8));
  const bits = BigInt(value);
  view.setBigUint64(0, bits);
  return { value: view.getFloat64(0), bits, timestampMs: Number(timestamp), startMs: Number(start) };
}
