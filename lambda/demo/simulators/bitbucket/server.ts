/** Starts the simulated Bitbucket Cloud, with credentials and their request limits. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { Clock } from '../../../runtime/clock.ts';
import { closeServer, listenOnLoopback, stampDates } from '../loopback.ts';
import { type Routed, routeRequest } from './routes.ts';
import { type RollingHour, createRollingHour } from '../rolling-hour.ts';
import { lacksScope, mayRead } from './scopes.ts';
import type { SimulatedWorkspace } from './workspace.ts';

/** Access tokens are told their limit; all other credentials are told nothing. */
export type CredentialKind = 'access-token' | 'api-token' | 'oauth';

export interface BitbucketServerOptions {
  readonly workspace: SimulatedWorkspace;
  readonly clock: Clock;
  /** Default: a free one. */
  readonly port?: number;
  /** Whole values of the Authorization header. */
  readonly credentials: ReadonlyMap<string, CredentialKind>;
  /** Consumers by `id:secret`. */
  readonly consumers?: readonly string[];
  /** Life of the tokens of consumers. Seconds. */
  readonly tokenSeconds?: number;
  readonly requestsPerHour?: number;
  /** Whether runners tell what they work on, which no document promises. */
  readonly isWorkShown?: boolean;
  /** What the credentials may do, told in `X-OAuth-Scopes`; without it everything, and nothing is told. */
  readonly scopes?: readonly string[];
  /** Paths that answer with an error of the server. */
  readonly isBroken?: (pathname: string) => boolean;
  /** Answers that differ from the workspace's, for a test of one case. */
  readonly instead?: (url: URL) => Routed | undefined;
}

export interface SeenRequest {
  readonly atMs: number;
  /** With its query. */
  readonly path: string;
  readonly status: number;
}

export interface BitbucketServer extends AsyncDisposable, Omit<BitbucketApi, 'listener'> {
  /** The `endpoint` of a configuration. */
  readonly endpoint: string;
  readonly tokenUrl: string;
  close(): Promise<void>;
}

/** Only the latest requests are kept, because a demo may run for days. */
const keptRequests = 5000;

const usualRequestsPerHour = 1000;
const usualTokenSeconds = 7200;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers the requests of such a server; for tests that have an HTTP server of their own. */
export interface BitbucketApi {
  readonly listener: RequestListener;
  /** The latest ones, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Answers by status since the start. */
  readonly answers: ReadonlyMap<number, number>;
  /** Most requests that any rolling hour of any credential held. */
  mostInAnHour(): number;
}

/** The API of Bitbucket Cloud as recordings and its documentation show it. */
export function createBitbucketApi(options: BitbucketServerOptions): BitbucketApi {
  const requests: SeenRequest[] = [];
  const answers = new Map<number, number>();
  const state: ServerState = { hours: new Map(), tokens: new Map(), issued: 0, most: 0 };
  const serveRequest: RequestListener = (request, response) => {
    request.resume();
    const atMs = options.clock();
    const { status, headers, body } = replyTo(request, options, state, atMs);
    requests.push({ atMs, path: request.url ?? '', status });
    if (requests.length > keptRequests) requests.shift();
    answers.set(status, (answers.get(status) ?? 0) + 1);
    response.writeHead(status, headers).end(body);
  };
  return { listener: serveRequest, requests, answers, mostInAnHour: () => state.most };
}

/** A server on loopback that speaks it. */
export async function startBitbucketServer(options: BitbucketServerOptions): Promise<BitbucketServer> {
  const { listener, ...seen } = createBitbucketApi(options);
  const server = createServer(listener);
  stampDates(server, options.clock);
  const origin = await listenOnLoopback(server, options.port ?? 0);
  const close = (): Promise<void> => closeServer(server);
  return {
    ...seen,
    endpoint: `${origin}/2.0`,
    tokenUrl: `${origin}/site/oauth2/access_token`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface ServerState {
  readonly hours: Map<string, RollingHour>;
  /** Tokens of consumers to their end. Epoch milliseconds. */
  readonly tokens: Map<string, number>;
  issued: number;
  most: number;
}

function replyTo(request: IncomingMessage, options: BitbucketServerOptions, state: ServerState, nowMs: number): Reply {
  const { url: path = '/', headers } = request;
  const url = new URL(path, `http://${headers.host ?? 'localhost'}`);
  const { authorization = '' } = headers;
  if (url.pathname === '/site/oauth2/access_token') return replyWithToken(authorization, options, state, nowMs);
  const kind = findCredentialKind(authorization, options, state, nowMs);
  if (kind === undefined) return makeJsonError(401, 'Token is invalid, expired, or not supported for this endpoint.');
  const { requestsPerHour: limit = usualRequestsPerHour } = options;
  const nowUsed = takeRequest(authorization, limit, state, nowMs);
  if (nowUsed === undefined) return makeTooManyReply(limit);
  const told = { ...(kind === 'access-token' ? makeLimitHeaders(limit, nowUsed) : {}), ...makeScopeHeaders(options) };
  return makeReply(findAnswer(url, options, nowMs), headers['if-none-match'], told);
}

function findAnswer(url: URL, options: BitbucketServerOptions, nowMs: number): Routed {
  const { workspace, scopes, isWorkShown = false, isBroken, instead } = options;
  workspace.advance(nowMs);
  if (isBroken?.(url.pathname) === true) return { status: 500, error: 'Something went wrong' };
  if (!mayRead(url, scopes)) return lacksScope;
  return instead?.(url) ?? routeRequest(url, workspace, { nowMs, isWorkShown });
}

/** Requests of the hour, this one included; undefined when it is one too many. */
function takeRequest(authorization: string, limit: number, state: ServerState, nowMs: number): number | undefined {
  const hour = state.hours.get(authorization) ?? createRollingHour(limit);
  state.hours.set(authorization, hour);
  if (!hour.take(nowMs)) return undefined;
  const used = hour.used(nowMs);
  state.most = Math.max(state.most, used);
  return used;
}

function makeReply(found: Routed, known: string | undefined, told: Readonly<Record<string, string>>): Reply {
  return 'error' in found
    ? addHeaders(makeJsonError(found.status, found.error), told)
    : makeConditionalReply(found.body, known, told);
}

function findCredentialKind(
  authorization: string,
  { credentials }: BitbucketServerOptions,
  { tokens }: ServerState,
  nowMs: number,
): CredentialKind | undefined {
  const untilMs = tokens.get(authorization);
  if (untilMs !== undefined) return nowMs < untilMs ? 'oauth' : undefined;
  return credentials.get(authorization);
}

function replyWithToken(
  authorization: string,
  { consumers = [], tokenSeconds = usualTokenSeconds }: BitbucketServerOptions,
  state: ServerState,
  nowMs: number,
): Reply {
  const pair = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  if (!consumers.includes(pair))
    // Not the 401 of RFC 6749: https://github.com/harness/harness/issues/1650 shows the answer of the real server.
    return makeJsonReply(400, { error_description: 'Invalid OAuth client credentials', error: 'unauthorized_client' });
  state.issued += 1;
  const token = `oauth-${String(state.issued)}`;
  state.tokens.set(`Bearer ${token}`, nowMs + tokenSeconds * 1000);
  const scopes = 'repository pipeline runner';
  return makeJsonReply(200, { access_token: token, token_type: 'bearer', expires_in: tokenSeconds, scopes });
}

/** As recorded: plain text, 46 bytes with the line break, and not a word of when to come back. */
function makeTooManyReply(used: number): Reply {
  return {
    status: 429,
    headers: {
      'content-type': 'text/plain',
      'cache-control': 'no-cache, no-store',
      'x-credential-type': 'apikey',
      'x-accepted-oauth-scopes': 'repository',
      'x-request-count': String(used % 997),
    },
    body: 'Rate limit for this resource has been exceeded',
  };
}

/** Below a fifth of the limit, Bitbucket warns. */
const nearShare = 0.8;

function makeLimitHeaders(limit: number, used: number): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-limit': `${String(limit)}, ${String(limit)};w=3600`,
    'x-ratelimit-resource': 'api',
    'x-ratelimit-nearlimit': String(used > limit * nearShare),
  };
}

function makeScopeHeaders({ scopes }: BitbucketServerOptions): Readonly<Record<string, string>> {
  return scopes === undefined ? {} : { 'x-oauth-scopes': scopes.join(', ') };
}

/** Lists have strong tags, and a tag that still holds answers without a body. */
function makeConditionalReply(
  body: unknown,
  known: string | undefined,
  headers: Readonly<Record<string, string>>,
): Reply {
  const reply = makeJsonReply(200, body);
  const etag = `"${createHash('sha256').update(reply.body).digest('hex').slice(0, 32)}"`;
  if (known === etag) return { status: 304, headers: { ...headers, etag }, body: '' };
  return addHeaders(reply, { ...headers, etag });
}

function addHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function makeJsonReply(status: number, body: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}

function makeJsonError(status: number, message: string): Reply {
  return makeJsonReply(status, { type: 'error', error: { message } });
}
