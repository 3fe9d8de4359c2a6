/** Finds the half line at the end of a file of JSON lines that a crash or a full disk left there. */
import type { FileHandle } from 'node:fs/promises';
import { parseJsonText } from '../../model/text/outside-text.ts';

/**
 * How to make the file end with a whole line: by cutting it at this length, or by a line feed. Nothing where it does.
 */
export type Repair = { readonly cutTo: number } | 'line-feed' | undefined;

/** What every line of `exposition/write-json-lines.ts` begins with: only such a line may be cut. */
const beginning = '{"time":"';

/** Above the longest line: labels have 128 characters each, and a distribution some thousand observations. */
const longestLineBytes = 1024 * 1024;

export async function findRepair(file: FileHandle, size: number): Promise<Repair> {
  if (size === 0) return undefined;
  const [last] = await readBytes(file, size - 1, 1);
  if (last === lineFeed) return undefined;
  const start = Math.max(0, size - longestLineBytes);
  const end = await readBytes(file, start, size - start);
  const lineStart = end.lastIndexOf(lineFeed) + 1;
  if (lineStart === 0 && start > 0) return 'line-feed';
  return isHalfLine(end.subarray(lineStart)) ? { cutTo: start + lineStart } : 'line-feed';
}

const lineFeed = 0x0a;

async function readBytes(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Only a cut-off line of our own is removed: a whole line without a line feed and the text of another program stay. */
function isHalfLine(bytes: Uint8Array): boolean {
  // A power failure leaves zero bytes where a file was already longer than what had reached the disk.
  const zero = bytes.indexOf(0);
  const text = Buffer.from(zero === -1 ? bytes : bytes.subarray(0, zero)).toString('utf8');
  if (!text.startsWith(beginning) && !beginning.startsWith(text)) return false;
  return zero !== -1 || !isJson(text);
}

function isJson(text: string): boolean {
  try {
    parseJsonText(text);
    return true;
  } catch {
    return false;
  }
}
