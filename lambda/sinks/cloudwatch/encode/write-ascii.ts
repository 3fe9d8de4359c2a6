/** Writes a value as JSON in ASCII, so that the length of the text is its size in bytes. */

// eslint-disable-next-line no-control-regex -- ASCII is exactly this range
const ascii = /^[\x00-\x7f]*$/;

/** JSON has an escape for every character beyond ASCII (RFC 8259, section 7). */
export function writeAscii(value: unknown): string {
  const text = JSON.stringify(value);
  return ascii.test(text) ? text : text.split('').map(escapeUnit).join('');
}

function escapeUnit(unit: string): string {
  return ascii.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
