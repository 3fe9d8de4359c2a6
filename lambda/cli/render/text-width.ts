/** Measures and cuts texts by the columns that they take in a terminal. */
import { stripVTControlCharacters } from 'node:util';
import { flattenText } from '../../model/text/outside-text.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Two columns: East Asian wide and fullwidth (UAX 11) and whatever is drawn as an emoji. */
const wide =
  /^(?:\p{Emoji_Presentation}|.\ufe0f|[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/u;

/** No column: marks and format characters without a base. */
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

/** One column a character: ASCII, lines and blocks. Almost every cell is such a text, and needs no segmentation. */
const narrow = /^[\x20-\x7e\u2500-\u259f]*$/;

/** Columns that a text takes in a terminal. */
export function measureText(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += measureGrapheme(segment);
  return width;
}

function measureGrapheme(segment: string): number {
  if (invisible.test(segment)) return 0;
  return wide.test(segment) ? 2 : 1;
}

/** Cuts a text to so many columns and marks the cut. */
export function cutToWidth(text: string, columns: number): string {
  if (measureText(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += measureGrapheme(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns <= 0 ? '' : `${kept}…`;
}

/**
 * A text without what could move the cursor, change colours or reorder the text beside it. Names and messages come from
 * servers, so they are not trusted to be printed as they are.
 */
export function makePrintable(text: string): string {
  const line = stripVTControlCharacters(text).replace(/[\t\n\v\f\r\u2028\u2029]+/gu, ' ');
  return flattenText(line, '\ufffd');
}
