/** Answers one request: the metrics, the page for people, whether the collector is ready, or why not. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LivePage } from '../../../page/live-page.ts';
import { eventsPath, healthyPath, livePath, readyPath } from '../config.ts';
import type { HeldPage } from '../held-page.ts';
import type { Answer } from './answer.ts';
import { answerEvents, isAskedLocally, showLivePage, wrongHost } from './live.ts';
import { doesAcceptGzip, chooseForm } from './negotiate.ts';

export type ShownPage = HeldPage | { readonly missing: string };

export interface Served {
  readonly path: string;
  /** The page of the last run, or why there is none to show. */
  readonly page: () => ShownPage;
  /** Absent where the metrics have its path. */
  readonly live: LivePage | undefined;
  /** Only this machine reaches it. */
  readonly isLocalOnly: boolean;
  readonly isLetIn: (authorization: string | undefined) => boolean;
}

export async function respond(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const answer = await chooseAnswer(request, response, served);
  if (answer === undefined) return;
  const { status, headers = {}, body } = answer;
  const length = String(Buffer.byteLength(body));
  const plain = { 'content-type': 'text/plain; charset=utf-8', 'content-length': length, 'cache-control': 'no-store' };
  // Node leaves the body of an answer to HEAD out by itself.
  response.writeHead(status, { ...plain, ...headers }).end(body);
}

/** Undefined: it is answered already, by events that go on. */
async function chooseAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  served: Served,
): Promise<Answer | undefined> {
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, headers: { allow: 'GET, HEAD' }, body: 'only GET and HEAD are answered\n' };
  const path = request.url?.split('?')[0];
  return answerProbe(path, served) ?? (await chooseGuarded(request, response, served, path));
}

/** Probes know no password, and learn nothing but this. */
function answerProbe(path: string | undefined, served: Served): Answer | undefined {
  if (path === healthyPath) return { status: 200, body: 'healthy\n' };
  return path === readyPath ? tellReadiness(served.page()) : undefined;
}

/** What is behind the password, and says no more than where it is to those who ask for something else. */
async function chooseGuarded(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  served: Served,
  path: string | undefined,
): Promise<Answer | undefined> {
  const live = path === livePath || path === eventsPath ? served.live : undefined;
  if (path !== served.path && live === undefined) return { status: 404, body: describePlaces(served) };
  if (!served.isLetIn(headers.authorization)) return askForPassword();
  if (live === undefined) return await showMetrics(served.page(), headers);
  if (served.isLocalOnly && !isAskedLocally(headers.host)) return wrongHost;
  if (path === eventsPath) return answerEvents(method, response, live);
  return await showLivePage(doesAcceptGzip(joinHeader(headers['accept-encoding'])));
}

function tellReadiness(page: ShownPage): Answer {
  return 'missing' in page ? buildUnavailable(page.missing) : { status: 200, body: 'ready\n' };
}

function describePlaces({ path, live }: Served): string {
  return `the metrics are at ${path}${live === undefined ? '' : `, and a page for people is at ${livePath}`}\n`;
}

function askForPassword(): Answer {
  const challenge = { 'www-authenticate': 'Basic realm="ci-metrics", charset="UTF-8"' };
  return { status: 401, headers: challenge, body: 'a user name and its password are needed\n' };
}

function joinHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join() : value;
}

function buildUnavailable(reason: string): Answer {
  return { status: 503, body: `${reason}\n` };
}

async function showMetrics(page: ShownPage, headers: IncomingMessage['headers']): Promise<Answer> {
  if ('missing' in page) return buildUnavailable(page.missing);
  const form = chooseForm(headers.accept);
  const isCompressed = doesAcceptGzip(joinHeader(headers['accept-encoding']));
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
