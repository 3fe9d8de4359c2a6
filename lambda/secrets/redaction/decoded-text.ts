/** Undoes the escapes of a text, and knows for each decoded character where it stood: a value is found however it was written. */
import { isUtf8 } from 'node:buffer';

/** From where to where something was found. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

type Find = (text: string) => readonly Range[];

/** A text, and from where to where in the text that it was decoded from each of its units stood. */
interface Decoded {
  readonly text: string;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** A piece of an escape, and what it stands for. */
interface Piece {
  readonly length: number;
  readonly text: string;
}

/** An encoding that writes single characters in another way. */
interface Encoding {
  readonly escapes: string;
  /** Whether an escape with this first character is one of its own. */
  readonly begins: (sign: string) => boolean;
  readonly decode: (escape: string, isCut: boolean) => readonly Piece[];
}

/** A text was cut off here: it ends, or an ellipsis or the mark of a shortened name follows. Half an escape is nothing. */
const cut = String.raw`(?=$|\u2026|~[0-9a-v]{8})`;

/** RFC 3986, section 2.1, and the plus sign of forms (URL standard, application/x-www-form-urlencoded). */
const percent: Encoding = {
  escapes: String.raw`(?:%[0-9a-f]{2})+|\+|%[0-9a-f]?${cut}`,
  begins: (sign) => sign === '%' || sign === '+',
  decode: (escape, isCut) => {
    if (escape === '+') return [{ length: 1, text: ' ' }];
    return escape.length < 3 ? [{ length: escape.length, text: '' }] : decodeBytes(escape, isCut);
  },
};

/** RFC 8259, section 7. */
const jsonSigns: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const json: Encoding = {
  escapes: String.raw`\\(?:["\\/bfnrt]|u[0-9a-f]{4})|\\(?:u[0-9a-f]{0,3})?${cut}`,
  begins: (sign) => sign === '\\',
  decode: (escape) => {
    const sign = escape.charAt(1);
    const code = escape.length === 6 ? String.fromCharCode(Number.parseInt(escape.slice(2), 16)) : '';
    return [{ length: escape.length, text: sign.toLowerCase() === 'u' ? code : (jsonSigns[sign] ?? sign) }];
  },
};

/** The entities that every document knows (XML 1.0, section 4.6). */
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const html: Encoding = {
  escapes: String.raw`&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-f]{1,6});|&(?:amp?|lt?|gt?|quot?|quo?|apos?|apo?|#x?[0-9a-f]{0,7})?${cut}`,
  begins: (sign) => sign === '&',
  decode: (escape) => [{ length: escape.length, text: escape.endsWith(';') ? decodeEntity(escape) : '' }],
};

/** MIME (RFC 2045, section 6.8) and PEM break base64 after 76 or 64 characters; no word is as long as 60. */
const lineBreaks: Encoding = {
  escapes: String.raw`(?<=[a-z0-9+/]{60})\r?\n[ \t]*(?=[a-z0-9+/=])`,
  begins: (sign) => sign === '\r' || sign === '\n',
  decode: (escape) => [{ length: escape.length, text: '' }],
};

/** What is undone in one pass. */
interface Combination {
  readonly encodings: readonly Encoding[];
  readonly expression: RegExp;
}

function combine(...encodings: readonly Encoding[]): Combination {
  return { encodings, expression: new RegExp(encodings.map(({ escapes }) => escapes).join('|'), 'gi') };
}

const everyEncoding = combine(percent, json, html, lineBreaks);

/** Alone, for a value that looks as if another one had encoded it; together, for a text that mixes them. */
const combinations: readonly Combination[] = [combine(percent), combine(json), combine(html), everyEncoding];

/** JSON in a log line of JSON, or what is percent-encoded in such a text. */
const mostLevels = 3;

/** Nothing in a text without one of these is escaped. */
const mayBeEscaped = /[%\\&]|(?<=[A-Za-z0-9+/]{60})\r?\n/;

/** What is found in the text, and what is found where its escapes are undone; in the order of the text. */
export function findInDecodings(text: string, find: Find): readonly Range[] {
  if (!mayBeEscaped.test(text)) return find(text);
  const ranges = decodeEverything(text).flatMap(({ text: decoded, starts, ends }) =>
    find(decoded).map(({ start, end }) => ({ start: starts[start] ?? 0, end: ends[end - 1] ?? text.length })),
  );
  return mergeRanges([...find(text), ...ranges]);
}

export function replaceRanges(text: string, ranges: readonly Range[], standIn: string): string {
  if (ranges.length === 0) return text;
  const kept = ranges.map(({ start }, index) => text.slice(ranges[index - 1]?.end ?? 0, start));
  return [...kept, text.slice(ranges.at(-1)?.end)].join(standIn);
}

/** Ends a text that was not cut off, so that a sign at its end is not taken for half an escape. */
const end = '\0';

/** The text, and what it becomes when everything is undone that looks like an escape, as often as in a text. */
export function decodeLevels(text: string): readonly string[] {
  if (!mayBeEscaped.test(text) && !text.includes('+')) return [text];
  return [text, ...decodeTogether(startFrom(`${text}${end}`)).map((level) => level.text.slice(0, -end.length))];
}

/** Every decoding that differs from the text and from the others. */
function decodeEverything(text: string): readonly Decoded[] {
  const raw = startFrom(text);
  const first = decodeApart(raw);
  const second = first.flatMap(decodeApart);
  return keepDistinct([...first, ...second, ...decodeTogether(raw)]).filter((decoded) => decoded.text !== text);
}

/** What the combinations make of it, each by itself; nothing of one that finds no escape. */
function decodeApart(given: Decoded): readonly Decoded[] {
  const all = keepDistinct(combinations.map((combination) => decodeOnce(given, combination)));
  return all.filter((decoded) => decoded !== given);
}

function keepDistinct(all: readonly Decoded[]): readonly Decoded[] {
  return [...new Map(all.map((decoded) => [decoded.text, decoded])).values()];
}

function decodeTogether(given: Decoded): readonly Decoded[] {
  const levels: Decoded[] = [];
  let last = given;
  for (let level = 0; level < mostLevels; level += 1) {
    last = decodeOnce(last, everyEncoding);
    levels.push(last);
  }
  return levels;
}

function startFrom(text: string): Decoded {
  const starts = new Uint32Array(text.length).map((_, index) => index);
  return { text, starts, ends: starts.map((start) => start + 1) };
}

function decodeOnce(given: Decoded, { encodings, expression }: Combination): Decoded {
  const { text } = given;
  const writer = writeDecoded(given);
  let at = 0;
  for (const { 0: escape, index } of text.matchAll(expression)) {
    writer.copy(at, index);
    at = index + escape.length;
    const encoding = encodings.find(({ begins }) => begins(escape.charAt(0)));
    let from = index;
    for (const { length, text: piece } of encoding?.decode(escape, isCutAt(text, at)) ?? []) {
      if (piece !== '' || encoding !== lineBreaks) writer.write(piece, from, from + length);
      from += length;
    }
  }
  if (at === 0) return given;
  writer.copy(at, text.length);
  return writer.finish();
}

/** Collects what a text is decoded to; nothing becomes longer by it. */
function writeDecoded({ text, starts, ends }: Decoded): {
  readonly copy: (from: number, to: number) => void;
  readonly write: (piece: string, from: number, to: number) => void;
  readonly finish: () => Decoded;
} {
  const pieces: string[] = [];
  const newStarts = new Uint32Array(text.length);
  const newEnds = new Uint32Array(text.length);
  let length = 0;
  return {
    copy(from, to) {
      pieces.push(text.slice(from, to));
      newStarts.set(starts.subarray(from, to), length);
      newEnds.set(ends.subarray(from, to), length);
      length += to - from;
    },
    write(piece, from, to) {
      pieces.push(piece);
      newStarts.fill(starts[from] ?? 0, length, length + piece.length);
      length += piece.length;
      // What stands for nothing, such as half an escape, disappears with what is before it.
      newEnds.fill(ends[to - 1] ?? 0, Math.max(0, length - Math.max(1, piece.length)), length);
    },
    finish: () => ({
      text: pieces.join(''),
      starts: newStarts.subarray(0, length),
      ends: newEnds.subarray(0, length),
    }),
  };
}

const cutHere = new RegExp(cut, 'y');

export function isCutAt(text: string, index: number): boolean {
  cutHere.lastIndex = index;
  return cutHere.test(text);
}

/** How many bytes a character has in UTF-8 by its first one; none for a byte that begins no character. */
function countBytes(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** Bytes that are no UTF-8 are taken for the characters of Latin-1, which old servers write. */
function decodeBytes(escapes: string, isCut: boolean): readonly Piece[] {
  const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
  const pieces: Piece[] = [];
  let at = 0;
  while (at < bytes.length) {
    const piece = decodeNext(bytes.subarray(at), isCut);
    pieces.push({ length: 3 * piece.length, text: piece.text });
    at += piece.length;
  }
  return pieces;
}

/** What the first bytes stand for. */
function decodeNext(bytes: Buffer, isCut: boolean): Piece {
  const [first = 0] = bytes;
  const length = countBytes(first);
  if (length > bytes.length && isCut) return { length: bytes.length, text: '' };
  const character = bytes.subarray(0, length);
  const isCharacter = length > 0 && isUtf8(character);
  return isCharacter ? { length, text: character.toString() } : { length: 1, text: String.fromCharCode(first) };
}

/** One beyond the last character of Unicode stays as it is. */
function decodeEntity(entity: string): string {
  const name = entity.slice(1, -1).toLowerCase();
  if (!name.startsWith('#')) return entities[name] ?? entity;
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
}

/** In the order of the text; those that overlap become one. */
function mergeRanges(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || range.start >= last.end) merged.push(range);
    else merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return merged;
}
