/** Parses one line of the text format as Prometheus 3 does. */
import { type Cursor, fail, isAtEnd, peek, quoteText, remark, skipBlanks, takeToken } from './cursor.ts';
import { type LabelStyle, takeMetricName, takeSeries } from './labels.ts';
import { parseMilliseconds, parseValueAt } from '../numbers.ts';
import type { PageType } from '../page.ts';
import { takeQuoted, unescapeText } from './quoted-text.ts';
import { nothing, type Statement } from './statement.ts';

const style: LabelStyle = { isLoose: true, unknownEscapes: 'tell', repeated: 'refuse' };

/** As they are written: Prometheus refuses a page that has a type in capitals, or one of OpenMetrics. */
const types: ReadonlyMap<string, PageType> = new Map(
  (['counter', 'gauge', 'histogram', 'summary', 'untyped'] as const).map((type) => [type, type]),
);

/** Without a blank after the `#` everything is a comment. */
const description = /^[ \t]*#[ \t]+(HELP|TYPE)[ \t]+/;

/** One line of text exposition 0.0.4, or 1.0.0 with quoted names. @throws PageSyntaxError */
export function parseTextLine(cursor: Cursor): Statement {
  const found = description.exec(cursor.text);
  if (found !== null) {
    cursor.at = found[0].length;
    return found[1] === 'HELP' ? parseHelp(cursor) : parseType(cursor);
  }
  skipBlanks(cursor);
  if (isAtEnd(cursor) || peek(cursor) === '#') return nothing;
  if (peek(cursor) === '\0') return { says: 'cut' };
  return parseSample(cursor);
}

/** Whether a line is a comment, which is ignored and therefore need not be UTF-8. */
export function isComment(text: string): boolean {
  return /^[ \t]*#/.test(text) && !description.test(text);
}

function parseHelp(cursor: Cursor): Statement {
  const name = parseDescribedName(cursor);
  if (!isAtEnd(cursor) && peek(cursor) !== ' ' && peek(cursor) !== '\t')
    remark(cursor, `the name in HELP is read as ${quoteText(name)}, which no blank follows`);
  skipBlanks(cursor);
  const { text, at } = cursor;
  return { says: 'help', name, text: unescapeText(cursor, at, text.length, style.unknownEscapes) };
}

function parseType(cursor: Cursor): Statement {
  const name = parseDescribedName(cursor);
  // Whatever the one character behind the name is, Prometheus drops it.
  const at = cursor.at + 1;
  const written = cursor.text.slice(at);
  const type = types.get(written);
  if (type === undefined) fail(cursor, `${quoteText(written)} is no metric type`, at);
  return { says: 'type', name, type };
}

function parseDescribedName(cursor: Cursor): string {
  const at = cursor.at;
  const name = peek(cursor) === '"' ? takeQuoted(cursor, style.unknownEscapes) : takeMetricName(cursor);
  if (name === undefined || name.includes('\0'))
    fail(cursor, `expected a metric name, found ${quoteText(cursor.text.slice(at))}`, at);
  return name;
}

function parseSample(cursor: Cursor): Statement {
  if (cursor.at > 0) remark(cursor, 'blanks stand before the name; they are left out', 0);
  const series = takeSeries(cursor, style);
  skipBlanks(cursor);
  const valueAt = cursor.at;
  const value = parseValueAt(cursor, takeToken(cursor), valueAt);
  skipBlanks(cursor);
  const sample = { ...series, value };
  if (isAtEnd(cursor)) return { says: 'sample', sample };
  const timeAt = cursor.at;
  const timestampMs = parseMilliseconds(cursor, takeToken(cursor), timeAt);
  skipBlanks(cursor);
  if (!isAtEnd(cursor)) fail(cursor, 'expected the end of the line after the timestamp');
  return { says: 'sample', sample: { ...sample, timestampMs } };
}
