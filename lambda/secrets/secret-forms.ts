/** Shorter texts occur by chance in words and numbers; as a part of a value they would blacken half a log line. */
export const minPartLength = 6;

/**
 * The texts in which a value may turn up: as it is, inside JSON, in a URL or form, in base64 at any offset
 * (`Authorization: Basic` puts a user name before it), and line by line when it has several (PEM).
 */
export function formsOf(value: string): readonly string[] {
  const forms = [value, ...jsonForms(value), ...urlForms(value), ...base64Forms(value), ...linesOf(value)];
  return [...new Set(forms)].filter((form) => form === value || form.length >= minPartLength);
}

/** Once for a value inside a JSON text, twice for such a text inside another one, as a log line is. */
function jsonForms(value: string): readonly string[] {
  const once = inJson(value);
  return [once, inJson(once)];
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function urlForms(value: string): readonly string[] {
  const component = encodeURIComponent(value.toWellFormed());
  const form = new URLSearchParams([['v', value]]).toString().slice('v='.length);
  const withPlus = component.replaceAll('%20', '+');
  const forms = [component, form, withPlus, encodeURI(value.toWellFormed())];
  return [...forms, ...forms.map(withLowerCaseEscapes)];
}

function withLowerCaseEscapes(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/** How many base64 characters a number of leading bytes touches: those depend on what stands before the value. */
const charactersOfLead = [0, 2, 3] as const;

function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return charactersOfLead.flatMap((characters, lead) => {
    const all = Buffer.concat([Buffer.alloc(lead), bytes]);
    // The last character of an incomplete group depends on what follows.
    const whole = Math.floor((all.length * 8) / 6);
    const core = all.toString('base64').slice(characters, whole);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** A PEM frame is no secret and stands in every certificate. */
function linesOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => !line.startsWith('-----'));
}
