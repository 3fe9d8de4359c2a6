/** Makes requests of points within the limits of the receiver. */
import type { Encode, MessageSettings } from './message.ts';
import type { Point } from './point.ts';

/** What goes into one request, encoded and not yet compressed. */
export interface EncodedRequest {
  readonly points: readonly Point[];
  readonly body: Uint8Array;
}

/** A point that is too large for a request of its own is left out, and told. */
export function* requestsOf(
  pieces: Iterable<readonly Point[]>,
  {
    encode,
    message,
    maxBytes,
  }: { readonly encode: Encode; readonly message: MessageSettings; readonly maxBytes: number },
  omit: (point: Point) => void,
): Generator<EncodedRequest> {
  function* fitting(points: readonly Point[]): Generator<EncodedRequest> {
    const [first] = points;
    if (first === undefined) return;
    const body = encode(points, message);
    if (body.byteLength <= maxBytes) {
      yield { points, body };
      return;
    }
    if (points.length === 1) {
      omit(first);
      return;
    }
    // Bytes hardly differ from point to point: as many parts as are needed, and not halves of halves.
    const parts = Math.ceil(body.byteLength / maxBytes);
    const size = Math.max(1, Math.floor(points.length / parts));
    for (let at = 0; at < points.length; at += size) yield* fitting(points.slice(at, at + size));
  }
  for (const piece of pieces) yield* fitting(piece);
}
