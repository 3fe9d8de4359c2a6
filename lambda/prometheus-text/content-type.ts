/** The `Accept` header that asks for a format, and the format that an answer has by its `Content-Type`. */
import type { Format } from './families/family-rules.ts';

export type PreferredFormat = 'text' | 'openmetrics';

const acceptText = 'text/plain;version=0.0.4';
const acceptOpenMetrics = 'application/openmetrics-text;version=1.0.0';

/** How names that are no classic Prometheus names are written: replaced by underscores, or quoted as they are. */
export type Escaping = 'underscores' | 'allow-utf-8';

/** The `Accept` header of a scrape. Protobuf is never asked for; some servers send what they like without a header. */
export function buildAcceptHeader(preferred: PreferredFormat, escaping: Escaping): string {
  const utf8 = escaping === 'allow-utf-8';
  const text = utf8 ? 'text/plain;version=1.0.0;escaping=allow-utf-8' : acceptText;
  const open = `${acceptOpenMetrics};escaping=${escaping}`;
  const [first, second] = preferred === 'text' ? [text, open] : [open, text];
  return `${first};q=1,${second};q=0.5${utf8 ? `,${acceptText};q=0.3` : ''},*/*;q=0.1`;
}

/** The format that a `Content-Type` promises; `fallback` stands for those that promise none, or why it cannot be read. */
export function detectFormat(
  contentType: string | undefined,
  fallback?: Format,
): Format | { readonly refused: string } {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((piece) => piece.trim().toLowerCase());
  if (type === 'text/plain') return 'text';
  // Version 2 is an experiment, with other rules for what a line is.
  const isVersion2 = parameters.some((parameter) => /^version\s*=\s*"?2\.0\.0"?$/.test(parameter));
  if (type === 'application/openmetrics-text' && !isVersion2) return 'openmetrics';
  if (type === 'application/vnd.google.protobuf')
    return { refused: 'the answer is protobuf, although text was asked for' };
  return fallback ?? { refused: explainRefusal(type) };
}

function explainRefusal(type: string): string {
  switch (type) {
    case '':
      return 'the answer has no Content-Type, so nobody knows what it is';
    case 'text/html':
      return 'the answer is HTML, not a metrics page: a login page, a proxy or a wrong URL; check the URL and the credentials';
    case 'application/openmetrics-text':
      return 'the answer is OpenMetrics 2.0, which is not read';
    default:
      return `the answer is ${formatType(type)}, not a metrics page; check the URL`;
  }
}

function formatType(type: string): string {
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : 'of another type';
}
