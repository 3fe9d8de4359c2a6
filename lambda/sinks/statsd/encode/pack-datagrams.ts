/** Packs lines into datagrams. */
import type { Line } from './encode-lines.ts';

export interface Datagram {
  readonly lines: readonly Line[];
  readonly body: Uint8Array;
}

/** A line is never split: both lines of a level below 0 arrive together, or neither does. */
export function* packLines(lines: Iterable<Line>, maxBytes: number): Generator<Datagram> {
  let taken: Line[] = [];
  let bytes = 0;
  for (const line of lines) {
    const added = line.bytes + (taken.length === 0 ? 0 : 1);
    if (bytes + added > maxBytes) {
      yield buildDatagram(taken);
      taken = [];
      bytes = 0;
    }
    bytes += line.bytes + (taken.length === 0 ? 0 : 1);
    taken.push(line);
  }
  if (taken.length > 0) yield buildDatagram(taken);
}

function buildDatagram(lines: readonly Line[]): Datagram {
  return { lines, body: Buffer.from(lines.map(({ text }) => text).join('\n')) };
}
