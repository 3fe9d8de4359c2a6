/** Longest label value kept; longer ones are attacker-influenced or mistakes, and every backend stores 128 characters. */
export const maxLabelValueLength = 128;

/** Stands for all label sets beyond the series cap. */
export const overflowValue = '#other#';

/**
 * A label value that every sink can store: NFC, no control characters, trimmed, at most 128 characters.
 * Returns undefined when nothing printable is left, so that the caller decides what absence means.
 */
export function labelValue(raw: string): string | undefined {
  const printable = raw
    .toWellFormed()
    .normalize('NFC')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  if (printable === '') return undefined;
  return Array.from(printable).slice(0, maxLabelValueLength).join('').trimEnd();
}
