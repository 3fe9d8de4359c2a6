/** `graphql.buildkite.com/v1` and portals, as far as the collector's queries go: organization, clusters, queues and jobs. */
import type { Fleet, FleetQueue } from '../fleet/fleet.ts';
import type { Reply } from './scenarios.ts';
import { type GraphqlDocument, GraphqlSyntaxError, parseGraphql } from './graphql-document.ts';
import {
  executeGraphql,
  type GraphqlObject,
  type GraphqlValue,
  UnknownFieldError,
  type Variables,
} from './graphql-execution.ts';
import { makeJsonReply, type RequestBudget } from './request-budget.ts';
import { formatIso } from './rest-builds.ts';
import { minuteMs } from '../../../../model/time.ts';

export interface GraphqlOptions {
  readonly fleet: Fleet;
  readonly budget: RequestBudget;
  readonly scopes: readonly string[];
  /** Whether the organization has the beta of advanced queue metrics. */
  readonly queueMetrics: 'on' | 'off';
}

export interface StoredOptions extends Omit<GraphqlOptions, 'scopes'> {
  /** The queries that the portal stores. */
  readonly documents: readonly string[];
}

/** Documented rules: an object costs 1, a connection 1, its edges 1 and every node 1. */
const costOfQueue = 4;
const costOfJob = 3;
const costOfQuery = 4;

/** Free queries, with a token that has GraphQL access. */
export function replyToGraphql(body: unknown, options: GraphqlOptions, nowMs: number): Reply {
  const { budget, scopes } = options;
  if (!scopes.includes('graphql')) return makeJsonReply(403, { message: 'GraphQL API access is not enabled' });
  const { query, variables } = parseRequest(body);
  const answer = executeQuery(query, variables, options, nowMs);
  if ('error' in answer) return makeJsonReply(200, { errors: [{ message: answer.error }] });
  const { isAllowed, headers, limit, reset } = budget.spend(answer.cost, nowMs);
  if (!isAllowed) {
    const message = `You have exceeded your per-user limit of ${String(limit)} complexity points. Please try again in ${String(reset)} seconds.`;
    return makeJsonReply(429, { errors: [{ message }] }, headers);
  }
  const points = { 'ratelimit-complexity-actual': String(answer.cost) };
  return makeJsonReply(200, { data: answer.data }, { ...headers, ...points });
}

/**
 * Stored queries, chosen by the name of their operation: the body is the variables, and requests are counted instead of
 * points. The envelope of its answer is not documented; this is that of GraphQL.
 */
export function replyToPortal(operation: string, body: unknown, options: StoredOptions, nowMs: number): Reply {
  const { isAllowed, headers, limit } = options.budget.spend(1, nowMs);
  const message = `You have exceeded the limit of ${String(limit)} portal requests a minute.`;
  if (!isAllowed) return makeJsonReply(429, { message }, headers);
  const variables = typeof body === 'object' && body !== null ? { ...body } : {};
  const query = options.documents.find((document) => parseGraphql(document).operation === operation);
  if (query === undefined) return makeJsonReply(422, { message: `The portal has no operation ${operation}` }, headers);
  const answer = executeQuery(query, variables, options, nowMs);
  if ('error' in answer) return makeJsonReply(200, { errors: [{ message: answer.error }] }, headers);
  return makeJsonReply(200, { data: answer.data }, headers);
}

function parseRequest(body: unknown): { readonly query: string; readonly variables: Variables } {
  if (typeof body !== 'object' || body === null) return { query: '', variables: {} };
  const query = 'query' in body && typeof body.query === 'string' ? body.query : '';
  const variables = 'variables' in body && typeof body.variables === 'object' ? body.variables : {};
  return { query, variables: { ...variables } };
}

type Answered = { readonly data: unknown; readonly cost: number } | { readonly error: string };

type AnswerOptions = Pick<GraphqlOptions, 'fleet' | 'queueMetrics'>;

function executeQuery(query: string, variables: Variables, options: AnswerOptions, nowMs: number): Answered {
  options.fleet.advance(nowMs);
  const served: Served = { ...options, nowMs, cost: costOfQuery };
  try {
    const data = executeGraphql(parseDocument(query), buildRoot(served), variables);
    return { data, cost: served.cost };
  } catch (error) {
    if (error instanceof UnknownFieldError || error instanceof GraphqlSyntaxError) return { error: error.message };
    throw error;
  }
}

function parseDocument(query: string): GraphqlDocument {
  if (query === '') throw new GraphqlSyntaxError('No query string was present');
  return parseGraphql(query);
}

/** One query on its way; every node that is shown costs points. */
interface Served extends AnswerOptions {
  readonly nowMs: number;
  cost: number;
}

function buildRoot(served: Served): GraphqlObject {
  const { fleet } = served;
  return {
    __typename: 'Query',
    organization: ({ slug }) => (slug === fleet.organization ? buildOrganization(served) : null),
    node: ({ id }) => {
      const queues = fleet.queues().filter(({ at }) => encodeId('Cluster', at.clusterUuid ?? '') === id);
      const [first] = queues;
      return first === undefined ? null : buildCluster(served, first.at.clusterUuid ?? '', queues);
    },
  };
}

function buildOrganization(served: Served): GraphqlObject {
  const clustered = served.fleet.queues().filter(({ at }) => at.clusterUuid !== undefined);
  const byCluster = [...Map.groupBy(clustered, ({ at }) => at.clusterUuid ?? '')];
  return {
    __typename: 'Organization',
    clusters: buildConnection('Cluster', byCluster, ([uuid, queues]) => buildCluster(served, uuid, queues)),
    jobs: (given) => buildJobs(served, given),
  };
}

function buildCluster(served: Served, uuid: string, queues: readonly FleetQueue[]): GraphqlObject {
  served.cost += costOfQueue;
  return {
    __typename: 'Cluster',
    id: encodeId('Cluster', uuid),
    uuid,
    name: queues[0]?.at.cluster ?? '',
    queues: buildConnection('ClusterQueue', queues, (queue) => buildQueue(served, queue)),
  };
}

function encodeId(type: string, uuid: string): string {
  return Buffer.from(`${type}---${uuid}`).toString('base64');
}

function buildQueue(served: Served, queue: FleetQueue): GraphqlObject {
  served.cost += costOfQueue;
  const { at, isHosted } = queue;
  return {
    __typename: 'ClusterQueue',
    id: encodeId('ClusterQueue', at.queueUuid),
    uuid: at.queueUuid,
    key: at.queue,
    hosted: isHosted,
    dispatchPaused: false,
    dispatchPausedAt: null,
    dispatchPausedNote: null,
    metrics: served.queueMetrics === 'off' ? null : buildMetrics(queue, served.nowMs),
  };
}

/** Of the latest minute that is over. */
function buildMetrics({ agents, running, waiting, passed, failed, waits }: FleetQueue, nowMs: number): GraphqlObject {
  const rank = (share: number): number => waits[Math.max(0, Math.ceil(share * waits.length) - 1)] ?? 0;
  return {
    __typename: 'ClusterQueueMetrics',
    timestamp: new Date(Math.floor(nowMs / minuteMs - 1) * minuteMs).toISOString(),
    connectedAgentsCount: agents,
    runningJobsCount: running,
    waitingJobsCount: waiting,
    jobsPassedCount: passed,
    jobsFailedCount: failed,
    waitTimeSec: {
      __typename: 'ClusterQueueWaitTime',
      min: rank(0),
      p50: rank(0.5),
      p95: rank(0.95),
      max: rank(1),
    },
  };
}

/** Waiting jobs, newest build first; the simulation has no others that a query asks for. */
function buildJobs(served: Served, given: Variables): GraphqlValue {
  const isClustered = given['clustered'] !== false;
  const states = typeof given['state'] === 'string' ? given['state'] : '[SCHEDULED]';
  const jobs = served.fleet
    .builds()
    .filter(({ at }) => (at.clusterUuid !== undefined) === isClustered)
    .flatMap(({ build, at }) =>
      build.jobs
        .filter(({ state }) => state === 'scheduled' && states.includes('SCHEDULED'))
        .map((job) => ({ job, at, createdAt: build.createdAt })),
    )
    .sort((a, b) => b.createdAt - a.createdAt);
  return buildConnection('Job', jobs, ({ job, at }) => {
    served.cost += costOfJob;
    const { cluster, queue } = at;
    return {
      __typename: 'JobTypeCommand',
      uuid: job.uuid,
      state: 'SCHEDULED',
      runnableAt: formatIso(at, job.runnableAt),
      agentQueryRules: [`queue=${queue}`],
      cluster: cluster === undefined ? null : { __typename: 'Cluster', name: cluster },
      clusterQueue: cluster === undefined ? null : { __typename: 'ClusterQueue', key: queue },
    };
  })(given);
}

/** Buildkite docs, GraphQL limits: a connection without `first` asks for 500. */
const defaultPageSize = 500;

/** A list by pages; the cursor is the place in the list. */
function buildConnection<Item>(
  type: string,
  items: readonly Item[],
  buildNode: (item: Item) => GraphqlObject,
): (given: Variables) => GraphqlValue {
  return ({ first, after }) => {
    const from = typeof after === 'string' ? Number(after) : 0;
    const to = from + (typeof first === 'number' ? first : defaultPageSize);
    const page = items.slice(from, to);
    return {
      __typename: `${type}Connection`,
      count: items.length,
      pageInfo: {
        __typename: 'PageInfo',
        hasNextPage: items.length > to,
        hasPreviousPage: from > 0,
        startCursor: page.length === 0 ? null : String(from + 1),
        endCursor: page.length === 0 ? null : String(from + page.length),
      },
      edges: page.map((item, index) => ({
        __typename: `${type}Edge`,
        cursor: String(from + index + 1),
        node: buildNode(item),
      })),
    };
  };
}
