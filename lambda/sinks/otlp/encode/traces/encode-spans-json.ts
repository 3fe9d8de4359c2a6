/** Writes an ExportTraceServiceRequest in JSON: ids as hexadecimal text, enums as numbers (OTLP, "JSON Protobuf Encoding"). */
import { attributesOf } from '../encode-json.ts';
import { nanoseconds } from '../message.ts';
import { scope } from '../resource.ts';
import { errorCode, type EncodeSpans, kindNumber } from './trace-message.ts';
import type { SpanAttribute, TraceSpan } from './trace-span.ts';

export const encodeSpansAsJson: EncodeSpans = (spans, { attributes, schemaUrl }) =>
  Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: attributesOf(attributes) },
          // All names and attributes are those of the conventions.
          scopeSpans: [{ scope, spans: spans.map(spanOf), schemaUrl }],
          schemaUrl,
        },
      ],
    }),
  );

function spanOf({ ids, name, kind, startMs, endMs, attributes, hasFailed }: TraceSpan): object {
  return {
    traceId: hexOf(ids.trace),
    spanId: hexOf(ids.span),
    ...(ids.parent === undefined ? {} : { parentSpanId: hexOf(ids.parent) }),
    name,
    kind: kindNumber[kind],
    startTimeUnixNano: String(nanoseconds(startMs)),
    endTimeUnixNano: String(nanoseconds(endMs)),
    attributes: attributes.map(attributeOf),
    ...(hasFailed ? { status: { code: errorCode } } : {}),
  };
}

function attributeOf([key, value]: SpanAttribute): object {
  return { key, value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value } };
}

function hexOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
