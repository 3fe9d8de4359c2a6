/** Makes a name from outside a label value that every sink can store, and keeps different names apart. */
import { flattenText } from './outside-text.ts';
import { formatNameMark } from './name-mark.ts';

/** Longest label value kept; longer ones are attacker-influenced or mistakes, and every backend stores 128 characters. */
export const maxLabelValueLength = 128;

/** Stands for all label sets beyond the series cap. */
export const overflowValue = '#other#';

/** Stands for a name of which nothing can be shown. */
const unnamed = 'unnamed';

/** What nearly every name is; it needs no further look. */
const plainName = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;

/**
 * A label value that every sink can store: NFC, on one line, trimmed, at most 128 characters. A name that loses something
 * on the way ends in a mark of its whole text, so that two names never become one series.
 * Returns undefined when nothing printable is left, so that the caller decides what absence means.
 */
export function makeLabelValue(raw: string): string | undefined {
  if (plainName.test(raw)) return raw;
  const whole = raw.toWellFormed().normalize('NFC').trim();
  const shown = flattenText(whole).trim();
  if (shown === '') return undefined;
  // A name may be as long as an answer: what is certainly too much is not taken apart.
  const characters = Array.from(shown.slice(0, 2 * (maxLabelValueLength + 1)));
  if (shown === whole && characters.length <= maxLabelValueLength) return shown;
  const mark = formatNameMark(whole);
  const kept = characters.slice(0, maxLabelValueLength - mark.length).join('');
  return `${kept.trimEnd()}${mark}`;
}

/** The same where a value has to stand: a name of which nothing is left is `unnamed`, and no name stays none. */
export function makeStorableValue(raw: string): string {
  return raw === '' ? '' : (makeLabelValue(raw) ?? unnamed);
}
