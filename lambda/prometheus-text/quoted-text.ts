import { type Cursor, fail, quoted } from './cursor.ts';

/** The text format knows three escapes; OpenMetrics takes a backslash before any other character as it stands. */
export type UnknownEscapes = 'refuse' | 'keep';

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ['n', '\n'],
]);

/** A text in double quotes, the cursor on the first of them. */
export function takeQuoted(cursor: Cursor, unknown: UnknownEscapes): string {
  const from = cursor.at;
  const { text } = cursor;
  let end = from + 1;
  let isEscaped = false;
  for (; end < text.length && text.charAt(end) !== '"'; end += 1) {
    if (text.charAt(end) !== '\\') continue;
    isEscaped = true;
    end += 1;
  }
  if (end >= text.length) fail(cursor, 'the quoted text does not end on its line', from);
  cursor.at = end + 1;
  return isEscaped ? unescaped(cursor, from + 1, end, unknown) : text.slice(from + 1, end);
}

/** The characters from `from` to `end` (excluded) with their escapes replaced. */
export function unescaped(cursor: Cursor, from: number, end: number, unknown: UnknownEscapes): string {
  const { text } = cursor;
  let result = '';
  let at = from;
  while (at < end) {
    const backslash = text.indexOf('\\', at);
    if (backslash === -1 || backslash >= end) return result + text.slice(at, end);
    const char = backslash + 1 < end ? text.charAt(backslash + 1) : '';
    const meaning = escapes.get(char);
    if (meaning === undefined && unknown === 'refuse')
      fail(cursor, `${quoted(`\\${char}`)} is no escape sequence; there are \\\\, \\" and \\n`, backslash);
    result += text.slice(at, backslash) + (meaning ?? `\\${char}`);
    at = backslash + 1 + char.length;
  }
  return result;
}
