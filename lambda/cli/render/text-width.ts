import { stripVTControlCharacters } from 'node:util';
import { oneLine } from '../../model/text/outside-text.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Two columns: East Asian wide and fullwidth (UAX 11) and whatever is drawn as an emoji. */
const wide =
  /^(?:\p{Emoji_Presentation}|.\ufe0f|[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/u;

/** No column: marks and format characters without a base. */
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** Columns that a text takes in a terminal. */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(segment: string): number {
  if (invisible.test(segment)) return 0;
  return wide.test(segment) ? 2 : 1;
}

/** Cuts a text to so many columns and marks the cut. */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns <= 0 ? '' : `${kept}…`;
}

/**
 * A text that cannot move the cursor, change colours or reorder what stands beside it: names and messages come from
 * servers, and whoever names a queue does not own the operator's terminal.
 */
export function printable(text: string): string {
  const line = stripVTControlCharacters(text).replace(/[\t\n\v\f\r\u2028\u2029]+/gu, ' ');
  return oneLine(line, '\ufffd');
}
