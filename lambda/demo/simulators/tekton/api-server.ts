import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Clock } from '../../../runtime/clock.ts';
import { closed, listenOnLoopback, tellTimeBy } from '../loopback.ts';
import { type ControllerPod, type CoreOptions, coreReply } from './controllers.ts';
import { keyOf, type Plural, type RunObject, type RunStore } from './objects.ts';
import { matches, selectorFault } from './selector.ts';
import { createSnapshots, type Snapshot, type Snapshots } from './snapshots.ts';
import { watchReply } from './watch.ts';
import {
  type ContinueToken,
  expired,
  failure,
  forbidden,
  jsonReply,
  listOf,
  notFound,
  pageNotFound,
  readToken,
  type Reply,
  tableOf,
  tokenOf,
  unauthorized,
} from './wire.ts';

/** How the server behaves from now on, beside what it always does. */
export type ScenarioName =
  | 'ok'
  | 'cannot-list'
  | 'cannot-get'
  | 'cannot-proxy'
  | 'cannot-watch'
  | 'list-expires'
  | 'no-tekton'
  /** After its start the server does not know its roles for a while, and answers as if all rights were missing. */
  | 'restarting'
  | 'throttled'
  | 'unauthorized'
  | 'second-page-fails';

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly store: RunStore;
  /** Whether a bearer token is let in. */
  readonly isKnown: (token: string) => boolean;
  /** Pods of Tekton's controller, in any namespace; asked for with every request. */
  readonly pods?: () => readonly ControllerPod[];
  /** How long a watch stays open, as a share of what it asks for; default: 1, as the real server does. */
  readonly watchPace?: number;
}

export interface KubernetesApi {
  readonly listener: RequestListener;
  /** Path and query of the latest requests, oldest first. */
  readonly requests: readonly string[];
  scenario(name: ScenarioName): void;
}

/** A demo may run for days. */
const keptRequests = 1000;

/** The parts of a Kubernetes API server that Tekton's objects are read through (wire shapes of kube-apiserver 1.20.2). */
export function kubernetesApi(options: ApiServerOptions): KubernetesApi {
  const requests: string[] = [];
  const served: Served = { ...options, snapshots: createSnapshots(options.store) };
  let scenario: ScenarioName = 'ok';
  return {
    listener: (request, response) => {
      requests.push(request.url ?? '');
      if (requests.length > keptRequests) requests.shift();
      request.resume();
      const { status, type, body, headers, openForMs = 0 } = replyTo(request, served, scenario);
      response.writeHead(status, {
        'content-type': type,
        date: new Date(options.clock()).toUTCString(),
        'x-kubernetes-pf-flowschema-uid': '7e0c5f7c-1b7e-4f2e-9a0e-4d7c7e3c5b11',
        ...headers,
      });
      const waitMs = openForMs * (options.watchPace ?? 1);
      if (waitMs === 0) response.end(body);
      else endLater(response, body, waitMs);
    },
    requests,
    scenario: (name) => {
      scenario = name;
    },
  };
}

function endLater(response: ServerResponse, body: string, waitMs: number): void {
  response.write(body);
  const timer = setTimeout(() => response.end(), waitMs);
  response.on('close', () => {
    clearTimeout(timer);
  });
}

interface Served extends ApiServerOptions {
  readonly snapshots: Snapshots;
}

const place = /^\/apis\/tekton\.dev\/v1(?:\/namespaces\/([^/]+))?\/(pipelineruns|taskruns)(?:\/([^/]+))?$/;

function replyTo(request: IncomingMessage, options: Served, scenario: ScenarioName): Reply {
  if (!isLetIn(request, options) || scenario === 'unauthorized') return unauthorized;
  if (scenario === 'throttled') {
    const body = failure(429, 'TooManyRequests', 'Too many requests, please try again later.');
    return { ...body, headers: { 'retry-after': '1' } };
  }
  if (request.method !== 'GET') return pageNotFound;
  const url = new URL(request.url ?? '/', 'http://localhost');
  return coreReply(url, coreOptions(options, scenario)) ?? tektonReply(request, url, options, scenario);
}

/** A Service leads to any of its pods; here it is always the first, so that what is read can be foretold. */
function coreOptions({ pods = () => [] }: ApiServerOptions, scenario: ScenarioName): CoreOptions {
  return {
    pods: pods(),
    isForbidden: scenario === 'cannot-proxy' || scenario === 'restarting',
    pick: ([first]) => first,
  };
}

function tektonReply(request: IncomingMessage, url: URL, options: Served, scenario: ScenarioName): Reply {
  if (scenario === 'no-tekton') return pageNotFound;
  const [, namespace, plural, name] = place.exec(url.pathname) ?? [];
  if (!isPlural(plural)) return pageNotFound;
  if (name !== undefined) return single(options, { scenario, plural, namespace, name });
  if (scenario === 'cannot-list' || scenario === 'restarting') return forbidden('list', plural, namespace);
  return list(options, { scenario, plural, namespace, query: url.searchParams, accept: request.headers.accept ?? '' });
}

function isLetIn({ headers }: IncomingMessage, { isKnown }: ApiServerOptions): boolean {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return token !== undefined && isKnown(token);
}

function isPlural(text: string | undefined): text is Plural {
  return text === 'pipelineruns' || text === 'taskruns';
}

interface Asked {
  readonly scenario: ScenarioName;
  readonly plural: Plural;
  readonly namespace: string | undefined;
}

function single({ store }: ApiServerOptions, asked: Asked & { readonly name: string }): Reply {
  const { scenario, plural, namespace, name } = asked;
  if (namespace === undefined) return pageNotFound;
  if (scenario === 'cannot-get' || scenario === 'restarting') return forbidden('get', plural, namespace);
  const run = store.get(plural, namespace, decodeURIComponent(name));
  return run === undefined ? notFound(plural, name) : jsonReply(200, run);
}

interface AskedList extends Asked {
  readonly query: URLSearchParams;
  readonly accept: string;
}

/** In a token: the list goes on from whatever is newest. */
const newerVersion = -1;

function list(options: Served, asked: AskedList): Reply {
  const { plural, query, accept } = asked;
  const refusal = refusalOf(query, accept);
  if (refusal !== undefined) return refusal;
  if (['1', 'true'].includes(query.get('watch') ?? '')) return watch(options, asked);
  const { snapshots, clock } = options;
  const text = query.get('continue');
  if (text === null) return jsonReply(200, pageOf(options, asked, snapshots.take(plural, clock())));
  const token = readToken(text);
  if (token === undefined) return failure(400, 'BadRequest', 'invalid continue token: illegal base64 data');
  if (query.has('resourceVersion')) {
    return failure(400, 'BadRequest', 'specifying resource version is not allowed when using continue');
  }
  return laterPageFault(asked.scenario, token) ?? laterPage(options, asked, token);
}

function laterPage(options: Served, asked: AskedList, { version, start }: ContinueToken): Reply {
  const { snapshots, clock } = options;
  const { plural } = asked;
  const snapshot = version === newerVersion ? snapshots.take(plural, clock()) : snapshots.at(plural, version, clock());
  if (snapshot === undefined) return expired(tokenOf(newerVersion, start));
  return jsonReply(200, pageOf(options, asked, { ...snapshot, runs: after(snapshot.runs, start) }));
}

function isWanted({ namespace, query }: AskedList): (run: RunObject) => boolean {
  const selector = query.get('labelSelector') ?? '';
  return ({ metadata }) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    (selector === '' || matches(selector, metadata.labels ?? {}));
}

function watch({ store, clock }: Served, asked: AskedList): Reply {
  const { plural, namespace, query, scenario } = asked;
  if (scenario === 'cannot-watch') return forbidden('watch', plural, namespace);
  return watchReply(store, {
    plural,
    sinceVersion: Number(query.get('resourceVersion') ?? 0),
    timeoutSeconds: Number(query.get('timeoutSeconds') ?? 0),
    nowMs: clock(),
    isWanted: isWanted(asked),
  });
}

function after(runs: readonly RunObject[], start: string): readonly RunObject[] {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run === undefined || `${keyOf(run.metadata)}\u0000` > start) high = middle;
    else low = middle + 1;
  }
  return runs.slice(low);
}

function laterPageFault(scenario: ScenarioName, { version, start }: ContinueToken): Reply | undefined {
  if (scenario === 'second-page-fails') {
    return { status: 500, type: 'text/plain', body: 'etcdserver: request timed out' };
  }
  if (scenario !== 'list-expires' || version === newerVersion) return undefined;
  return expired(tokenOf(newerVersion, start));
}

function pageOf({ clock }: ApiServerOptions, asked: AskedList, { version, runs }: Snapshot): object {
  const { plural, query, accept } = asked;
  const rest = runs.filter(isWanted(asked));
  // Asked for version 0, the server answers from its cache and ignores the limit.
  const limit = query.get('resourceVersion') === '0' ? 0 : Number(query.get('limit') ?? 0);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const last = page.at(-1);
  const isMore = page.length < rest.length && last !== undefined;
  const metadata = {
    ...(isMore ? { continue: tokenOf(version, `${keyOf(last.metadata)}\u0000`) } : {}),
    // An estimate, and none at all where a selector is used.
    ...(isMore && !query.has('labelSelector') ? { remainingItemCount: rest.length - page.length } : {}),
    resourceVersion: String(version),
  };
  return accept.includes('as=Table') ? tableOf(page, metadata, clock()) : listOf(plural, page, metadata);
}

function refusalOf(query: URLSearchParams, accept: string): Reply | undefined {
  const fault = selectorFault(query.get('labelSelector') ?? '');
  if (fault !== undefined) return failure(400, 'BadRequest', fault);
  const fields = query.get('fieldSelector');
  if (fields !== null && !/^metadata\.(name|namespace)=/.test(fields)) {
    return failure(400, 'BadRequest', `field label not supported: ${fields.split('=')[0] ?? ''}`);
  }
  if (accept === '' || /json|yaml|\*\/\*/.test(accept)) return undefined;
  return failure(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}

export interface ApiServer extends KubernetesApi {
  /** Origin. */
  readonly url: string;
  close(): Promise<void>;
}

/** The API on a free port of this machine, or on the one that is asked for. */
export async function startApiServer(options: ApiServerOptions & { readonly port?: number }): Promise<ApiServer> {
  const api = kubernetesApi(options);
  const server = createServer(api.listener);
  tellTimeBy(server, options.clock);
  const url = await listenOnLoopback(server, options.port ?? 0);
  return { ...api, url, close: () => closed(server) };
}
