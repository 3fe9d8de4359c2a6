import { promisify } from 'node:util';
import { constants, gunzip, type ZlibOptions } from 'node:zlib';
import { BadResponseError, ResponseTooLargeError } from './errors.ts';
import { excerptLength, maxErrorBodyBytes } from './limits.ts';
import type { ResponseHeaders } from './http.ts';

/** Made when it is needed: to name Node's function loads zlib, and hardly any answer is compressed. */
const unzip = (bytes: Uint8Array, options: ZlibOptions): Promise<Uint8Array> => promisify(gunzip)(bytes, options);

export type BodyStream = AsyncIterable<Uint8Array>;

export interface BodyOptions {
  readonly where: string;
  /** Of the bytes on the wire and of what they decompress to. */
  readonly maxBytes: number;
  readonly onBytes: (count: number) => void;
}

/** Reads a whole answer and decompresses it. @throws BadResponseError for one that is too large or damaged. */
export async function readBody(
  stream: BodyStream,
  headers: ResponseHeaders,
  options: BodyOptions,
): Promise<Uint8Array> {
  const { maxBytes, onBytes } = options;
  const announced = Number(headers['content-length'] ?? 0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    onBytes(chunk.byteLength);
    // Leaving the loop closes the connection.
    if (Math.max(size, announced) > maxBytes) throw tooLarge(options);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  return bytes.byteLength === 0 ? bytes : decompressed(bytes, headers, options);
}

async function decompressed(bytes: Uint8Array, headers: ResponseHeaders, options: BodyOptions): Promise<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return bytes;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new BadResponseError(options.where, 'the answer is compressed in another way than gzip, which was asked for');
  }
  try {
    return await unzip(bytes, { maxOutputLength: options.maxBytes });
  } catch (error) {
    if (isTooLarge(error)) throw tooLarge(options);
    throw new BadResponseError(options.where, 'the answer claims to be gzip but is damaged or cut off');
  }
}

function tooLarge({ where, maxBytes }: BodyOptions): BadResponseError {
  return new ResponseTooLargeError(where, `the answer is larger than the limit of ${String(maxBytes)} bytes`);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

export interface ExcerptOptions {
  readonly onBytes: (count: number) => void;
  /** Takes secrets out. */
  readonly clean: (text: string) => string;
}

/** The first printable words of a failure's body; empty when they cannot be read, for the status says more. */
export async function readExcerpt(
  stream: BodyStream,
  headers: ResponseHeaders,
  { onBytes, clean }: ExcerptOptions,
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
    return printableOf(/gzip/i.test(headers['content-encoding'] ?? '') ? await unzipStart(bytes) : bytes, clean);
  } catch {
    return '';
  }
}

async function unzipStart(bytes: Uint8Array): Promise<Uint8Array> {
  return unzip(bytes, { maxOutputLength: maxErrorBodyBytes, finishFlush: constants.Z_SYNC_FLUSH });
}

/** Cleaned before it is cut, for half a secret is known to nobody; and before line breaks of a secret become blanks. */
function printableOf(bytes: Uint8Array, clean: (text: string) => string): string {
  const text = clean(new TextDecoder().decode(bytes));
  const shown = clean(text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim());
  return shown.slice(0, excerptLength).toWellFormed();
}
