/** Starts the simulated Buildkite: a server on loopback with all of its APIs. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../../runtime/clock.ts';
import { type MetricsAnswer, mapMetricsAnswer, mapQueueAnswer } from './api/agent-api.ts';
import { type Portal, createUserApi } from './api/user-api.ts';
import type { Fleet } from './fleet/fleet.ts';
import { closeServer, listenOnLoopback, stampDates } from '../loopback.ts';
import {
  notFound,
  makeOkReply,
  type Reply,
  replyByScenario,
  type ScenarioName,
  unauthorized,
} from './api/scenarios.ts';

interface ServerSettings {
  readonly clock: Clock;
  /** Default: a free one. */
  readonly port?: number;
  /** Least time between two polls that the answers ask for; 10 is what Buildkite usually says. */
  readonly pollSeconds?: number;
  /** Of the API token; default: what the collector needs. */
  readonly scopes?: readonly string[];
  readonly tokenExpiresAt?: string;
  /** Of the token's user; default: what Buildkite allows. */
  readonly requestsPerMinute?: number;
  readonly pointsPerFiveMinutes?: number;
  readonly queueMetrics?: 'on' | 'off';
  /** Builds that can be paged through. */
  readonly deepestBuild?: number;
  /** A portal with the collector's queries; default: none. */
  readonly portal?: Portal;
}

/** A living fleet, or answers that stand still, by agent token. */
export type ServerOptions = ServerSettings &
  ({ readonly fleet: Fleet } | { readonly answers: ReadonlyMap<string, MetricsAnswer> });

export interface ReceivedRequest {
  readonly atMs: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** The value of the Authorization header. */
  readonly authorization: string | undefined;
}

export interface BuildkiteServer {
  /** Origin; the agent API is below `/v3`. */
  readonly url: string;
  /** The `endpoint`, `graphqlEndpoint` and `restEndpoint` of a configuration. */
  readonly endpoint: string;
  readonly graphqlEndpoint: string;
  readonly restEndpoint: string;
  /** The latest requests, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** From now on this token is answered like this. */
  playScenario(token: string, name: ScenarioName): void;
  close(): Promise<void>;
}

/** Only the latest requests are kept, because a demo may run for days. */
const keptRequests = 1000;

const defaultPollSeconds = 10;

/** A server on loopback that speaks the APIs of Buildkite, as their documentation and their clients describe them. */
export async function startBuildkiteServer(options: ServerOptions): Promise<BuildkiteServer> {
  const { clock, port = 0 } = options;
  const requests: ReceivedRequest[] = [];
  const scenarios = new Map<string, ScenarioName>();
  let origin = '';
  const userReply = 'fleet' in options ? createUserApi(options, () => origin) : undefined;

  const server = createServer((request, response) => {
    const received = mapReceived(request, clock());
    requests.push(received);
    if (requests.length > keptRequests) requests.shift();
    const isForAgents = received.path.startsWith('/v3');
    if (isForAgents || userReply === undefined) {
      request.resume();
      send(response, replyTo(received, options, scenarios));
      return;
    }
    void text(request).then((body) => {
      send(response, userReply({ ...received, body }));
    });
  });
  stampDates(server, clock);
  const url = await listenOnLoopback(server, port);
  origin = url;
  return {
    url,
    endpoint: `${url}/v3`,
    graphqlEndpoint: `${url}/v1`,
    restEndpoint: `${url}/v2`,
    requests,
    playScenario: (token, name) => {
      scenarios.set(token, name);
    },
    close: () => closeServer(server),
  };
}

/** Undefined: no answer at all. */
function replyTo(
  received: ReceivedRequest,
  options: ServerOptions,
  scenarios: ReadonlyMap<string, ScenarioName>,
): Reply | undefined {
  const { pollSeconds = defaultPollSeconds } = options;
  const token = /^Token (.+)$/.exec(received.authorization ?? '')?.[1] ?? '';
  const answer = findAnswer(options, token);
  if (answer === undefined) return unauthorized;
  const queue = parseQueue(received);
  if (queue === undefined) return notFound;
  const scenario = scenarios.get(token) ?? 'ok';
  return scenario === 'ok' && queue !== everyQueue
    ? makeOkReply(mapQueueAnswer(answer, queue), pollSeconds)
    : replyByScenario(scenario, answer, pollSeconds);
}

const everyQueue = Symbol('every queue');

/** Undefined for a path that the agent API does not have. */
function parseQueue({ method, path }: ReceivedRequest): string | typeof everyQueue | undefined {
  const url = URL.parse(path, 'http://localhost');
  if (method !== 'GET' || url === null) return undefined;
  if (url.pathname === '/v3/metrics') return everyQueue;
  return url.pathname === '/v3/metrics/queue' ? (url.searchParams.get('name') ?? '') : undefined;
}

/** Undefined for a token that no cluster has. */
function findAnswer(options: ServerOptions, token: string): MetricsAnswer | undefined {
  if ('answers' in options) return options.answers.get(token);
  options.fleet.advance(options.clock());
  const snapshot = options.fleet.snapshot();
  const cluster = snapshot.clusters.find(({ agentToken }) => agentToken === token);
  return cluster === undefined ? undefined : mapMetricsAnswer(snapshot, cluster);
}

function mapReceived({ method = '', url = '', headers }: IncomingMessage, atMs: number): ReceivedRequest {
  return { atMs, method, path: url, authorization: headers.authorization };
}

function send(response: ServerResponse, reply: Reply | undefined): void {
  if (reply === undefined) return;
  response.writeHead(reply.status, reply.headers).end(reply.body);
}
