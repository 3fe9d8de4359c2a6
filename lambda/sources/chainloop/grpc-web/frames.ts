/** Packs and unpacks the frames of gRPC-Web. */

/**
 * The framing of gRPC-Web (grpc/grpc, doc/PROTOCOL-WEB.md): a frame is one byte of flags, its length in four bytes with
 * the highest first, and the payload.
 */

/** The body is not what gRPC-Web says; `message` tells why and never quotes it. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const headerBytes = 5;
const trailerFlag = 0x80;
const compressedFlag = 0x01;

/** What a client of gRPC takes by default; the HTTP port takes no larger answer either. */
const maxFrameBytes = 4 * 1024 * 1024;

export interface Frames {
  /** Joined payloads: of protobuf messages one after another the fields merge. */
  readonly message: Uint8Array;
  /** Names in lower case; absent where the answer ended before them. */
  readonly trailers?: ReadonlyMap<string, string>;
}

/** A request with one message. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + message.byteLength);
  new DataView(frame.buffer).setUint32(1, message.byteLength);
  frame.set(message, headerBytes);
  return frame;
}

/** @throws FrameError */
export function decodeFrames(body: Uint8Array): Frames {
  const messages: Uint8Array[] = [];
  let rest = body;
  while (rest.byteLength > 0) {
    const { flags, payload, after } = decodeFirstFrame(rest);
    if ((flags & trailerFlag) !== 0) return { message: Buffer.concat(messages), trailers: parseTrailers(payload) };
    messages.push(payload);
    rest = after;
  }
  return { message: Buffer.concat(messages) };
}

function decodeFirstFrame(bytes: Uint8Array): { flags: number; payload: Uint8Array; after: Uint8Array } {
  if (bytes.byteLength < headerBytes) throw new FrameError('the answer is cut off in the header of a frame');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(0);
  const length = view.getUint32(1);
  if ((flags & compressedFlag) !== 0)
    throw new FrameError('the answer has a compressed frame, which was not asked for');
  if (length > maxFrameBytes)
    throw new FrameError(`a frame is larger than the limit of ${String(maxFrameBytes)} bytes`);
  const end = headerBytes + length;
  if (bytes.byteLength < end) throw new FrameError('the answer is cut off in a frame');
  return { flags, payload: bytes.subarray(headerBytes, end), after: bytes.subarray(end) };
}

/** `grpc-status: 7\r\n` line by line; some proxies write names with capitals. */
function parseTrailers(payload: Uint8Array): ReadonlyMap<string, string> {
  const trailers = new Map<string, string>();
  for (const line of new TextDecoder().decode(payload).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return trailers;
}
