/** Answers one request: the page, whether the collector is ready, or why not. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { healthyPath, readyPath } from '../config.ts';
import type { HeldPage } from '../held-page.ts';
import { doesAcceptGzip, chooseForm } from './negotiate.ts';

export interface Served {
  readonly path: string;
  /** The page of the last run, or why there is none to show. */
  readonly page: () => HeldPage | { readonly missing: string };
  readonly isLetIn: (authorization: string | undefined) => boolean;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

export async function respond(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const { status, headers = {}, body } = await chooseAnswer(request, served);
  const length = String(Buffer.byteLength(body));
  const plain = { 'content-type': 'text/plain; charset=utf-8', 'content-length': length, 'cache-control': 'no-store' };
  // Node leaves the body of an answer to HEAD out by itself.
  response.writeHead(status, { ...plain, ...headers }).end(body);
}

async function chooseAnswer({ method, url = '', headers }: IncomingMessage, served: Served): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, headers: { allow: 'GET, HEAD' }, body: 'only GET and HEAD are answered\n' };
  const path = url.split('?')[0];
  const page = served.page();
  // Probes know no password, and learn nothing but this.
  if (path === healthyPath) return { status: 200, body: 'healthy\n' };
  if (path === readyPath) return 'missing' in page ? buildUnavailable(page.missing) : { status: 200, body: 'ready\n' };
  if (path !== served.path) return { status: 404, body: `the metrics are at ${served.path}\n` };
  if (!served.isLetIn(headers.authorization)) {
    const challenge = { 'www-authenticate': 'Basic realm="ci-metrics", charset="UTF-8"' };
    return { status: 401, headers: challenge, body: 'a user name and its password are needed\n' };
  }
  return 'missing' in page ? buildUnavailable(page.missing) : await showPage(page, headers);
}

function buildUnavailable(reason: string): Answer {
  return { status: 503, body: `${reason}\n` };
}

async function showPage(page: HeldPage, headers: IncomingMessage['headers']): Promise<Answer> {
  const form = chooseForm(headers.accept);
  const encoding = headers['accept-encoding'];
  const isCompressed = doesAcceptGzip(Array.isArray(encoding) ? encoding.join() : encoding);
  return {
    status: 200,
    headers: {
      'content-type': page.chooseContentType(form),
      'last-modified': new Date(page.heldSinceMs).toUTCString(),
      vary: 'Accept, Accept-Encoding',
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
    },
    body: await page.getBody(form, isCompressed),
  };
}
