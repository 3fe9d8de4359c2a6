/** A short mark at the end of a shortened or cleaned name: it keeps two different names different. */

/** FNV-1a and a second multiplier (the published prime, and one of MurmurHash3), with a start of their own. */
const lanes = [
  { start: 0x811c9dc5, factor: 0x01000193 },
  { start: 0x2545f491, factor: 0xcc9e2d51 },
] as const;

/** `~` and 8 digits of base 32, which are 40 bits: of 10,000 names that need one, two are alike once in 20,000 times. */
export function formatNameMark(text: string): string {
  return `~${lanes.map(({ start, factor }) => hashDigits(text, start, factor)).join('')}`;
}

function hashDigits(text: string, start: number, factor: number): string {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), factor);
  // The finalizer of MurmurHash3: every bit of the text reaches the upper 20 bits, which are those shown.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 12).toString(32).padStart(4, '0');
}
