/** Starts the simulated GitHub: its REST API on loopback, with credentials, permissions and limits. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../../runtime/clock.ts';
import { closeServer, listenOnLoopback, stampDates } from '../loopback.ts';
import { replyToApp } from './api/app-routes.ts';
import { type Caller, createCredentials, type Credential, type Credentials } from './api/credentials.ts';
import { createLimits, type Limits, refuseSecondary } from './api/limits.ts';
import { addHeaders, makeJsonReply, notFound, refuse, type Reply } from './api/reply.ts';
import { findRoute, type Route, type RouteContext } from './api/routes.ts';
import { refusePermission, replyByScenario, type ScenarioName } from './api/scenarios.ts';
import type { SimulatedOrganization } from './organization/organization.ts';

/** How a server behaves without anything being wrong. */
export interface Manners {
  /** Lists show runs as they were so long ago. Milliseconds. */
  readonly listLagMs: number;
  /** Each so manyth request meets a secondary limit; 0: none, but for the 900 points a minute. */
  readonly secondaryEvery: number;
  /** Each so manyth request is answered with 502 after its time is over; 0: none. */
  readonly brokenEvery: number;
}

export const polite: Manners = { listLagMs: 0, secondaryEvery: 0, brokenEvery: 0 };
export const rude: Manners = { listLagMs: 8000, secondaryEvery: 613, brokenEvery: 389 };

export interface GithubServerOptions {
  readonly organization: SimulatedOrganization;
  readonly clock: Clock;
  /** Default: a free one. */
  readonly port?: number;
  readonly credentials: readonly Credential[];
  /** Default: `polite`. */
  readonly manners?: Manners;
  /**
   * `enterprise-server`: below `/api/v3`, without limits, without the endpoints that only GitHub's own servers have.
   * `cloud`: as `api.github.com`. Default: `cloud`.
   */
  readonly edition?: 'cloud' | 'enterprise-server';
  /** Default: 5,000, as of a person. 0: none, and no headers. */
  readonly requestsPerHour?: number;
  /** Default: 900. */
  readonly pointsPerMinute?: number;
  /** `lean`: without what must not be read anyway, for tests of many requests. Default: `whole`. */
  readonly bodies?: 'whole' | 'lean';
  /** Answers that differ from the organization's, for a test of one case. */
  readonly instead?: (url: URL) => Reply | undefined;
  /** What the App's own webhook has sent, as its list of deliveries shows it. */
  readonly deliveries?: () => readonly object[];
}

export interface SeenRequest {
  readonly atMs: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
}

/** Answers the requests of such a server; for tests that have an HTTP server of their own. */
export interface GithubApi {
  readonly listener: RequestListener;
  /** The latest ones, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Answers by status since the start. */
  readonly answers: ReadonlyMap<number, number>;
  /** From now on, paths of which this is true are answered like this; without it, all paths. */
  playScenario(name: ScenarioName, isMeant?: (pathname: string) => boolean): void;
  /** Most requests that any rolling hour of any account held; those answered with 304 are free. */
  mostInAnHour(): number;
}

export interface GithubServer extends AsyncDisposable, Omit<GithubApi, 'listener'> {
  /** Base URL of the API, as a configuration names it. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Only the latest requests are kept, because a demo may run for days. */
const keptRequests = 5000;

/** The REST API of GitHub as its published schema and its documentation describe it. */
export function createGithubApi(options: GithubServerOptions): GithubApi {
  const { requestsPerHour = 5000, pointsPerMinute = 900, edition = 'cloud' } = options;
  const isServer = edition === 'enterprise-server';
  const requests: SeenRequest[] = [];
  const answers = new Map<number, number>();
  const state: ServerState = {
    credentials: createCredentials(options.credentials),
    limits: createLimits({
      requestsPerHour: isServer ? 0 : requestsPerHour,
      pointsPerMinute: isServer ? Infinity : pointsPerMinute,
    }),
    scenario: 'ok',
    isMeant: () => true,
    count: 0,
  };
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    const body = request.method === 'POST' ? await text(request) : '';
    const atMs = options.clock();
    const reply = replyTo({ request, body, atMs }, options, state);
    requests.push({ atMs, method: request.method ?? '', path: request.url ?? '', status: reply.status });
    if (requests.length > keptRequests) requests.shift();
    answers.set(reply.status, (answers.get(reply.status) ?? 0) + 1);
    return reply;
  };
  return {
    listener: (request, response) => {
      void answer(request).then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
    },
    requests,
    answers,
    playScenario: (name, isMeant = () => true) => {
      Object.assign(state, { scenario: name, isMeant });
    },
    mostInAnHour: () => state.limits.mostInAnHour(),
  };
}

/** A server on loopback that speaks it. */
export async function startGithubServer(options: GithubServerOptions): Promise<GithubServer> {
  const { listener, ...seen } = createGithubApi(options);
  const server = createServer(listener);
  stampDates(server, options.clock);
  const origin = await listenOnLoopback(server, options.port ?? 0);
  const close = (): Promise<void> => closeServer(server);
  return { ...seen, endpoint: `${origin}${findBasePath(options)}`, close, [Symbol.asyncDispose]: close };
}

interface ServerState {
  readonly credentials: Credentials;
  readonly limits: Limits;
  scenario: ScenarioName;
  isMeant: (pathname: string) => boolean;
  count: number;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
  readonly atMs: number;
}

function findBasePath({ edition }: GithubServerOptions): string {
  return edition === 'enterprise-server' ? '/api/v3' : '';
}

function replyTo(asked: Asked, options: GithubServerOptions, state: ServerState): Reply {
  const { request, atMs } = asked;
  const { headers } = request;
  const url = new URL(request.url ?? '/', `http://${headers.host ?? 'localhost'}`);
  const base = findBasePath(options);
  if (!url.pathname.startsWith(`${base}/`)) return notFound;
  if ((headers['user-agent'] ?? '') === '') return lacksUserAgent;
  const caller = state.credentials.identify(headers.authorization, atMs);
  if ('status' in caller) return caller;
  const path = url.pathname.slice(base.length);
  if (path === '/rate_limit')
    return edition(options) === 'cloud' ? makeJsonReply(200, state.limits.show(caller.account, atMs)) : notFound;
  return replyToCaller({ ...asked, url, path, caller }, options, state);
}

const lacksUserAgent = refuse(
  403,
  'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
);

function edition({ edition: named = 'cloud' }: GithubServerOptions): 'cloud' | 'enterprise-server' {
  return named;
}

function refuseRudely(
  { manners = polite }: GithubServerOptions,
  { count, limits }: ServerState,
  { account }: Caller,
  nowMs: number,
): Reply | undefined {
  const { secondaryEvery, brokenEvery } = manners;
  if (secondaryEvery > 0 && count % secondaryEvery === 0)
    return refuseSecondary(count % 2 === 0 ? 403 : 429, limits.headersOf(account, nowMs));
  return brokenEvery > 0 && count % brokenEvery === 0 ? makeJsonReply(502, { message: 'Server Error' }) : undefined;
}

interface Called extends Asked {
  readonly url: URL;
  /** Behind the base path. */
  readonly path: string;
  readonly caller: Caller;
}

function replyToCaller(called: Called, options: GithubServerOptions, state: ServerState): Reply {
  const { caller, atMs, request, path, url } = called;
  const { limits, scenario, isMeant } = state;
  state.count += 1;
  const spent = limits.refuseSpent(caller.account, atMs) ?? refuseRudely(options, state, caller, atMs);
  if (spent !== undefined) return spent;
  options.organization.advance(atMs);
  const found = (scenario === 'ok' ? options.instead?.(url) : undefined) ?? route(called, options, state);
  const told = isMeant(path)
    ? replyByScenario(scenario, {
        reply: found,
        kind: kindOfCredential(caller.kind),
        told: limits.headersOf(caller.account, atMs),
      })
    : found;
  const reply = makeConditionalReply(told, request.headers);
  limits.spend(
    caller.account,
    { requests: reply.status === 304 ? 0 : 1, points: request.method === 'POST' ? 5 : 1 },
    atMs,
  );
  const usual = { ...limits.headersOf(caller.account, atMs), ...caller.headers, ...versionHeaders };
  // What a scenario says of a limit, such as that nothing remains, is not what was counted.
  return { ...reply, headers: { ...usual, ...reply.headers } };
}

const versionHeaders = {
  'x-github-api-version-selected': '2022-11-28',
  'x-github-media-type': 'github.v3; format=json',
};

function route(called: Called, options: GithubServerOptions, state: ServerState): Reply {
  const { caller, request, path, body, atMs } = called;
  const context = makeContext(called, options);
  if (caller.app !== undefined && caller.kind === 'app')
    return replyToApp(
      { app: caller.app, method: request.method, path, body, atMs },
      context,
      state.credentials,
      options.deliveries,
    );
  const found = request.method === 'GET' ? findServedRoute(path, context, options) : undefined;
  if (found === undefined) return notFound;
  if (path === '/installation/repositories' && caller.kind !== 'installation')
    return refuse(
      403,
      'You must authenticate with an installation access token in order to list repositories for an installation.',
    );
  if (caller.app?.isSuspended === true) return refuse(403, 'This installation has been suspended');
  return isPermitted(found, caller) ? found.reply() : refuseRoute(found, caller);
}

function findServedRoute(path: string, context: RouteContext, options: GithubServerOptions): Route | undefined {
  return isCloudOnly(path) && edition(options) !== 'cloud' ? undefined : findRoute(path, context);
}

/** What Enterprise Server does not have (its own schema). */
function isCloudOnly(path: string): boolean {
  return /\/actions\/(hosted-runners|concurrency_groups)|\/settings\/billing\//.test(path);
}

function isPermitted({ permission }: Route, { permissions }: Caller): boolean {
  return permission === 'metadata' || permissions[permission] !== undefined;
}

/** A classic token without the scope sees nothing of a private repository. */
function refuseRoute({ permission }: Route, { kind }: Caller): Reply {
  if (kind === 'classic' && !permission.startsWith('organization_')) return notFound;
  return refusePermission(kindOfCredential(kind), `${permission}=read`, {});
}

function kindOfCredential(kind: Caller['kind']): Credential['kind'] {
  return kind === 'installation' ? 'app' : kind;
}

function makeContext({ url, atMs }: Called, options: GithubServerOptions): RouteContext {
  const { organization, manners = polite, bodies = 'whole' } = options;
  return {
    ...{ api: `${url.origin}${findBasePath(options)}`, html: url.origin, login: organization.login, bodies },
    ...{ organization, nowMs: atMs, listedMs: atMs - manners.listLagMs, url },
  };
}

/** A tag belongs to the token that asked: the same list has another tag for another token. */
function makeConditionalReply(reply: Reply, { authorization = '', ...headers }: IncomingMessage['headers']): Reply {
  if (reply.status !== 200) return reply;
  const digest = createHash('sha256').update(`${authorization}\n${reply.body}`).digest('hex');
  const etag = `W/"${digest}"`;
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' };
  return addHeaders(reply, { etag, 'cache-control': 'private, max-age=60, s-maxage=60' });
}
