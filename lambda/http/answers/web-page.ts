/** Tells a page for people, which a login or a proxy sends with status 200, from the answer of a server. */
import { BadResponseError } from '../errors/errors.ts';
import type { HttpResponse } from '../port.ts';

/**
 * For receivers whose success has no body worth reading: Pushgateway and Prometheus answer with nothing, others with
 * JSON or plain text, and none of them with HTML.
 * @throws BadResponseError
 */
export function refuseWebPage({ status, headers }: Pick<HttpResponse, 'status' | 'headers'>, where: string): void {
  if (!/^\s*(text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '')) return;
  throw new BadResponseError(
    where,
    `answered ${String(status)} with a web page: a login page or a proxy stands in the way; check the URL and the credentials`,
  );
}
