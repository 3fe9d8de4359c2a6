/** Cuts a page that comes in pieces into lines. */
import type { PageLimits } from '../limits.ts';
import { PageSyntaxError } from '../syntax-error.ts';

/** Holds no more than one line. */
export interface LineCutter {
  /** @throws PageSyntaxError */
  write(chunk: Uint8Array, onLine: OnLine): void;
  /** What stands behind the last line feed, if anything. */
  end(): Line | undefined;
}

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Where the first byte stands that is no UTF-8, from 1; the text has a replacement there. */
  readonly invalidAt?: number;
}

export type OnLine = (line: Line) => void;

const lineFeed = 0x0a;

export function createLineCutter({ maxBytes }: PageLimits): LineCutter {
  // A byte order mark is left in: it is no part of a metric name.
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // Joined when their line ends: a line of megabytes would be copied with each piece otherwise.
  let pieces: Uint8Array[] = [];
  let number = 0;
  let bytes = 0;

  const decodeLine = (raw: Uint8Array): Line => {
    number += 1;
    try {
      return { text: strict.decode(raw), number };
    } catch {
      return { text: decodeLenient(raw), number, invalidAt: findInvalidColumn(raw) };
    }
  };
  const joinPieces = (last: Uint8Array): Uint8Array => {
    const raw = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    pieces = [];
    return raw;
  };

  return {
    write: (chunk, onLine) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes)
        throw new PageSyntaxError(number + 1, 1, `the page is larger than ${String(maxBytes)} bytes`);
      let from = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
        const raw = joinPieces(chunk.subarray(from, end));
        from = end + 1;
        onLine(decodeLine(raw));
      }
      // A copy: the chunk is its owner's to use again.
      if (from < chunk.byteLength) pieces.push(chunk.slice(from));
    },
    end: () => (pieces.length === 0 ? undefined : decodeLine(joinPieces(new Uint8Array()))),
  };
}

function decodeLenient(raw: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(raw);
}

/** Characters before the first byte that is no UTF-8, and one. */
function findInvalidColumn(raw: Uint8Array): number {
  let at = 0;
  const encoder = new TextEncoder();
  let offset = 0;
  for (const char of decodeLenient(raw)) {
    const encoded = encoder.encode(char);
    if (encoded.some((byte, index) => raw[offset + index] !== byte)) break;
    offset += encoded.byteLength;
    at += char.length;
  }
  return at + 1;
}
