/** Parses the name and the labels of a sample. */
import { type Cursor, fail, peek, quoteText, remark, skipBlanks, take, takeMatch } from './cursor.ts';
import type { PageLabels } from '../page.ts';
import { takeQuoted, type UnknownEscapes } from './quoted-text.ts';

/** How a format writes what stands in braces. */
export interface LabelStyle {
  /** Blanks around every part, and no comma between two labels. */
  readonly isLoose: boolean;
  readonly unknownEscapes: UnknownEscapes;
  /** What a label means that stands there twice: no series, or (of an exemplar) that the first one counts. */
  readonly repeated: 'refuse' | 'first';
}

/** What stands in braces: labels and, since Prometheus 3, perhaps the name of the metric. */
export interface Braces {
  readonly name: string | undefined;
  readonly labels: PageLabels;
  /** Names of labels with an empty value; absent where there are none. */
  readonly emptyLabels?: readonly string[];
}

export type Series = Braces & { readonly name: string };

const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;

/** A metric name without quotes; undefined when there is none here. */
export function takeMetricName(cursor: Cursor): string | undefined {
  return takeMatch(cursor, metricName);
}

/** The name and the labels of a sample: `name`, `name{…}` or `{"name",…}`. */
export function takeSeries(cursor: Cursor, style: LabelStyle): Series {
  const start = cursor.at;
  const bare = takeMetricName(cursor);
  if (bare === undefined && peek(cursor) !== '{') fail(cursor, 'expected a metric name');
  if (style.isLoose) skipBlanks(cursor);
  if (peek(cursor) !== '{') return { name: bare ?? '', labels: new Map() };
  const { name, ...braces } = takeBraces(cursor, bare, style);
  if (name === undefined) fail(cursor, 'expected a metric name', start);
  return { name, ...braces };
}

/** Reads from the opening to the closing brace. `name`: the metric name before the brace, if any. */
export function takeBraces(cursor: Cursor, before: string | undefined, style: LabelStyle): Braces {
  const found = new Map<string, string>();
  let name = before;
  const skipLoose = (): void => {
    if (style.isLoose) skipBlanks(cursor);
  };
  cursor.at += 1;
  skipLoose();
  while (!take(cursor, '}')) {
    const at = cursor.at;
    const isQuoted = peek(cursor) === '"';
    const word = takeWord(cursor, style);
    skipLoose();
    if (isQuoted && peek(cursor) !== '=') {
      if (name !== undefined) fail(cursor, `a second metric name, ${quoteText(word)}`, at);
      if (word === '') fail(cursor, 'the metric name is empty', at);
      if (peek(cursor) !== ',' && peek(cursor) !== '}') fail(cursor, 'expected "," or "}" after the metric name');
      name = word;
    } else {
      takeLabel(cursor, word, at, found, style);
    }
    skipLoose();
    takeSeparator(cursor, style);
    skipLoose();
  }
  return { name, ...sortLabels(found) };
}

function takeWord(cursor: Cursor, { unknownEscapes }: LabelStyle): string {
  const at = cursor.at;
  const word = peek(cursor) === '"' ? takeQuoted(cursor, unknownEscapes) : takeMatch(cursor, labelName);
  if (word === undefined) fail(cursor, 'expected a label name', at);
  if (word.includes('\0')) fail(cursor, 'a name has no NUL byte', at);
  return word;
}

/** After the name: `="value"`. */
function takeLabel(cursor: Cursor, name: string, at: number, found: Map<string, string>, style: LabelStyle): void {
  if (!take(cursor, '=')) fail(cursor, `expected "=" after the label name ${quoteText(name)}`);
  if (name === '__name__' && style.repeated === 'refuse') fail(cursor, 'the label name "__name__" is reserved', at);
  if (style.isLoose) skipBlanks(cursor);
  if (peek(cursor) !== '"') fail(cursor, `expected a label value in double quotes`);
  const value = takeQuoted(cursor, style.unknownEscapes);
  if (name === '' && value !== '') fail(cursor, 'expected a label name', at);
  if (found.has(name)) noteRepeated(cursor, { name, value, at }, found, style);
  else found.set(name, value);
}

interface Repeated {
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

/** Prometheus takes a label for none when it is empty anywhere, and refuses a page where two have values. */
function noteRepeated(
  cursor: Cursor,
  { name, value, at }: Repeated,
  found: Map<string, string>,
  style: LabelStyle,
): void {
  const isRefused = found.get(name) !== '' && value !== '';
  if (isRefused && style.repeated === 'refuse') fail(cursor, `the label ${quoteText(name)} occurs twice`, at);
  if (!isRefused) found.set(name, '');
  remark(cursor, `the label ${quoteText(name)} occurs twice in one pair of braces`, at);
}

/** A comma, or the closing brace, which is left for the loop. */
function takeSeparator(cursor: Cursor, { isLoose }: LabelStyle): void {
  if (peek(cursor) === '}') return;
  if (take(cursor, ',')) {
    if (!isLoose && peek(cursor) === '}') remark(cursor, 'a comma stands after the last label', cursor.at - 1);
    return;
  }
  if (!isLoose) fail(cursor, 'expected "," or "}" after a label');
  remark(cursor, 'there is no comma between two labels');
}

/** An empty value is the same as no label. */
function sortLabels(found: ReadonlyMap<string, string>): Omit<Braces, 'name'> {
  const names = [...found.keys()].filter((name) => found.get(name) !== '').sort();
  const labels = new Map(names.map((name) => [name, found.get(name) ?? '']));
  if (names.length === found.size) return { labels };
  return { labels, emptyLabels: [...found.keys()].filter((name) => found.get(name) === '') };
}
