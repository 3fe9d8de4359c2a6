import { type Cursor, fail, isAtEnd, peek, quoted, skipBlanks, take, takeToken } from './cursor.ts';
import { type LabelStyle, takeMetricName, takeSeries } from './labels.ts';
import { readMilliseconds, readValue } from './numbers.ts';
import type { PageType } from './page.ts';
import { takeQuoted, unescaped } from './quoted-text.ts';
import { nothing, type Statement } from './statement.ts';

const style: LabelStyle = { isLoose: true, unknownEscapes: 'refuse' };

/** The types of the text format, as they are written; case does not matter. */
const types: ReadonlyMap<string, PageType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['gaugehistogram', 'gaugehistogram'],
  ['gauge_histogram', 'gaugehistogram'],
  ['summary', 'summary'],
  ['untyped', 'untyped'],
]);

/** One line of text exposition 0.0.4, or 1.0.0 with quoted names. @throws PageSyntaxError */
export function readTextLine(cursor: Cursor): Statement {
  skipBlanks(cursor);
  if (isAtEnd(cursor)) return nothing;
  return take(cursor, '#') ? readComment(cursor) : readSample(cursor);
}

function readComment(cursor: Cursor): Statement {
  skipBlanks(cursor);
  const word = takeToken(cursor);
  skipBlanks(cursor);
  if ((word !== 'HELP' && word !== 'TYPE') || isAtEnd(cursor)) return nothing;
  const name = readDescribedName(cursor);
  skipBlanks(cursor);
  if (isAtEnd(cursor)) return nothing;
  if (word === 'HELP') {
    const { text, at } = cursor;
    return { says: 'help', name, text: unescaped(cursor, at, text.length, style.unknownEscapes) };
  }
  return { says: 'type', name, type: readType(cursor) };
}

function readDescribedName(cursor: Cursor): string {
  const at = cursor.at;
  const name = peek(cursor) === '"' ? takeQuoted(cursor, style.unknownEscapes) : takeMetricName(cursor);
  const rest = takeToken(cursor);
  if (name === undefined || name === '' || rest !== '') {
    fail(cursor, `expected a metric name, found ${quoted(cursor.text.slice(at, cursor.at))}`, at);
  }
  return name;
}

function readType(cursor: Cursor): PageType {
  const at = cursor.at;
  const written = cursor.text.slice(at).replace(/[ \t]+$/, '');
  const type = types.get(written.toLowerCase());
  if (type === undefined) fail(cursor, `${quoted(written)} is no metric type`, at);
  return type;
}

function readSample(cursor: Cursor): Statement {
  const series = takeSeries(cursor, style);
  skipBlanks(cursor);
  const valueAt = cursor.at;
  const value = readValue(cursor, takeToken(cursor), valueAt);
  skipBlanks(cursor);
  const sample = { ...series, value };
  if (isAtEnd(cursor)) return { says: 'sample', sample };
  const timeAt = cursor.at;
  const timestampMs = readMilliseconds(cursor, takeToken(cursor), timeAt);
  skipBlanks(cursor);
  if (!isAtEnd(cursor)) fail(cursor, 'expected the end of the line after the timestamp');
  return { says: 'sample', sample: { ...sample, timestampMs } };
}
