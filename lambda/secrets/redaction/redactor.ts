/** Takes secret values out of whatever is about to be written, kept or cut. */
import { findInDecodings, type Range, replaceRanges } from './decoded-text.ts';
import { createFormIndex, type FormIndex } from './form-index.ts';
import { isOwnWord } from './own-words.ts';
import { copyPlain } from './plain-copy.ts';
import { buildForms, buildFormsOfForms, minPartLength } from './secret-forms.ts';

/** Stands where a secret value stood. */
const redacted = '[redacted]';

/** What is written by us: everything is taken out but what is no secret by its length or its words. */
export interface OwnOutput {
  redactText(text: string): string;
  /** As `redactValue` of the redactor; what an error holds of an answer loses every value all the same. */
  redactValue(value: unknown): unknown;
}

/** Knows every secret value that was handed out or sent, in all its forms. */
export interface Redactor {
  /** A value that stays: one that was read from a secret store, or made of such. */
  remember(value: string): void;
  /** A value that lives as long as its request, such as a signature: many of them do not push a token out. */
  rememberPassing(value: string): void;
  /**
   * Words of the configuration, which are no secret: a source `acme-build` is none of a secret's
   * `acme-build-…`. A whole secret is taken out all the same, and so is a longer piece of it.
   */
  keepWords(words: Iterable<string>): void;
  /** For a text from outside, such as the body of a refusal, before it is cut: every value is taken out. */
  redactText(text: string): string;
  /** A plain copy of any value, errors with their causes included, without secrets; bounded in depth and size. */
  redactValue(value: unknown): unknown;
  /** For a name out of a CI system, before it becomes a label: every value but our own words is taken out. */
  redactName(text: string): string;
  readonly own: OwnOutput;
}

/** A process that runs for months sees rotated values; the oldest ones are no longer valid. */
const maxValues = 1000;

/** With forms of forms: some 30 a value; a pipeline has fewer secrets. */
const maxTwiceValues = 100;

/** Two for each request; more than a run sends at the same time, and what an answer echoes is echoed within it. */
const maxPassingValues = 500;

/** Shorter than any token, and short enough to stand in a text by chance. */
export const minSecretLength = 8;

/** Why a value protects nothing. */
export type Weakness = 'short' | 'word';

/** Undefined for a value that can be kept secret. */
export function findWeakness(value: string): Weakness | undefined {
  const text = value.trim();
  if (isOwnWord(text)) return 'word';
  return text.length < minSecretLength ? 'short' : undefined;
}

export function createRedactor(): Redactor {
  const index = createFormIndex();
  const lasting = createValueSet(maxValues, index, buildForms);
  const twice = createValueSet(maxTwiceValues, index, buildFormsOfForms);
  const passing = createValueSet(maxPassingValues, index, buildForms);
  const short = createWeakValues();
  const words = createWeakValues();

  const redactOwnText = (raw: string): string => index.replace(raw, redacted);
  const redactName = (raw: string): string => short.replace(redactOwnText(raw));
  const redactText = (raw: string): string => words.replace(redactName(raw));

  return {
    remember(value) {
      const weakness = findWeakness(value);
      if (value.trim() === '') return;
      if (weakness === 'word') words.add(value.trim());
      else if (weakness === 'short') short.add(value.trim());
      else {
        lasting.add(value);
        twice.add(value);
      }
    },
    rememberPassing(value) {
      if (findWeakness(value) === undefined && !lasting.has(value)) passing.add(value);
    },
    keepWords: (kept) => {
      index.keep(kept);
    },
    redactText,
    redactValue: (value) => copyPlain(value, { own: redactText, outside: redactText }),
    redactName,
    own: {
      redactText: redactOwnText,
      redactValue: (value) => copyPlain(value, { own: redactOwnText, outside: redactText }),
    },
  };
}

interface ValueSet {
  add(value: string): void;
  has(value: string): boolean;
}

/** The latest values, their forms in the index; one that is added again counts as new. */
function createValueSet(most: number, index: FormIndex, formsIn: (value: string) => readonly string[]): ValueSet {
  const values = new Set<string>();
  return {
    has: (value) => values.has(value),
    add(value) {
      const isNew = !values.delete(value);
      values.add(value);
      if (!isNew) return;
      for (const form of formsIn(value)) index.add(form);
      const [oldest] = values;
      if (values.size <= most || oldest === undefined) return;
      values.delete(oldest);
      for (const form of formsIn(oldest)) index.remove(form);
    },
  };
}

/** Values that may stand in a text by chance; the shortest are looked for only where they stand alone. */
function createWeakValues(): { readonly add: (value: string) => void; readonly replace: (text: string) => string } {
  const values = new Set<string>();
  let expression: RegExp | undefined;
  return {
    add(value) {
      if (values.has(value)) return;
      values.add(value);
      const [oldest] = values;
      if (values.size > maxValues && oldest !== undefined) values.delete(oldest);
      // Longest first, so that a value that contains another one disappears as a whole.
      const forms = [...new Set([...values].flatMap(buildForms))].sort((a, b) => b.length - a.length);
      expression = new RegExp(forms.map(buildPattern).join('|'), 'g');
    },
    replace: (text) =>
      expression === undefined ? text : replaceRanges(text, findInDecodings(text, matchRanges(expression)), redacted),
  };
}

function matchRanges(expression: RegExp): (text: string) => readonly Range[] {
  return (text) =>
    Array.from(text.matchAll(expression), ({ 0: found, index }) => ({ start: index, end: index + found.length }));
}

function buildPattern(form: string): string {
  const literal = form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return form.length < minPartLength ? `(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])` : literal;
}
