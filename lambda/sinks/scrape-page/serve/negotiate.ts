/** Chooses the form of a page by what its reader accepts. */
import { escapings } from '../../../exposition/escape-names.ts';
import type { PageForm } from '../held-page.ts';
import { maxAcceptCharacters } from '../limits.ts';

/** One entry of an `Accept` or `Accept-Encoding` header. */
interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** What every scraper reads, and what one gets that accepts nothing of what there is: a page is better than none. */
const plainText: PageForm = { format: 'text', escaping: undefined };

/** The form with the highest quality; of equal ones that which stands first (RFC 9110, section 12.5.1). */
export function chooseForm(accept: string | undefined): PageForm {
  const offers = parseRanges(accept ?? '').flatMap((range) => {
    const form = chooseRangeForm(range);
    return form === undefined || range.quality === 0 ? [] : [{ form, quality: range.quality }];
  });
  const [best] = offers.sort((a, b) => b.quality - a.quality);
  return best?.form ?? plainText;
}

/** Whether the reader takes gzip; one that sends no header does not. */
export function doesAcceptGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parseRanges(acceptEncoding ?? '');
  const named =
    ranges.find(({ type }) => type === 'gzip' || type === 'x-gzip') ?? ranges.find(({ type }) => type === '*');
  return named !== undefined && named.quality > 0;
}

function chooseRangeForm({ type, parameters }: Range): PageForm | undefined {
  const version = parameters.get('version');
  const escaping = escapings.find((known) => known === parameters.get('escaping'));
  switch (type) {
    case 'application/openmetrics-text':
      return version === undefined || version === '1.0.0' ? { format: 'openmetrics', escaping } : undefined;
    case 'application/*':
      return { format: 'openmetrics', escaping: undefined };
    case 'text/plain':
      return chooseTextForm(version, escaping);
    case 'text/*':
    case '*/*':
      return plainText;
    default:
      return undefined;
  }
}

/** Version 0.0.4 has no quotes for names. */
function chooseTextForm(version: string | undefined, escaping: PageForm['escaping']): PageForm | undefined {
  if (version === '1.0.0') return { format: 'text', escaping };
  if (version !== undefined && version !== '0.0.4') return undefined;
  return { format: 'text', escaping: escaping === 'allow-utf-8' ? undefined : escaping };
}

function parseRanges(header: string): readonly Range[] {
  return header
    .slice(0, maxAcceptCharacters)
    .toLowerCase()
    .split(',')
    .flatMap((entry) => {
      const [type = '', ...rest] = entry.split(';').map((piece) => piece.trim());
      if (type === '') return [];
      const parameters = new Map(rest.map(parseParameter));
      return [{ type, parameters, quality: parseQuality(parameters.get('q')) }];
    });
}

function parseParameter(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at === -1) return [text, ''];
  return [
    text.slice(0, at).trim(),
    text
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1'),
  ];
}

/** RFC 9110, section 12.4.2: from 0 to 1; what is no such number refuses nothing. */
function parseQuality(text: string | undefined): number {
  return text !== undefined && /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/.test(text) ? Number(text) : 1;
}
