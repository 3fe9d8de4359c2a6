/** Makes short hashes of the keys that are remembered from tick to tick. */
import { hash } from 'node:crypto';

/** 64 bits: among the 10,000 keys that a stream remembers at most, two are alike once in 10^11 years of ticks. */
const bytes = 8;

/** A key in 11 characters: ids of vendors have 36 and more, and each finish of a quarter of an hour is remembered. */
export function hashKey(text: string): string {
  return hash('sha256', text, 'buffer').subarray(0, bytes).toString('base64url');
}
