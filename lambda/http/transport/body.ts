/** Reads and decompresses the body of an answer, within its own limit and the memory that all answers share. */
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGunzip, gunzip, type ZlibOptions } from 'node:zlib';
import { BadResponseError, ResponseTooLargeError } from '../errors/errors.ts';
import { excerptLength, maxErrorBodyBytes, type SizeLimit } from './limits.ts';
import { checkAddress } from '../where.ts';
import type { HttpRequest, ResponseHeaders } from '../port.ts';

/** Made when it is needed: to name Node's function loads zlib, and hardly any answer is compressed. */
const unzip = (bytes: Uint8Array, options: ZlibOptions): Promise<Uint8Array> => promisify(gunzip)(bytes, options);

export type BodyStream = AsyncIterable<Uint8Array>;

export interface BodyOptions {
  readonly where: string;
  /** Of the bytes on the wire and of what they decompress to. */
  readonly limit: SizeLimit;
  readonly onBytes: (count: number) => void;
  /** Takes room in memory for so many bytes; undefined: it is there, and need not be waited for. */
  readonly take: (bytes: number) => Promise<void> | undefined;
}

/** Each byte is in memory twice for a moment: in the chunk that it came in, and in the whole. */
const copies = 2;

/** Reads a whole answer and decompresses it. @throws BadResponseError for one that is too large or damaged. */
export async function readBody(
  stream: BodyStream,
  headers: ResponseHeaders,
  options: BodyOptions,
): Promise<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const received = limitBytes(stream, headers, options);
  if (encoding === 'identity' || encoding === '') return await collectBody(received, options);
  if (encoding === 'gzip' || encoding === 'x-gzip') return await decompressBody(received, options);
  const body = await collectBody(received, options);
  if (body.byteLength === 0) return body;
  throw new BadResponseError(
    options.where,
    `the answer is compressed in another way than gzip, which was asked for; ${checkAddress}`,
  );
}

/** The bytes as they come, up to the limit. */
async function* limitBytes(
  stream: BodyStream,
  headers: ResponseHeaders,
  options: BodyOptions,
): AsyncGenerator<Uint8Array> {
  const announced = Number(headers['content-length'] ?? 0);
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    options.onBytes(chunk.byteLength);
    // Leaving the loop closes the connection.
    if (Math.max(size, announced) > options.limit.bytes) throw createTooLargeError(options);
    yield chunk;
  }
}

/** What does not come any further while it waits for room is held back by TCP at its sender. */
async function collectBody(stream: BodyStream, options: BodyOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > options.limit.bytes) throw createTooLargeError(options);
    const waiting = options.take(copies * chunk.byteLength);
    if (waiting !== undefined) await waiting;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Chunk by chunk: a bomb is given up where it passes the limit, and what was compressed is not kept beside it. */
async function decompressBody(received: AsyncGenerator<Uint8Array>, options: BodyOptions): Promise<Uint8Array> {
  // An empty answer is no damaged one.
  const first = await received.next();
  if (first.done === true) return Buffer.alloc(0);
  const unzipping = createGunzip();
  const piping = pipeline(joinChunks(first.value, received), unzipping);
  // The loop below throws the same error.
  piping.catch(() => undefined);
  try {
    return await collectBody(unzipping, options);
  } catch (error) {
    if (isZlibError(error))
      throw new BadResponseError(
        options.where,
        `the answer claims to be gzip but is damaged or cut off; ${checkAddress}`,
      );
    throw error;
  } finally {
    unzipping.destroy();
  }
}

async function* joinChunks(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');
}

function createTooLargeError({ where, limit: { bytes, remedy } }: BodyOptions): BadResponseError {
  return new ResponseTooLargeError(where, `the answer is larger than the limit of ${String(bytes)} bytes; ${remedy}`);
}

export interface ExcerptOptions {
  readonly onBytes: (count: number) => void;
  /** Takes secrets out. */
  readonly clean: (text: string) => string;
  readonly parseRefusalText?: HttpRequest['parseRefusalText'] | undefined;
}

/** The first printable words of a refusal's body; empty when they cannot be read, for the status says more. */
export async function readExcerpt(
  stream: BodyStream,
  headers: ResponseHeaders,
  { onBytes, clean, parseRefusalText }: ExcerptOptions,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      onBytes(chunk.byteLength);
      chunks.push(chunk);
      if (size >= maxErrorBodyBytes) break;
    }
    const bytes = Buffer.concat(chunks);
    const body = /gzip/i.test(headers['content-encoding'] ?? '') ? await unzipStart(bytes) : bytes;
    return cleanExcerpt(parseRefusalText?.({ headers, body }) ?? new TextDecoder().decode(body), clean);
  } catch {
    return '';
  }
}

async function unzipStart(bytes: Uint8Array): Promise<Uint8Array> {
  return unzip(bytes, { maxOutputLength: maxErrorBodyBytes, finishFlush: constants.Z_SYNC_FLUSH });
}

/** Secrets are taken out before the text is cut and before line breaks become blanks: a changed one is not found. */
function cleanExcerpt(said: string, clean: (text: string) => string): string {
  const text = clean(said);
  const shown = clean(text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim());
  return shown.slice(0, excerptLength).toWellFormed();
}
