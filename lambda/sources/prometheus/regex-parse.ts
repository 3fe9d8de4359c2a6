/** A pattern as a tree; a character class is a test of one character. */
export type Node =
  | { readonly kind: 'char'; readonly test: (char: string) => boolean }
  | { readonly kind: 'start' | 'end' | 'empty' }
  | { readonly kind: 'sequence' | 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'group'; readonly index: number; readonly node: Node }
  | {
      readonly kind: 'repeat';
      readonly node: Node;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    };

export interface ParsedPattern {
  readonly node: Node;
  readonly groups: number;
  /** Numbers of named groups. */
  readonly names: ReadonlyMap<string, number>;
}

/** What RE2 allows (`regexp/syntax`, maxRepeat). */
const maxRepeat = 1000;

/** A pattern that this subset of RE2 does not have; `message` says where and what. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

interface Reader {
  readonly chars: readonly string[];
  at: number;
  groups: number;
  readonly names: Map<string, number>;
  isCaseInsensitive: boolean;
}

/** Reads the subset of RE2 that relabelling uses. @throws PatternError */
export function parsePattern(pattern: string): ParsedPattern {
  const flags = /^\(\?i\)/.exec(pattern)?.[0] ?? '';
  const reader: Reader = {
    chars: Array.from(pattern.slice(flags.length)),
    at: 0,
    groups: 0,
    names: new Map(),
    isCaseInsensitive: flags !== '',
  };
  const node = choice(reader);
  if (reader.at < reader.chars.length) refuse(reader, 'unexpected ")"');
  return { node, groups: reader.groups, names: reader.names };
}

function refuse({ at }: Reader, reason: string): never {
  throw new PatternError(`${reason} at character ${String(at + 1)}`);
}

function peek({ chars, at }: Reader): string {
  return chars[at] ?? '';
}

function take(reader: Reader, text: string): boolean {
  const isNext = reader.chars.slice(reader.at, reader.at + text.length).join('') === text;
  if (isNext) reader.at += text.length;
  return isNext;
}

function choice(reader: Reader): Node {
  const nodes = [sequence(reader)];
  while (take(reader, '|')) nodes.push(sequence(reader));
  return nodes.length === 1 ? (nodes[0] ?? { kind: 'empty' }) : { kind: 'choice', nodes };
}

function sequence(reader: Reader): Node {
  const nodes: Node[] = [];
  while (reader.at < reader.chars.length && peek(reader) !== '|' && peek(reader) !== ')') nodes.push(repeated(reader));
  return { kind: 'sequence', nodes };
}

function repeated(reader: Reader): Node {
  const node = atom(reader);
  const bounds = repetition(reader);
  if (bounds === undefined) return node;
  const isLazy = take(reader, '?');
  if (repetition(reader) !== undefined) refuse(reader, 'a repetition of a repetition');
  return { kind: 'repeat', node, ...bounds, isLazy };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function repetition(reader: Reader): Bounds | undefined {
  if (take(reader, '*')) return { min: 0, max: Infinity };
  if (take(reader, '+')) return { min: 1, max: Infinity };
  if (take(reader, '?')) return { min: 0, max: 1 };
  return counted(reader);
}

/** `{2}`, `{2,}` or `{2,5}`; anything else in braces stands for itself. */
function counted(reader: Reader): Bounds | undefined {
  const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(reader.chars.slice(reader.at, reader.at + 12).join(''));
  if (found === null) return undefined;
  const [text, low, comma, high] = found;
  const min = Number(low);
  const most = comma === undefined ? min : Infinity;
  const max = high === undefined ? most : Number(high);
  const isTooMany = min > maxRepeat || (max !== Infinity && max > maxRepeat);
  if (isTooMany || max < min) refuse(reader, 'a bad repeat count');
  reader.at += text.length;
  return { min, max };
}

function atom(reader: Reader): Node {
  if (take(reader, '(')) return group(reader);
  if (take(reader, '[')) return { kind: 'char', test: classOf(reader) };
  if (take(reader, '.')) return { kind: 'char', test: (char) => char !== '\n' };
  if (take(reader, '^')) return { kind: 'start' };
  if (take(reader, '$')) return { kind: 'end' };
  if (take(reader, '\\')) return { kind: 'char', test: escape(reader).test };
  const char = peek(reader);
  if ('*+?'.includes(char)) refuse(reader, `nothing to repeat before "${char}"`);
  reader.at += 1;
  return { kind: 'char', test: literal(char, reader) };
}

function group(reader: Reader): Node {
  let index: number | undefined;
  if (take(reader, '?:')) index = undefined;
  else if (take(reader, '?P<') || take(reader, '?<')) index = named(reader);
  else if (peek(reader) === '?') refuse(reader, 'RE2 has no look-around, and flags stand only at the start, as (?i)');
  else index = reader.groups += 1;
  const node = choice(reader);
  if (!take(reader, ')')) refuse(reader, 'missing ")"');
  return index === undefined ? node : { kind: 'group', index, node };
}

function named(reader: Reader): number {
  const end = reader.chars.indexOf('>', reader.at);
  const name = reader.chars.slice(reader.at, end === -1 ? reader.at : end).join('');
  if (!/^\w{1,60}$/.test(name)) refuse(reader, 'a bad group name; RE2 has no look-behind');
  reader.at = end + 1;
  reader.groups += 1;
  reader.names.set(name, reader.groups);
  return reader.groups;
}

type Test = (char: string) => boolean;

function literal(char: string, { isCaseInsensitive }: Reader): Test {
  if (!isCaseInsensitive) return (other) => other === char;
  const lower = char.toLowerCase();
  return (other) => other.toLowerCase() === lower;
}

/** Perl classes are ASCII only in RE2. */
const perlClasses: ReadonlyMap<string, Test> = new Map([
  ['d', (char) => /^[0-9]$/.test(char)],
  ['w', (char) => /^[0-9A-Za-z_]$/.test(char)],
  ['s', (char) => /^[\t\n\f\r ]$/.test(char)],
]);
const controls: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);

/** Behind a backslash; `char` where it stands for one character, which may begin a range. */
function escape(reader: Reader): { readonly test: Test; readonly char?: string } {
  const letter = peek(reader);
  reader.at += 1;
  const perl = perlClasses.get(letter.toLowerCase());
  if (perl !== undefined) return { test: letter === letter.toLowerCase() ? perl : (char) => !perl(char) };
  const char = controls.get(letter) ?? letter;
  if (char === letter && !/^[^0-9A-Za-z]$/u.test(letter)) {
    reader.at -= 1;
    refuse(reader, `"\\${letter}" is not supported; RE2 has no back-references`);
  }
  return { test: literal(char, reader), char };
}

function classOf(reader: Reader): Test {
  const isNegated = take(reader, '^');
  const tests: Test[] = [];
  for (let isFirst = true; isFirst || peek(reader) !== ']'; isFirst = false) {
    if (reader.at >= reader.chars.length) refuse(reader, 'missing "]"');
    if (peek(reader) === '[' && reader.chars[reader.at + 1] === ':') refuse(reader, 'classes such as [:alpha:]');
    tests.push(member(reader));
  }
  reader.at += 1;
  return (char) => tests.some((test) => test(char)) !== isNegated;
}

/** One character, an escape, or a range. */
function member(reader: Reader): Test {
  const from = single(reader);
  const isRange = peek(reader) === '-' && (reader.chars[reader.at + 1] ?? ']') !== ']';
  if (from.char === undefined || !isRange) return from.test;
  reader.at += 1;
  const [low, high] = [from.char, single(reader).char ?? ''];
  const [first, last] = [low.codePointAt(0) ?? 0, high.codePointAt(0) ?? -1];
  if (first > last) refuse(reader, 'a bad range');
  const isInside = (char: string): boolean => {
    const code = char.codePointAt(0) ?? -1;
    return code >= first && code <= last;
  };
  if (!reader.isCaseInsensitive) return isInside;
  return (char) => isInside(char) || isInside(char.toLowerCase()) || isInside(char.toUpperCase());
}

function single(reader: Reader): { readonly test: Test; readonly char?: string } {
  if (take(reader, '\\')) return escape(reader);
  const char = peek(reader);
  reader.at += 1;
  return { test: literal(char, reader), char };
}
