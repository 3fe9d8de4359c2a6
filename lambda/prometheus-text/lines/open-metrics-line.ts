/** Parses one line of OpenMetrics 1.0 as Prometheus 3 does. */
import { maxExemplarCharacters, measureLabels } from '../../model/exemplar.ts';
import { type Cursor, fail, isAtEnd, peek, quoteText, remark, take, takeToken } from './cursor.ts';
import { type LabelStyle, takeBraces, takeMetricName, takeSeries } from './labels.ts';
import { parseSeconds, parseValueAt } from '../numbers.ts';
import type { PageExemplar, PageLabels, PageType } from '../page.ts';
import { takeQuoted, unescapeText } from './quoted-text.ts';
import type { Statement } from './statement.ts';

const style: LabelStyle = { isLoose: false, unknownEscapes: 'keep', repeated: 'refuse' };
const exemplarStyle: LabelStyle = { ...style, repeated: 'first' };

const types: ReadonlyMap<string, PageType> = new Map(
  (['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'] as const).map(
    (type) => [type, type],
  ),
);

/** One line of OpenMetrics 1.0, in which every blank has its place. @throws PageSyntaxError */
export function parseOpenMetricsLine(cursor: Cursor): Statement {
  if (isAtEnd(cursor)) fail(cursor, 'OpenMetrics has no empty lines');
  return peek(cursor) === '#' ? parseComment(cursor) : parseSample(cursor);
}

function parseComment(cursor: Cursor): Statement {
  if (cursor.text === '# EOF') return { says: 'end' };
  const word = /^# (HELP|TYPE|UNIT) /.exec(cursor.text)?.[1];
  if (word === undefined) fail(cursor, 'expected # HELP, # TYPE, # UNIT or # EOF');
  cursor.at += '# HELP '.length;
  const name = parseDescribedName(cursor);
  const at = cursor.at + 1;
  const rest = cursor.text.slice(at);
  if (word === 'HELP')
    return { says: 'help', name, text: unescapeText(cursor, at, cursor.text.length, style.unknownEscapes) };
  if (word === 'UNIT') {
    if (rest !== '' && !name.endsWith(`_${rest}`))
      fail(cursor, `the name ${quoteText(name)} does not end with its unit`, 0);
    return { says: 'unit', name, unit: rest };
  }
  const type = types.get(rest);
  if (type === undefined) fail(cursor, `${quoteText(rest)} is no metric type`, at);
  return { says: 'type', name, type };
}

function parseDescribedName(cursor: Cursor): string {
  const at = cursor.at;
  const name = peek(cursor) === '"' ? takeQuoted(cursor, style.unknownEscapes) : takeMetricName(cursor);
  if (name === undefined || name.includes('\0')) fail(cursor, 'expected a metric name', at);
  if (peek(cursor) !== ' ') fail(cursor, 'expected a blank after the metric name');
  return name;
}

function parseSample(cursor: Cursor): Statement {
  const series = takeSeries(cursor, style);
  const sample = { ...series, value: takeNumber(cursor, parseValueAt) };
  if (isAtEnd(cursor)) return { says: 'sample', sample };
  const timestampMs = isAtExemplar(cursor) ? undefined : takeNumber(cursor, parseSeconds);
  const exemplar = isAtEnd(cursor) ? undefined : parseExemplar(cursor);
  return {
    says: 'sample',
    sample: {
      ...sample,
      ...(timestampMs === undefined ? {} : { timestampMs }),
      ...(exemplar === undefined ? {} : { exemplar }),
    },
  };
}

/** One blank and a number behind it. */
function takeNumber(cursor: Cursor, read: (cursor: Cursor, token: string, at: number) => number): number {
  if (!take(cursor, ' ')) fail(cursor, 'expected one blank and a number');
  const at = cursor.at;
  return read(cursor, takeToken(cursor), at);
}

const exemplarStart = ' # {';

function isAtExemplar({ text, at }: Cursor): boolean {
  return text.startsWith(exemplarStart, at);
}

/** Undefined for an exemplar that no receiver would store; its sample is kept. */
function parseExemplar(cursor: Cursor): PageExemplar | undefined {
  if (!isAtExemplar(cursor)) fail(cursor, 'expected the end of the line or an exemplar');
  cursor.at += exemplarStart.length - 1;
  const at = cursor.at;
  // A quoted word alone would be taken for a name: an exemplar has none, so one is given.
  const { labels } = takeBraces(cursor, '', exemplarStyle);
  const value = takeNumber(cursor, parseValueAt);
  const timestampMs = isAtEnd(cursor) ? undefined : takeNumber(cursor, parseSeconds);
  if (!isAtEnd(cursor)) fail(cursor, 'expected the end of the line after the exemplar');
  const problem = checkExemplar(labels, timestampMs);
  if (problem !== undefined) {
    remark(cursor, `${problem}; it is left out, and the sample is kept`, at);
    return undefined;
  }
  return { labels, value, ...(timestampMs === undefined ? {} : { timestampMs }) };
}

function checkExemplar(labels: PageLabels, timestampMs: number | undefined): string | undefined {
  if (measureLabels(labels) > maxExemplarCharacters)
    return `an exemplar has more than ${String(maxExemplarCharacters)} characters`;
  if (timestampMs !== undefined && !Number.isSafeInteger(timestampMs)) return 'an exemplar has an impossible time';
  return undefined;
}
