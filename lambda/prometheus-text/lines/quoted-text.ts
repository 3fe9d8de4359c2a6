/** Parses texts with escapes: quoted ones (label values, UTF-8 names), and help texts. */
import { type Cursor, fail, quoteText, remark } from './cursor.ts';
import { UnfinishedQuoteError } from '../syntax-error.ts';

/** A backslash before any other character stands as it is. The text format does not allow it: there it is told. */
export type UnknownEscapes = 'keep' | 'tell';

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ['n', '\n'],
]);

/** A text in double quotes, the cursor on the first of them. @throws UnfinishedQuoteError at the end of the line. */
export function takeQuoted(cursor: Cursor, unknown: UnknownEscapes): string {
  const from = cursor.at;
  const { text } = cursor;
  let end = from + 1;
  let isEscaped = false;
  for (; end < text.length && text.charAt(end) !== '"'; end += 1) {
    if (text.charAt(end) === '\n' && unknown === 'tell')
      remark(cursor, 'a line feed inside of quotes is not written as \\n; it is kept', end);
    if (text.charAt(end) !== '\\') continue;
    isEscaped = true;
    end += 1;
    if (text.charAt(end) === '\n') fail(cursor, 'a backslash stands before the end of the line', end - 1);
  }
  if (end >= text.length) throw new UnfinishedQuoteError(cursor.line, from + 1);
  cursor.at = end + 1;
  return isEscaped ? unescapeText(cursor, from + 1, end, unknown) : text.slice(from + 1, end);
}

/** The characters from `from` to `end` (excluded) with their escapes replaced. */
export function unescapeText(cursor: Cursor, from: number, end: number, unknown: UnknownEscapes): string {
  const { text } = cursor;
  let result = '';
  let at = from;
  while (at < end) {
    const backslash = text.indexOf('\\', at);
    if (backslash === -1 || backslash >= end) return result + text.slice(at, end);
    const char = backslash + 1 < end ? text.charAt(backslash + 1) : '';
    const meaning = escapes.get(char);
    if (meaning === undefined && unknown === 'tell')
      remark(cursor, `${quoteText(`\\${char}`)} is no escape sequence; it is kept as it stands`, backslash);
    result += text.slice(at, backslash) + (meaning ?? `\\${char}`);
    at = backslash + 1 + char.length;
  }
  return result;
}
