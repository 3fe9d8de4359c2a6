import type { Format } from './family-rules.ts';

export type PreferredFormat = 'text' | 'openmetrics';

const acceptText = 'text/plain;version=0.0.4';
const acceptOpenMetrics = 'application/openmetrics-text;version=1.0.0';

/** How names that are no classic Prometheus names are written: replaced by underscores, or quoted as they are. */
export type Escaping = 'underscores' | 'allow-utf-8';

/** The `Accept` header of a scrape. Protobuf is never asked for; some servers send what they like without a header. */
export function acceptHeader(preferred: PreferredFormat, escaping: Escaping): string {
  const utf8 = escaping === 'allow-utf-8';
  const text = utf8 ? 'text/plain;version=1.0.0;escaping=allow-utf-8' : acceptText;
  const open = `${acceptOpenMetrics};escaping=${escaping}`;
  const [first, second] = preferred === 'text' ? [text, open] : [open, text];
  return `${first};q=1,${second};q=0.5${utf8 ? `,${acceptText};q=0.3` : ''},*/*;q=0.1`;
}

/** The format that a `Content-Type` promises, or why it cannot be read. */
export function formatOf(contentType: string | undefined): Format | { readonly refused: string } {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  // Old Chainloop builds and hand-made exporters send no more than this; a page without a type is read as Prometheus 2 does.
  if (type === 'text/plain' || type === '') return 'text';
  if (type === 'application/openmetrics-text') return 'openmetrics';
  if (type === 'application/vnd.google.protobuf')
    return { refused: 'the answer is protobuf, although text was asked for' };
  if (type === 'text/html')
    return { refused: 'the answer is HTML, not a metrics page; a login page, a proxy or a wrong URL?' };
  return { refused: `the answer is ${printable(type)}, not a metrics page` };
}

function printable(type: string): string {
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : 'of another type';
}
