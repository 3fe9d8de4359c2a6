/** The texts in which a secret value may turn up. */

/** Shorter texts occur by chance in words and numbers; as a part of a value they would blacken half a log line. */
export const minPartLength = 6;

/** A line of a key or a token; shorter ones, and those with blanks, are the frame of a document and stand everywhere. */
const minLineLength = 16;

/**
 * A value as it is stored and sent (without blanks around it), inside JSON, in a URL or form, in base64 at any offset
 * (`Authorization: Basic` puts a user name before it), in hexadecimal digits, and line by line when it has several (PEM).
 */
export function buildForms(stored: string): readonly string[] {
  const value = stored.trim();
  const encoded = [
    ...buildJsonForms(value),
    ...buildUrlForms(value),
    ...buildBase64Forms(value),
    ...buildHexForms(value),
  ];
  const forms = [value, ...encoded, ...splitLines(value)];
  return [...new Set(forms)].filter((form) => form === value || form.length >= minPartLength);
}

/** A longer value is a key or a document, which no server echoes in a header; its forms of forms would be large. */
const maxTwiceEncoded = 1024;

/**
 * Forms of forms: what is sent in base64 comes back percent-encoded or in JSON, and a value that was percent-encoded is
 * part of what was put into base64. A third encoding is not looked for: it would be ten times as many.
 */
export function buildFormsOfForms(stored: string): readonly string[] {
  const value = stored.trim();
  if (value.length > maxTwiceEncoded) return [];
  const once = new Set([...buildJsonForms(value), ...buildUrlForms(value), ...buildBase64Forms(value)]);
  const twice = [...once].flatMap((form) => [
    ...buildJsonForms(form),
    ...buildUrlForms(form),
    ...buildBase64Forms(form),
  ]);
  const known = new Set(buildForms(value));
  return [...new Set(twice)].filter((form) => form.length >= minPartLength && !known.has(form));
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
  return [digits, digits.toUpperCase()];
}

/** A PEM frame is no secret and stands in every certificate. */
function splitLines(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter(isKeyMaterial);
}

function isKeyMaterial(line: string): boolean {
  return line.length >= minLineLength && !line.startsWith('-----') && !/\s/.test(line);
}
