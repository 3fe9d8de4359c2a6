/** The texts in which a secret value may turn up. */
import { decodeLevels } from './decoded-text.ts';

/** Shorter texts occur by chance in words and numbers; as a part of a value they would blacken half a log line. */
export const minPartLength = 6;

/** A line of a key or a token; shorter ones, and those with blanks, are the frame of a document and stand everywhere. */
const minLineLength = 16;

/**
 * A value as it is stored and sent (without blanks around it), with the plus signs of a form, in base64 at any offset
 * (`Authorization: Basic` puts a user name before it), in hexadecimal digits, and line by line when it has several
 * (PEM). What escapes single characters, such as JSON and URLs, is undone in the text instead (`decoded-text.ts`).
 */
export function buildForms(stored: string): readonly string[] {
  const value = stored.trim();
  const encoded = [...buildBase64Forms(value), ...buildHexForms(value)];
  const forms = withDecoded([value, value.replaceAll(' ', '+'), ...encoded, ...splitLines(value)]);
  return forms.filter((form) => form === value || form.length >= minPartLength);
}

/** A longer value is a key or a document, which no server echoes in a header; its forms of forms would be large. */
const maxTwiceEncoded = 1024;

/**
 * Base64 of a value that was encoded before: percent-encoded, in JSON or in base64. A third encoding is not looked for:
 * it would be ten times as many.
 */
export function buildFormsOfForms(stored: string): readonly string[] {
  const value = stored.trim();
  if (value.length > maxTwiceEncoded) return [];
  const once = new Set([...buildJsonForms(value), ...buildUrlForms(value), ...buildBase64Forms(value)]);
  const known = new Set(buildForms(value));
  const twice = withDecoded([...once].flatMap(buildBase64Forms));
  return twice.filter((form) => form.length >= minPartLength && !known.has(form));
}

/** A value that looks encoded itself, such as `a%41b`, is decoded together with the text that it stands in. */
function withDecoded(forms: readonly string[]): readonly string[] {
  return [...new Set(forms.flatMap((form) => decodeLevels(form)))];
}

/** Once for a value inside a JSON text, twice for such a text inside another one, as a log line is. */
function buildJsonForms(value: string): readonly string[] {
  const once = escapeJson(value);
  const ascii = once.replace(/[\u007f-\uffff]/g, escapeUnit);
  return [once, escapeJson(once), ascii, once.replaceAll('/', '\\/')];
}

function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** As many servers write what is no ASCII. */
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function buildUrlForms(value: string): readonly string[] {
  const component = encodeURIComponent(value.toWellFormed());
  const form = new URLSearchParams([['v', value]]).toString().slice('v='.length);
  const withPlus = component.replaceAll('%20', '+');
  const forms = [component, form, withPlus, encodeURI(value.toWellFormed())];
  return [...forms, ...forms.map(convertEscapes)];
}

function convertEscapes(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/** How many base64 characters a number of leading bytes touches: those depend on what stands before the value. */
const charactersOfLead = [0, 2, 3] as const;

function buildBase64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return charactersOfLead.flatMap((characters, lead) => {
    const all = Buffer.concat([Buffer.alloc(lead), bytes]);
    // The last character of an incomplete group depends on what follows.
    const whole = Math.floor((all.length * 8) / 6);
    const core = all.toString('base64').slice(characters, whole);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function buildHexForms(value: string): readonly string[] {
  const digits = Buffer.from(value).toString('hex');
  // What is hexadecimal itself, such as a signature, comes back in either case.
  const own = /^[0-9a-f]+$/i.test(value) ? [value.toLowerCase(), value.toUpperCase()] : [];
  return [digits, digits.toUpperCase(), ...own];
}

/** A PEM frame is no secret and stands in every certificate. */
function splitLines(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter(isKeyMaterial);
}

function isKeyMaterial(line: string): boolean {
  return line.length >= minLineLength && !line.startsWith('-----') && !/\s/.test(line);
}
