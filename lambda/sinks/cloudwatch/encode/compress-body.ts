/** Compresses the body of a request, and says so in its headers. */
import { gzipSync } from 'node:zlib';
import { compressedFromBytes, gzipLevel } from '../limits.ts';

/** A body as it is sent, and the headers that tell how it was made. */
export interface EncodedBody {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Small bodies stay as they are. Within the call, for a body takes less than a thread of its own would cost. */
export function compressBody(body: Uint8Array): EncodedBody {
  if (body.byteLength < compressedFromBytes) return { body, headers: {} };
  return { body: gzipSync(body, { level: gzipLevel }), headers: { 'content-encoding': 'gzip' } };
}
