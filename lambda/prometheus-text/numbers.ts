/** Parses and formats the numbers of a page, by the rules of Prometheus and not by those of JavaScript. */
import { type Cursor, fail, quoteText } from './lines/cursor.ts';

/** JavaScript's own `Number` reads "" as 0 and "0x1" as 1, and does not know "+Inf". */
const valuePattern = /^(?:[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?)|nan)$/i;
const letters = /^([+-]?)(inf|nan)/i;

/** A sample's value, a bound or a quantile; undefined for what is none, an overflow included. */
export function parseValue(text: string): number | undefined {
  if (!valuePattern.test(text)) return undefined;
  const word = letters.exec(text);
  if (word !== null) {
    if (word[2]?.toLowerCase() === 'nan') return NaN;
    return word[1] === '-' ? -Infinity : Infinity;
  }
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** From here on Go's shortest notation has an exponent, and below the second one too. */
const exponentFrom = 1e6;
const exponentBelow = 1e-4;

/**
 * A bound or quantile as Prometheus 3 writes it into the labels `le` and `quantile`, however the page has it: `1.0` for
 * `1`, `1e+06` for `1000000`. Two spellings would be two series.
 */
export function formatBound(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < exponentBelow || size >= exponentFrom)) {
    // JavaScript writes 1e+6 where Go writes 1e+06.
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** The value in a token that starts at `at`. */
export function parseValueAt(cursor: Cursor, token: string, at: number): number {
  const value = parseValue(token);
  if (value === undefined) fail(cursor, `expected a number, found ${quoteText(token)}`, at);
  return value;
}

/** As large as times may be: those of Prometheus have 64 bits. */
const maxMilliseconds = 9_223_372_036_854_775_807n;

/** Text format: whole milliseconds, without a sign. A time that is far too large is no fault of the page's grammar. */
export function parseMilliseconds(cursor: Cursor, token: string, at: number): number {
  if (!/^\d+$/.test(token) || BigInt(token) > maxMilliseconds) {
    fail(cursor, `expected a timestamp in whole milliseconds, found ${quoteText(token)}`, at);
  }
  return Number(token);
}

/** OpenMetrics: seconds, with a fraction. The result is in whole milliseconds, cut off as Prometheus does it. */
export function parseSeconds(cursor: Cursor, token: string, at: number): number {
  const value = Math.trunc((parseValue(token) ?? NaN) * 1000);
  if (Number.isNaN(value) || !Number.isFinite(parseValue(token) ?? NaN))
    fail(cursor, `expected a timestamp in seconds, found ${quoteText(token)}`, at);
  return value;
}
