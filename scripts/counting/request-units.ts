/** What DynamoDB charges for an item on demand (developer guide, "Read and write operations", "On-demand mode"). */

const kilobyte = 1024;
const writeUnitBytes = kilobyte;
const readUnitBytes = 4 * kilobyte;

/** Of an item that is written or deleted; of a written one that replaces another the larger one counts. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / writeUnitBytes));
}

/** Of a consistent read; half of that for one that may be old. */
export function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / readUnitBytes));
}
