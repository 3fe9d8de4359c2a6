/** Starts a simulated Kubernetes API server with the runs of Tekton. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { Clock } from '../../../runtime/clock.ts';
import { closeServer, listenOnLoopback, stampDates } from '../loopback.ts';
import { type ControllerPod, type CoreOptions, replyToCore } from './controllers.ts';
import { formatKey, type Plural, type RunObject, type RunStore } from './objects.ts';
import { hasMatchingLabels, findSelectorProblem } from './selector.ts';
import { createSnapshots, type Snapshot, type Snapshots } from './snapshots.ts';
import { makeWatchReply } from './watch.ts';
import {
  type ContinueToken,
  refuseExpired,
  refuse,
  refuseForbidden,
  makeJsonReply,
  buildList,
  refuseNotFound,
  pageNotFound,
  decodeToken,
  type Reply,
  buildTable,
  encodeToken,
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
  /** Lets the cluster live until now, before each request; without it, whoever owns the cluster does. Epoch milliseconds. */
  readonly advance?: (nowMs: number) => void;
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
  playScenario(name: ScenarioName): void;
}

/** Only the latest requests are kept, because a demo may run for days. */
const keptRequests = 1000;

/** The parts of a Kubernetes API server that Tekton's objects are read through (wire shapes of kube-apiserver 1.20.2). */
export function createKubernetesApi(options: ApiServerOptions): KubernetesApi {
  const requests: string[] = [];
  const served: Served = { ...options, snapshots: createSnapshots(options.store) };
  let scenario: ScenarioName = 'ok';
  return {
    listener: (request, response) => {
      requests.push(request.url ?? '');
      if (requests.length > keptRequests) requests.shift();
      request.resume();
      options.advance?.(options.clock());
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
    playScenario: (name) => {
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

const runPath = /^\/apis\/tekton\.dev\/v1(?:\/namespaces\/([^/]+))?\/(pipelineruns|taskruns)(?:\/([^/]+))?$/;

function replyTo(request: IncomingMessage, options: Served, scenario: ScenarioName): Reply {
  if (!isLetIn(request, options) || scenario === 'unauthorized') return unauthorized;
  if (scenario === 'throttled') {
    const body = refuse(429, 'TooManyRequests', 'Too many requests, please try again later.');
    return { ...body, headers: { 'retry-after': '1' } };
  }
  if (request.method !== 'GET') return pageNotFound;
  const url = new URL(request.url ?? '/', 'http://localhost');
  return replyToCore(url, makeCoreOptions(options, scenario)) ?? replyToTekton(request, url, options, scenario);
}

/** A Service leads to any of its pods; here it is always the first, so that what is read can be foretold. */
function makeCoreOptions({ pods = () => [] }: ApiServerOptions, scenario: ScenarioName): CoreOptions {
  return {
    pods: pods(),
    isForbidden: scenario === 'cannot-proxy' || scenario === 'restarting',
    pick: ([first]) => first,
  };
}

function replyToTekton(request: IncomingMessage, url: URL, options: Served, scenario: ScenarioName): Reply {
  if (scenario === 'no-tekton') return pageNotFound;
  const [, namespace, plural, name] = runPath.exec(url.pathname) ?? [];
  if (!isPlural(plural)) return pageNotFound;
  if (name !== undefined) return replyWithRun(options, { scenario, plural, namespace, name });
  if (scenario === 'cannot-list' || scenario === 'restarting') return refuseForbidden('list', plural, namespace);
  return replyWithList(options, {
    scenario,
    plural,
    namespace,
    query: url.searchParams,
    accept: request.headers.accept ?? '',
  });
}

function isLetIn({ headers }: IncomingMessage, { isKnown }: ApiServerOptions): boolean {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return token !== undefined && isKnown(token);
}

function isPlural(text: string | undefined): text is Plural {
  return text === 'pipelineruns' || text === 'taskruns';
}

interface RunRequest {
  readonly scenario: ScenarioName;
  readonly plural: Plural;
  readonly namespace: string | undefined;
}

function replyWithRun({ store }: ApiServerOptions, asked: RunRequest & { readonly name: string }): Reply {
  const { scenario, plural, namespace, name } = asked;
  if (namespace === undefined) return pageNotFound;
  if (scenario === 'cannot-get' || scenario === 'restarting') return refuseForbidden('get', plural, namespace);
  const run = store.get(plural, namespace, decodeURIComponent(name));
  return run === undefined ? refuseNotFound(plural, name) : makeJsonReply(200, run);
}

interface RunListRequest extends RunRequest {
  readonly query: URLSearchParams;
  readonly accept: string;
}

/** In a token: the list goes on from whatever is newest. */
const newerVersion = -1;

function replyWithList(options: Served, asked: RunListRequest): Reply {
  const { plural, query, accept } = asked;
  const refusal = findRefusal(query, accept);
  if (refusal !== undefined) return refusal;
  if (['1', 'true'].includes(query.get('watch') ?? '')) return replyToWatch(options, asked);
  const { snapshots, clock } = options;
  const text = query.get('continue');
  if (text === null) return makeJsonReply(200, cutPage(options, asked, snapshots.take(plural, clock())));
  const token = decodeToken(text);
  if (token === undefined) return refuse(400, 'BadRequest', 'invalid continue token: illegal base64 data');
  if (query.has('resourceVersion')) {
    return refuse(400, 'BadRequest', 'specifying resource version is not allowed when using continue');
  }
  return refuseLaterPage(asked.scenario, token) ?? replyWithLaterPage(options, asked, token);
}

function replyWithLaterPage(options: Served, asked: RunListRequest, { version, start }: ContinueToken): Reply {
  const { snapshots, clock } = options;
  const { plural } = asked;
  const snapshot = version === newerVersion ? snapshots.take(plural, clock()) : snapshots.at(plural, version, clock());
  if (snapshot === undefined) return refuseExpired(encodeToken(newerVersion, start));
  return makeJsonReply(200, cutPage(options, asked, { ...snapshot, runs: skipUntil(snapshot.runs, start) }));
}

function isWanted({ namespace, query }: RunListRequest): (run: RunObject) => boolean {
  const selector = query.get('labelSelector') ?? '';
  return ({ metadata }) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    (selector === '' || hasMatchingLabels(selector, metadata.labels ?? {}));
}

function replyToWatch({ store, clock }: Served, asked: RunListRequest): Reply {
  const { plural, namespace, query, scenario } = asked;
  if (scenario === 'cannot-watch') return refuseForbidden('watch', plural, namespace);
  return makeWatchReply(store, {
    plural,
    sinceVersion: Number(query.get('resourceVersion') ?? 0),
    timeoutSeconds: Number(query.get('timeoutSeconds') ?? 0),
    nowMs: clock(),
    isWanted: isWanted(asked),
  });
}

function skipUntil(runs: readonly RunObject[], start: string): readonly RunObject[] {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle];
    if (run === undefined || `${formatKey(run.metadata)}\u0000` > start) high = middle;
    else low = middle + 1;
  }
  return runs.slice(low);
}

function refuseLaterPage(scenario: ScenarioName, { version, start }: ContinueToken): Reply | undefined {
  if (scenario === 'second-page-fails') {
    return { status: 500, type: 'text/plain', body: 'etcdserver: request timed out' };
  }
  if (scenario !== 'list-expires' || version === newerVersion) return undefined;
  return refuseExpired(encodeToken(newerVersion, start));
}

function cutPage({ clock }: ApiServerOptions, asked: RunListRequest, { version, runs }: Snapshot): object {
  const { plural, query, accept } = asked;
  const rest = runs.filter(isWanted(asked));
  // Asked for version 0, the server answers from its cache and ignores the limit.
  const limit = query.get('resourceVersion') === '0' ? 0 : Number(query.get('limit') ?? 0);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const last = page.at(-1);
  const isMore = page.length < rest.length && last !== undefined;
  const metadata = {
    ...(isMore ? { continue: encodeToken(version, `${formatKey(last.metadata)}\u0000`) } : {}),
    // An estimate, and none at all where a selector is used.
    ...(isMore && !query.has('labelSelector') ? { remainingItemCount: rest.length - page.length } : {}),
    resourceVersion: String(version),
  };
  return accept.includes('as=Table') ? buildTable(page, metadata, clock()) : buildList(plural, page, metadata);
}

function findRefusal(query: URLSearchParams, accept: string): Reply | undefined {
  const fault = findSelectorProblem(query.get('labelSelector') ?? '');
  if (fault !== undefined) return refuse(400, 'BadRequest', fault);
  const fields = query.get('fieldSelector');
  if (fields !== null && !/^metadata\.(name|namespace)=/.test(fields)) {
    return refuse(400, 'BadRequest', `field label not supported: ${fields.split('=')[0] ?? ''}`);
  }
  if (accept === '' || /json|yaml|\*\/\*/.test(accept)) return undefined;
  return refuse(
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
  const api = createKubernetesApi(options);
  const server = createServer(api.listener);
  stampDates(server, options.clock);
  const url = await listenOnLoopback(server, options.port ?? 0);
  return { ...api, url, close: () => closeServer(server) };
}
