/** Writes an ExportTraceServiceRequest in JSON: ids as hexadecimal text, enums as numbers. */
import { writeAttributes } from '../encode-json.ts';
import { convertToNanoseconds } from '../message.ts';
import { scope } from '../resource.ts';
import { errorCode, type EncodeSpans, kindNumber } from './trace-message.ts';
import type { SpanAttribute, TraceSpan } from './trace-span.ts';

export const encodeSpansAsJson: EncodeSpans = (spans, { attributes, schemaUrl }) =>
  Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: writeAttributes(attributes) },
          // All names and attributes are those of the conventions.
          scopeSpans: [{ scope, spans: spans.map(writeSpan), schemaUrl }],
          schemaUrl,
        },
      ],
    }),
  );

function writeSpan({ ids, name, kind, startMs, endMs, attributes, hasFailed }: TraceSpan): object {
  return {
    traceId: formatHex(ids.trace),
    spanId: formatHex(ids.span),
    ...(ids.parent === undefined ? {} : { parentSpanId: formatHex(ids.parent) }),
    name,
    kind: kindNumber[kind],
    startTimeUnixNano: String(convertToNanoseconds(startMs)),
    endTimeUnixNano: String(convertToNanoseconds(endMs)),
    attributes: attributes.map(writeAttribute),
    ...(hasFailed ? { status: { code: errorCode } } : {}),
  };
}

function writeAttribute([key, value]: SpanAttribute): object {
  return { key, value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value } };
}

function formatHex(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
