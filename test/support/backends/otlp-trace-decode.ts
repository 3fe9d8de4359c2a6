/** OTLP traces, read back by code that shares nothing with the sink: Google's schema language through protobufjs. */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import * as z from 'zod';

const text = readFileSync(new URL('../../fixtures/otlp/trace.proto', import.meta.url), 'utf8');
const requestType = protobuf.parse(text).root.lookupType('otlp.ExportTraceServiceRequest');

const Value = z.union([z.strictObject({ stringValue: z.string() }), z.strictObject({ doubleValue: z.number() })]);
const Attributes = z.array(z.strictObject({ key: z.string(), value: Value })).default([]);
/** 64 bits as text; JSON writes them so, and protobufjs is told to. */
const Int64 = z.string().regex(/^\d+$/);

/** An unknown field, an enum as text or an id of another length does not pass. */
const DecodedSpan = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: Int64,
  endTimeUnixNano: Int64,
  attributes: Attributes,
  /** A Collector writes an empty one where there is none. */
  status: z.strictObject({ code: z.int().default(0) }).optional(),
});
export type DecodedSpan = z.infer<typeof DecodedSpan>;

const Request = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes: Attributes }),
        schemaUrl: z.string().default(''),
        scopeSpans: z.array(
          z.strictObject({
            scope: z.strictObject({ name: z.string(), version: z.string() }),
            schemaUrl: z.string().default(''),
            spans: z.array(DecodedSpan).default([]),
          }),
        ),
      }),
    )
    .default([]),
});
export type DecodedTraces = z.infer<typeof Request>;

export function tracesFromJson(body: Uint8Array | string): DecodedTraces {
  return Request.parse(JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)));
}

export function tracesFromProtobuf(body: Uint8Array): DecodedTraces {
  const plain: unknown = requestType.toObject(requestType.decode(body), { longs: String, bytes: String });
  return Request.parse(withHexIds(plain));
}

/** protobufjs writes bytes in base64, while OTLP writes ids in hexadecimal. */
function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) =>
      /^(traceId|spanId|parentSpanId)$/.test(key) && typeof one === 'string'
        ? [key, Buffer.from(one, 'base64').toString('hex')]
        : [key, withHexIds(one)],
    ),
  );
}

export function spansIn({ resourceSpans }: DecodedTraces): readonly DecodedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

export function spanRecord({ attributes }: Pick<DecodedSpan, 'attributes'>): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, 'stringValue' in value ? value.stringValue : value.doubleValue]),
  );
}

/** Rules of trace.proto and of the conventions that a receiver may hold a sender to. */
export function traceFaults(request: DecodedTraces): readonly string[] {
  const spans = spansIn(request);
  const ids = spans.map(({ spanId }) => spanId);
  const scopes = request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
  return [
    ...(request.resourceSpans.length === 0 || scopes.length === 0 ? ['an empty envelope'] : []),
    ...(scopes.every(({ spans: own }) => own.length > 0) ? [] : ['a scope without spans']),
    ...(new Set(ids).size === ids.length ? [] : ['a span stands twice in a request']),
    ...spans.flatMap(spanFaults),
  ];
}

function spanFaults({
  traceId,
  spanId,
  parentSpanId,
  name,
  kind,
  attributes,
  ...times
}: DecodedSpan): readonly string[] {
  const keys = attributes.map(({ key }) => key);
  const faults = [
    ...(/^0+$/.test(traceId) || /^0+$/.test(spanId) ? ['an id of zeros only'] : []),
    ...(parentSpanId === spanId ? ['it is its own parent'] : []),
    ...(name === '' ? ['no name'] : []),
    ...(kind >= 1 && kind <= 5 ? [] : ['no kind']),
    ...(BigInt(times.endTimeUnixNano) >= BigInt(times.startTimeUnixNano) ? [] : ['it ends before it starts']),
    ...(new Set(keys).size === keys.length && !keys.includes('') ? [] : ['an attribute twice, or without a key']),
  ];
  return faults.map((fault) => `${name}: ${fault}`);
}
