/** Finds many texts at once in a long one, quickly where none of them occurs: that is what nearly every text is like. */
import { findInDecodings, isCutAt, type Range, replaceRanges } from './decoded-text.ts';
import { isOwnWord } from './own-words.ts';

/** Every indexed form is at least as long; its first characters are looked up in a table. */
const keyLength = 4;

/** Beginning of a form that counts as the form where a text was cut off in the middle of it. */
const minCutLength = 8;

/** Bits of the table; with the few hundred forms of a process, one position of a text in a hundred needs a closer look. */
const tableBits = 16;

export interface FormIndex {
  add(form: string): void;
  /** As often as it was added. */
  remove(form: string): void;
  /** Words that may be shown: a text that ends in one was not cut off in the middle of a form that begins with it. */
  keep(words: Iterable<string>): void;
  /** The text with `standIn` in place of every form, however its characters are written; itself where there is none. */
  replace(text: string, standIn: string): string;
}

export function createFormIndex(): FormIndex {
  /** How many values have a form, by its first characters. */
  const buckets = new Map<string, Map<string, number>>();
  /** 1 where a form may begin. Never cleared: a form that was removed costs a closer look and nothing else. */
  const table = new Uint8Array(1 << tableBits);

  const kept = createKeptWords();

  /** The end of the longest form that begins here; undefined where none does. */
  function findEnd(text: string, at: number): number | undefined {
    let end: number | undefined;
    for (const form of buckets.get(text.slice(at, at + keyLength))?.keys() ?? []) {
      const reached = measureReach(form, text, at);
      if (reached === undefined || reached <= (end ?? 0)) continue;
      // What would be left of the secret has to be a secret of its own.
      const isShown = form.length - (reached - at) >= minCutLength && kept.isEnd(text, at, reached);
      if (!isShown) end = reached;
    }
    return end;
  }

  function findRanges(text: string): readonly Range[] {
    const ranges: { start: number; end: number }[] = [];
    let key = 0;
    for (let index = 0; index < text.length; index += 1) {
      key = appendToKey(key, text.charCodeAt(index));
      if (table[hashKey(key)] === 0 || index + 1 < keyLength) continue;
      const at = index + 1 - keyLength;
      const end = findEnd(text, at);
      if (end === undefined) continue;
      const last = ranges.at(-1);
      // Two that overlap disappear as one, whichever of them begins first.
      if (last !== undefined && at < last.end) last.end = Math.max(last.end, end);
      else ranges.push({ start: at, end });
    }
    return ranges;
  }

  return {
    add(form) {
      if (form.length < keyLength) throw new RangeError('a form is too short to be found by its first characters');
      const key = form.slice(0, keyLength);
      const bucket = buckets.get(key) ?? new Map<string, number>();
      bucket.set(form, (bucket.get(form) ?? 0) + 1);
      buckets.set(key, bucket);
      table[hashKey(computeKey(form))] = 1;
    },
    remove(form) {
      const key = form.slice(0, keyLength);
      const bucket = buckets.get(key);
      const left = (bucket?.get(form) ?? 1) - 1;
      if (left > 0) bucket?.set(form, left);
      else bucket?.delete(form);
      if (bucket?.size === 0) buckets.delete(key);
    },
    keep: kept.add,
    replace(text, standIn) {
      return buckets.size === 0 ? text : replaceRanges(text, findInDecodings(text, findRanges), standIn);
    },
  };
}

interface KeptWords {
  readonly add: (words: Iterable<string>) => void;
  /** Whether such a word ends here, and has the piece of a form in it. */
  isEnd(text: string, at: number, end: number): boolean;
}

function createKeptWords(): KeptWords {
  const kept = new Set<string>();
  return {
    add(words) {
      // A shorter piece is never taken for the beginning of a form.
      for (const word of words) if (word.length >= minCutLength) kept.add(word);
    },
    isEnd(text, at, end) {
      for (const word of kept) {
        const start = end - word.length;
        const isThere = start >= 0 && start <= at && text.startsWith(word, start);
        if (isThere && !/[A-Za-z0-9]/.test(text.charAt(start - 1))) return true;
      }
      return false;
    },
  };
}

/** The low bytes of the last four characters: what else a character has is told apart by the closer look. */
function appendToKey(key: number, code: number): number {
  return (key << 8) | (code & 0xff);
}

function computeKey(form: string): number {
  let key = 0;
  for (let index = 0; index < keyLength; index += 1) key = appendToKey(key, form.charCodeAt(index));
  return key;
}

/** Fibonacci hashing: the factor is 2^32 divided by the golden ratio. */
function hashKey(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - tableBits);
}

/** How far a form reaches in a text: to its own end, or to the place where the text was cut off in the middle of it. */
function measureReach(form: string, text: string, at: number): number | undefined {
  if (text.startsWith(form, at)) return at + form.length;
  // The frame of a PEM text is public; its lines are forms of their own.
  if (form.startsWith('-----')) return undefined;
  let length = keyLength;
  while (length < form.length && text.charCodeAt(at + length) === form.charCodeAt(length)) length += 1;
  if (length < minCutLength) return undefined;
  const end = at + length;
  return isCutAt(text, end) && !isEndOfOwnWord(text, at, end) ? end : undefined;
}

/** More than any word of ours has, so that a text of one endless word is not walked again and again. */
const longestWord = 64;

/**
 * `chainloop` of a token `chainloop_abc…` is a name that every page has, and what it says of the token is nothing. The
 * piece may begin in the middle of the word; a sign that the word ends in is no part of it.
 */
function isEndOfOwnWord(text: string, at: number, end: number): boolean {
  const [begun = ''] = /[A-Za-z0-9]*$/.exec(text.slice(Math.max(0, at - longestWord), at)) ?? [];
  const piece = `${begun}${text.slice(at, end)}`;
  return isOwnWord(piece.replace(/[-_ .:/]$/, ''));
}
