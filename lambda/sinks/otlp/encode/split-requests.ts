/** Makes requests of points or spans within the limits of the receiver. */
import type { Point } from './points/point.ts';

/** What goes into one request, encoded and not yet compressed. */
export interface EncodedRequest<Item = Point> {
  readonly points: readonly Item[];
  readonly body: Uint8Array;
}

interface Writing<Item, Message> {
  readonly encode: (points: readonly Item[], message: Message) => Uint8Array;
  readonly message: Message;
  readonly maxBytes: number;
  /** Whether nothing more will be sent: the points are still counted, and are not encoded. */
  readonly isOver?: () => boolean;
}

const nothing = new Uint8Array();

/** A point that is too large for a request of its own is left out and reported. */
export function* splitRequests<Item, Message>(
  pieces: Iterable<readonly Item[]>,
  { encode, message, maxBytes, isOver = () => false }: Writing<Item, Message>,
  omit: (point: Item) => void,
): Generator<EncodedRequest<Item>> {
  function* splitFitting(points: readonly Item[]): Generator<EncodedRequest<Item>> {
    const [first] = points;
    if (first === undefined) return;
    const body = isOver() ? nothing : encode(points, message);
    if (body.byteLength <= maxBytes) {
      yield { points, body };
      return;
    }
    if (points.length === 1) {
      omit(first);
      return;
    }
    // Bytes hardly differ from point to point: as many parts as are needed, and not halves of halves.
    const pieceCount = Math.ceil(body.byteLength / maxBytes);
    const size = Math.max(1, Math.floor(points.length / pieceCount));
    for (let at = 0; at < points.length; at += size) yield* splitFitting(points.slice(at, at + size));
  }
  for (const piece of pieces) yield* splitFitting(piece);
}
