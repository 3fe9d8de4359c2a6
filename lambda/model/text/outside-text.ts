/** Cleans texts from outside, such as names, messages and help, so that they can be written to a line or a screen. */

/**
 * Characters that act instead of being seen: controls (ESC, BEL, line feeds, U+009B), line and paragraph separators, what
 * changes the direction of the text after it, and what has no width at all. Joiners stay: words and emojis need them.
 */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060-\u206f\ufeff\ufff9-\ufffb]+/gu;

/** The same but for line feeds and tabs, which the text formats escape and readers of stack traces need. */
const unseenInLines = /[\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060-\u206f\ufeff\ufff9-\ufffb]+|(?![\n\t])\p{Cc}/gu;

/** What nearly every text is, so that it is found out quickly. */
const plain = /^[\x20-\x7e]*$/;

/** One line that neither moves the cursor nor reorders what stands beside it, and that has a UTF-8 form. */
export function flattenText(text: string, standIn = ' '): string {
  return plain.test(text) ? text : text.toWellFormed().replace(unseen, standIn);
}

/** The same for texts of several lines. */
export function maskUnseen(text: string): string {
  return plain.test(text) ? text : text.toWellFormed().replace(unseenInLines, ' ');
}

/** The same for JSON, which has an escape for every character: nothing is lost. */
export function escapeUnseen(json: string): string {
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return plain.test(json) ? json : json.replace(unseen, (characters) => Array.from(characters, escapeUnit).join(''));
}

/**
 * The value that a JSON text stands for, with texts that all have a UTF-8 form: half a surrogate pair, which JSON can
 * write, becomes U+FFFD in names, ids and cursors alike. Nothing that takes them further can fail for it.
 * @throws SyntaxError for what is no JSON.
 */
export function parseJsonText(text: string): unknown {
  // All other code has to use this function, by a rule of eslint.
  // eslint-disable-next-line no-restricted-properties
  const value: unknown = JSON.parse(text);
  return mayHaveSurrogates.test(text) ? copyWellFormed(value) : value;
}

/** A lone surrogate gets into a text by its escape only, or as it stands when the bytes were decoded elsewhere. */
const mayHaveSurrogates = /\\u[dD][89a-fA-F]|[\ud800-\udfff]/u;

function copyWellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(copyWellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.toWellFormed(), copyWellFormed(item)]));
}
