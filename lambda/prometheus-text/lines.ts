import type { PageLimits } from './limits.ts';
import { PageSyntaxError } from './syntax-error.ts';

/** Cuts a page that comes in pieces into lines; holds no more than one line. */
export interface LineCutter {
  /** @throws PageSyntaxError */
  write(chunk: Uint8Array, onLine: OnLine): void;
  /** What stands behind the last line feed, if anything. */
  end(): { readonly text: string; readonly line: number } | undefined;
}

/** `line` counts from 1. */
export type OnLine = (text: string, line: number) => void;

const lineFeed = 0x0a;

export function createLineCutter({ maxBytes, maxLineBytes }: PageLimits): LineCutter {
  // A byte order mark is left in: it is no part of a metric name.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array = new Uint8Array();
  let line = 0;
  let bytes = 0;

  const decode = (raw: Uint8Array): string => {
    line += 1;
    if (raw.byteLength > maxLineBytes) throw new PageSyntaxError(line, 1, tooLong(maxLineBytes));
    try {
      return decoder.decode(raw);
    } catch {
      throw new PageSyntaxError(line, columnOfFault(raw), 'this is not UTF-8');
    }
  };

  return {
    write: (chunk, onLine) => {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new PageSyntaxError(line + 1, 1, `the page is larger than ${String(maxBytes)} bytes`);
      let from = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
        const piece = chunk.subarray(from, end);
        const text = decode(rest.byteLength === 0 ? piece : Buffer.concat([rest, piece]));
        rest = new Uint8Array();
        from = end + 1;
        onLine(text, line);
      }
      rest = rest.byteLength === 0 ? chunk.slice(from) : Buffer.concat([rest, chunk.subarray(from)]);
      if (rest.byteLength > maxLineBytes) throw new PageSyntaxError(line + 1, 1, tooLong(maxLineBytes));
    },
    end: () => {
      if (rest.byteLength === 0) return undefined;
      const text = decode(rest);
      return { text, line };
    },
  };
}

function tooLong(maxLineBytes: number): string {
  return `the line is longer than ${String(maxLineBytes)} bytes`;
}

/** Characters before the first byte that is no UTF-8, and one. */
function columnOfFault(raw: Uint8Array): number {
  const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(raw);
  let at = 0;
  const encoder = new TextEncoder();
  let offset = 0;
  for (const char of lenient) {
    const encoded = encoder.encode(char);
    if (encoded.some((byte, index) => raw[offset + index] !== byte)) break;
    offset += encoded.byteLength;
    at += char.length;
  }
  return at + 1;
}
