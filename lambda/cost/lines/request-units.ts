/** What DynamoDB charges for an item on demand (developer guide, "Read and write operations", "On-demand mode"). */
import { maxBytesPerItem } from '../../counters/stores/dynamodb/items.ts';

const kilobyte = 1024;
const writeUnitBytes = kilobyte;
const readUnitBytes = 4 * kilobyte;

/** Of an item that is written or deleted; of a written one that replaces another the larger one counts. */
export function countWriteUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / writeUnitBytes));
}

/** Of a consistent read; half of that for one that may be old. */
export function countReadUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / readUnitBytes));
}

/** Keys, version and time to live of an item. */
const headBytes = 200;

export interface RequestUnits {
  readonly read: number;
  readonly write: number;
}

/** Of a document that is read and replaced; what does not fit one item is in parts, and the parts before are deleted. */
export function countRequestUnits(storedBytes: number): RequestUnits {
  if (storedBytes <= maxBytesPerItem) {
    const bytes = headBytes + storedBytes;
    return { read: countReadUnits(bytes), write: countWriteUnits(bytes) };
  }
  return {
    read: countReadUnits(headBytes) + countReadUnits(storedBytes),
    write: countWriteUnits(headBytes) + 2 * countWriteUnits(storedBytes),
  };
}
