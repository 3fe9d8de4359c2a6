/** Tells a page for people, which a login or a proxy sends with status 200, from the answer of a server. */
import { BadResponseError } from '../errors/errors.ts';
import type { HttpResponse } from '../port.ts';

type WebAnswer = Pick<HttpResponse, 'status' | 'headers' | 'body'>;

/**
 * For receivers whose success has no body worth reading: Pushgateway and Prometheus answer with nothing, others with
 * JSON or plain text, and none of them with HTML.
 * @throws BadResponseError
 */
export function refuseWebPage(response: WebAnswer, where: string): void {
  if (!isCalledPage(response) && !startsAsPage(response)) return;
  const { status } = response;
  throw new BadResponseError(
    where,
    `answered ${String(status)} with a web page: a login page or a proxy stands in the way; check the URL and the credentials`,
  );
}

function isCalledPage({ headers }: WebAnswer): boolean {
  return /^\s*(text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '');
}

/** Enough for a byte order mark, blanks and a comment's beginning before the first tag. Bytes. */
const firstBytes = 256;

/** Some proxies name another type, or none. */
function startsAsPage({ body }: WebAnswer): boolean {
  return /^\s*<(!doctype\s+html|html\b)/i.test(new TextDecoder().decode(body.subarray(0, firstBytes)));
}
