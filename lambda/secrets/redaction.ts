import { formsOf, minPartLength } from './secret-forms.ts';
import { plainCopy } from './plain-copy.ts';

/** Stands where a secret value stood. */
const redacted = '[redacted]';

/** Knows every secret value that was handed out, and takes it out of whatever is about to be written. */
export interface Redactor {
  remember(value: string): void;
  text(text: string): string;
  /** A plain copy of any value, errors with their causes included, without secrets; bounded in depth and size. */
  value(value: unknown): unknown;
}

/** A process that runs for months sees rotated values; the oldest ones are no longer valid. */
const maxValues = 1000;

/** Beginning of a value that counts as a leak when a text was cut off in the middle of it. */
const minCutLength = 8;

export function createRedactor(): Redactor {
  const values = new Set<string>();
  let forms: readonly string[] = [];
  let expression: RegExp | undefined;

  function remember(value: string): void {
    if (value === '' || values.has(value)) return;
    values.add(value);
    const [oldest] = values;
    if (values.size > maxValues && oldest !== undefined) values.delete(oldest);
    // Longest first, so that a value that contains another one disappears as a whole.
    forms = [...new Set([...values].flatMap(formsOf))].sort((a, b) => b.length - a.length);
    expression = new RegExp(forms.map(patternOf).join('|'), 'g');
  }

  function text(raw: string): string {
    if (expression === undefined) return raw;
    return withoutCutValue(raw.replace(expression, redacted), forms);
  }

  return { remember, text, value: (value) => plainCopy(value, text) };
}

function patternOf(form: string): string {
  const literal = form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return form.length < minPartLength ? `(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])` : literal;
}

/** Excerpts end anywhere: the beginning of a value at the end of a text goes too. */
function withoutCutValue(text: string, forms: readonly string[]): string {
  for (const form of forms) {
    // The frame of a PEM text is public; its lines are forms of their own.
    if (form.length <= minCutLength || form.startsWith('-----')) continue;
    const beginning = form.slice(0, minCutLength);
    const at = text.indexOf(beginning, Math.max(0, text.length - form.length));
    if (at !== -1 && form.startsWith(text.slice(at))) return text.slice(0, at) + redacted;
  }
  return text;
}
