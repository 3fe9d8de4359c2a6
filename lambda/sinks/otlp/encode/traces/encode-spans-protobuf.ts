/** Writes an ExportTraceServiceRequest in protobuf. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { convertToNanoseconds } from '../message.ts';
import { writeEnvelope, writeText } from '../protobuf-envelope.ts';
import { errorCode, type EncodeSpans, kindNumber } from './trace-message.ts';
import type { SpanAttribute, TraceSpan } from './trace-span.ts';

/** Field number and wire type in one byte, as opentelemetry/proto numbers them: trace/v1 and common/v1. */
const tag = {
  scopeSpan: 0x12,
  traceId: 0x0a,
  spanId: 0x12,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  start: 0x39,
  end: 0x41,
  attribute: 0x4a,
  status: 0x7a,
  statusCode: 0x18,
  keyValueKey: 0x0a,
  keyValueValue: 0x12,
  anyValueDouble: 0x21,
} as const;

export const encodeSpansAsProtobuf: EncodeSpans = (spans, resource) => {
  const writer = new BinaryWriter();
  // All names and attributes are those of the conventions.
  writeEnvelope(writer, { ...resource, metricsSchemaUrl: resource.schemaUrl }, () => {
    for (const span of spans) writeSpan(writer, span);
  });
  return writer.finish();
};

function writeSpan(writer: BinaryWriter, span: TraceSpan): void {
  const { ids, name, kind, startMs, endMs, attributes, hasFailed } = span;
  writer.uint32(tag.scopeSpan).fork();
  writer.uint32(tag.traceId).bytes(ids.trace).uint32(tag.spanId).bytes(ids.span);
  if (ids.parent !== undefined) writer.uint32(tag.parentSpanId).bytes(ids.parent);
  writer.uint32(tag.name).string(name).uint32(tag.kind).int32(kindNumber[kind]);
  writer.uint32(tag.start).fixed64(convertToNanoseconds(startMs)).uint32(tag.end).fixed64(convertToNanoseconds(endMs));
  for (const attribute of attributes) writeAttribute(writer, attribute);
  if (hasFailed) writer.uint32(tag.status).fork().uint32(tag.statusCode).int32(errorCode).join();
  writer.join();
}

function writeAttribute(writer: BinaryWriter, [key, value]: SpanAttribute): void {
  if (typeof value === 'string') {
    writeText(writer, tag.attribute, key, value);
    return;
  }
  writer.uint32(tag.attribute).fork().uint32(tag.keyValueKey).string(key);
  writer.uint32(tag.keyValueValue).fork().uint32(tag.anyValueDouble).double(value).join().join();
}
