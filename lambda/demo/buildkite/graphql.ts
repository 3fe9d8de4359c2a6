import type { Fleet, FleetQueue } from '../fleet.ts';
import type { Reply } from '../scenarios.ts';
import { jsonReply, type RequestBudget } from './request-budget.ts';
import { isoOf } from './rest-builds.ts';

export interface GraphqlOptions {
  readonly fleet: Fleet;
  readonly budget: RequestBudget;
  readonly scopes: readonly string[];
  /** Whether the organization has the beta of advanced queue metrics. */
  readonly queueMetrics: 'on' | 'off';
}

export type StoredOptions = Omit<GraphqlOptions, 'scopes'>;

type Variables = Readonly<Record<string, unknown>>;

/** Documented rules: an object costs 1, a connection 1, its edges 1 and every node 1. */
const costOfQueue = 4;
const costOfJob = 3;
const costOfQuery = 4;

/**
 * `graphql.buildkite.com/v1` for the queries of the collector: it knows them by their names and checks what they select,
 * but does not execute GraphQL.
 */
export function graphqlReply(body: unknown, options: GraphqlOptions, nowMs: number): Reply {
  const { budget, scopes } = options;
  if (!scopes.includes('graphql')) return jsonReply(403, { message: 'GraphQL API access is not enabled' });
  const { query, variables } = requestOf(body);
  const operation = /^query (\w+)/.exec(query)?.[1] ?? '';
  const answer = answerAt(operation, variables, options, nowMs);
  if (answer === undefined) return jsonReply(200, { errors: [{ message: `Unknown operation ${operation}` }] });
  const { isAllowed, headers, limit, reset } = budget.spend(answer.cost, nowMs);
  if (!isAllowed) {
    const message = `You have exceeded your per-user limit of ${String(limit)} complexity points. Please try again in ${String(reset)} seconds.`;
    return jsonReply(429, { errors: [{ message }] }, headers);
  }
  const points = { 'ratelimit-complexity-actual': String(answer.cost) };
  return jsonReply(200, { data: answer.data }, { ...headers, ...points });
}

/**
 * A portal that stores the collector's queries: the body is the variables, and requests are counted instead of points.
 * The envelope of its answer is not documented; this is that of GraphQL.
 */
export function portalReply(operation: string, body: unknown, options: StoredOptions, nowMs: number): Reply {
  const { isAllowed, headers, limit } = options.budget.spend(1, nowMs);
  const message = `You have exceeded the limit of ${String(limit)} portal requests a minute.`;
  if (!isAllowed) return jsonReply(429, { message }, headers);
  const variables = typeof body === 'object' && body !== null ? { ...body } : {};
  const answer = answerAt(operation, variables, options, nowMs);
  if (answer === undefined) return jsonReply(422, { message: `The portal has no operation ${operation}` }, headers);
  return jsonReply(200, { data: answer.data }, headers);
}

function requestOf(body: unknown): { readonly query: string; readonly variables: Variables } {
  if (typeof body !== 'object' || body === null) return { query: '', variables: {} };
  const query = 'query' in body && typeof body.query === 'string' ? body.query : '';
  const variables = 'variables' in body && typeof body.variables === 'object' ? body.variables : {};
  return { query, variables: { ...variables } };
}

interface Answered {
  readonly data: unknown;
  readonly cost: number;
}

function answerAt(
  operation: string,
  variables: Variables,
  options: StoredOptions,
  nowMs: number,
): Answered | undefined {
  const { fleet } = options;
  if (variables['org'] !== undefined && variables['org'] !== fleet.organization) {
    return { data: { organization: null }, cost: costOfQuery };
  }
  fleet.step(nowMs);
  return answerOf(operation, variables, options);
}

function answerOf(operation: string, variables: Variables, options: StoredOptions): Answered | undefined {
  if (operation === 'QueueSnapshot') return snapshotAnswer(variables, options);
  if (operation === 'MoreQueues') return moreQueuesAnswer(variables, options);
  return operation === 'Backlog' ? backlogAnswer(variables, options) : undefined;
}

function snapshotAnswer(variables: Variables, options: StoredOptions): Answered {
  const clustered = options.fleet.queues().filter(({ at }) => at.clusterUuid !== undefined);
  const byCluster = [...Map.groupBy(clustered, ({ at }) => at.clusterUuid ?? '')];
  const { items, pageInfo } = pageOf(byCluster, variables['c'], variables['after']);
  const edges = items.map(([uuid, queues]) => {
    const page = pageOf(queues, variables['q'], null);
    const nodes = page.items.map((queue) => ({ node: queueNode(queue, options) }));
    const name = queues[0]?.at.cluster;
    return { node: { id: idOf(uuid), uuid, name, queues: { pageInfo: page.pageInfo, edges: nodes } } };
  });
  const shown = edges.reduce((sum, { node }) => sum + node.queues.edges.length, 0);
  return {
    data: { organization: { clusters: { pageInfo, edges } } },
    cost: costOfQuery + edges.length * costOfQueue + shown * costOfQueue,
  };
}

function moreQueuesAnswer(variables: Variables, options: StoredOptions): Answered {
  const queues = options.fleet.queues().filter(({ at }) => idOf(at.clusterUuid ?? '') === variables['cluster']);
  const { items, pageInfo } = pageOf(queues, variables['q'], variables['after']);
  const edges = items.map((queue) => ({ node: queueNode(queue, options) }));
  return { data: { node: { queues: { pageInfo, edges } } }, cost: costOfQuery + edges.length * costOfQueue };
}

function idOf(uuid: string): string {
  return Buffer.from(`Cluster---${uuid}`).toString('base64');
}

function queueNode({ at, running, waits }: FleetQueue, { queueMetrics }: StoredOptions): unknown {
  const rank = (share: number): number => waits[Math.max(0, Math.ceil(share * waits.length) - 1)] ?? 0;
  const waitTimeSec = { min: rank(0), p50: rank(0.5), p95: rank(0.95), max: rank(1) };
  return {
    uuid: at.queueUuid,
    key: at.queue,
    dispatchPaused: false,
    metrics: queueMetrics === 'off' ? null : { runningJobsCount: running, waitTimeSec },
  };
}

function backlogAnswer(variables: Variables, { fleet }: StoredOptions): Answered {
  const isClustered = variables['clustered'] !== false;
  const jobs = fleet
    .builds()
    .filter(({ at }) => (at.clusterUuid !== undefined) === isClustered)
    .flatMap(({ build, at }) =>
      build.jobs.filter(({ state }) => state === 'scheduled').map((job) => ({ job, at, createdAt: build.createdAt })),
    )
    .sort((a, b) => b.createdAt - a.createdAt);
  const { items, pageInfo } = pageOf(jobs, variables['n'], variables['after']);
  const edges = items.map(({ job, at }) => ({
    node: {
      uuid: job.uuid,
      state: 'SCHEDULED',
      runnableAt: isoOf(at, job.runnableAt),
      agentQueryRules: [`queue=${at.queue}`],
      cluster: at.cluster === undefined ? null : { name: at.cluster },
      clusterQueue: at.cluster === undefined ? null : { key: at.queue },
    },
  }));
  const data = { organization: { jobs: { count: jobs.length, pageInfo, edges } } };
  return { data, cost: costOfQuery + edges.length * costOfJob };
}

/** The cursor is the place in the list. */
function pageOf<Item>(
  items: readonly Item[],
  first: unknown,
  after: unknown,
): { readonly items: readonly Item[]; readonly pageInfo: { hasNextPage: boolean; endCursor: string | null } } {
  const from = typeof after === 'string' ? Number(after) : 0;
  const to = from + (typeof first === 'number' ? first : 500);
  const page = items.slice(from, to);
  return {
    items: page,
    pageInfo: { hasNextPage: items.length > to, endCursor: page.length === 0 ? null : String(to) },
  };
}
