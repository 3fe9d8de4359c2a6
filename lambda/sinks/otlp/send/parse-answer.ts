/** Reads what a receiver says in its own encoding: a partial success, or why it refuses. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import * as z from 'zod';
import type { HttpResponse } from '../../../http/port.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';

type Answer = Pick<HttpResponse, 'headers' | 'body'>;

export interface PartialSuccess {
  /** Points or spans that were not stored; 0 with a message is a hint. */
  readonly rejected: number;
  readonly message: string;
}

const Count = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

const JsonPartialSuccess = z.object({
  rejectedDataPoints: Count.default(0),
  rejectedSpans: Count.default(0),
  errorMessage: z.string().default(''),
});

/**
 * ExportMetricsServiceResponse or ExportTraceServiceResponse in JSON. Unknown fields beside the known one are passed
 * over, as the specification has it; alone they are the words of something else, such as `{"error":"…"}`.
 */
const JsonResponse = z.union([z.object({ partialSuccess: JsonPartialSuccess.nullable() }), z.strictObject({})]);

const JsonStatus = z.object({ message: z.string() });

/** The partial success of a response, and its fields; those of traces have the same numbers as those of metrics. */
const field = { partialSuccess: 1, rejected: 1, errorMessage: 2 } as const;

/** google.rpc.Status. */
const statusMessage = 2;

const everythingStored: PartialSuccess = { rejected: 0, message: '' };

/**
 * What a success says of the points; undefined where it is no answer of OTLP. An empty answer means
 * that all were stored. A body of another type, or of none, is read as JSON: a server that names no type sends JSON as
 * plain text.
 */
export function parsePartialSuccess(answer: Answer): PartialSuccess | undefined {
  const { headers, body } = answer;
  if (body.byteLength === 0) return everythingStored;
  const type = headers['content-type'] ?? '';
  try {
    return isProtobuf(type) ? parseProtobufSuccess(body) : parseJsonSuccess(body);
  } catch {
    return undefined;
  }
}

/** The message of a Status; undefined where the answer is none, so that its first words are shown. */
export function parseRefusalText({ headers, body }: Answer): string | undefined {
  const type = headers['content-type'] ?? '';
  try {
    if (isJson(type)) return JsonStatus.parse(parseJsonText(decodeText(body))).message;
    return isProtobuf(type) ? parseStatusText(body) : undefined;
  } catch {
    return undefined;
  }
}

function isJson(type: string): boolean {
  return /^application\/json\b/i.test(type);
}

function isProtobuf(type: string): boolean {
  return /^application\/(x-)?protobuf\b/i.test(type);
}

function parseJsonSuccess(body: Uint8Array): PartialSuccess {
  const response = JsonResponse.parse(parseJsonText(decodeText(body)));
  if (!('partialSuccess' in response) || response.partialSuccess === null) return everythingStored;
  const { rejectedDataPoints, rejectedSpans, errorMessage } = response.partialSuccess;
  return { rejected: rejectedDataPoints + rejectedSpans, message: errorMessage };
}

function parseProtobufSuccess(body: Uint8Array): PartialSuccess {
  let partial = everythingStored;
  for (const [number, type, reader] of generateFields(body)) {
    if (number === field.partialSuccess && type === WireType.LengthDelimited) partial = parsePartial(reader.bytes());
    else reader.skip(type, number);
  }
  return partial;
}

function parsePartial(body: Uint8Array): PartialSuccess {
  let { rejected, message } = everythingStored;
  for (const [number, type, reader] of generateFields(body)) {
    if (number === field.rejected && type === WireType.Varint) rejected = Number(reader.int64());
    else if (number === field.errorMessage && type === WireType.LengthDelimited) message = reader.string();
    else reader.skip(type, number);
  }
  return { rejected, message };
}

function parseStatusText(body: Uint8Array): string {
  let message = '';
  for (const [number, type, reader] of generateFields(body)) {
    if (number === statusMessage && type === WireType.LengthDelimited) message = reader.string();
    else reader.skip(type, number);
  }
  return message;
}

/** Each field's number and type, with a reader that stands before its value. @throws for what is no message */
function* generateFields(body: Uint8Array): Generator<readonly [number: number, type: WireType, reader: BinaryReader]> {
  const reader = new BinaryReader(body);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    yield [number, type, reader];
  }
}

function decodeText(body: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(body);
}
