import { append } from '../../model/append.ts';
import { labelValue } from '../../model/labels.ts';
import { clustersPerPage, moreQueuesQuery, queueSnapshotQuery, queuesPerPage } from './graphql-queries.ts';
import {
  Cluster,
  MoreQueuesData,
  nodesOf,
  Queue,
  type QueueConnection,
  type QueueMetrics,
  SnapshotData,
} from './graphql-schema.ts';
import { InvisibleOrganizationError, type Part } from './part.ts';
import type { GraphqlRequest } from './graphql-request.ts';
import type { UserApi } from './user-api.ts';

/** A queue as the GraphQL API shows it; figures are absent where Buildkite does not tell. */
export interface KnownQueue {
  readonly scope: string;
  readonly queue: string;
  readonly isPaused?: boolean | undefined;
  readonly metrics?: QueueMetrics | undefined;
}

export interface QueueSnapshot {
  readonly queues: readonly KnownQueue[];
  /** Names by the ids that jobs carry. */
  readonly clusterNames: ReadonlyMap<string, string>;
  readonly queueKeys: ReadonlyMap<string, string>;
}

/** 2,500 clusters: nobody has them, so a list that goes on is a fault. */
const maxPages = 50;

/** Every cluster with its queues. @throws what `UserApi` throws, InvisibleOrganizationError */
export async function readQueueSnapshot(api: UserApi, org: string): Promise<Part<QueueSnapshot>> {
  const queues: KnownQueue[] = [];
  const names = { clusterNames: new Map<string, string>(), queueKeys: new Map<string, string>() };
  const notes: string[] = [];
  let unreadable = 0;
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const variables: GraphqlRequest['variables'] = { org, c: clustersPerPage, q: queuesPerPage, after: after ?? null };
    const { data, errors } = await api.graphql({ query: queueSnapshotQuery, variables, points }, SnapshotData);
    if (data.organization === null) throw new InvisibleOrganizationError(errors[0]);
    append(notes, errors);
    const { pageInfo, edges } = data.organization.clusters;
    const clusters = nodesOf(edges, Cluster);
    unreadable += clusters.unreadable;
    for (const cluster of clusters.nodes) {
      const found = await allQueues(api, cluster);
      unreadable += found.unreadable;
      append(queues, placed(cluster, found.queues, names));
    }
    after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined;
    if (after === undefined) break;
  }
  return { value: { queues, ...names }, isComplete: after === undefined, unreadable, notes };
}

interface Names {
  readonly clusterNames: Map<string, string>;
  readonly queueKeys: Map<string, string>;
}

/** The queues of a cluster under the names that labels get; what no label can hold is left out. */
function placed(cluster: Cluster, nodes: readonly Queue[], { clusterNames, queueKeys }: Names): readonly KnownQueue[] {
  const scope = labelValue(cluster.name);
  if (scope === undefined) return [];
  clusterNames.set(cluster.uuid, scope);
  return nodes.flatMap(({ uuid, key, dispatchPaused, metrics }) => {
    const queue = labelValue(key);
    if (queue === undefined) return [];
    queueKeys.set(uuid, queue);
    return [{ scope, queue, isPaused: dispatchPaused ?? undefined, metrics: metrics ?? undefined }];
  });
}

/** 10,000 queues in one cluster. */
const maxQueuePages = 100;

async function allQueues(
  api: UserApi,
  { id, queues: first }: Cluster,
): Promise<{ readonly queues: readonly Queue[]; readonly unreadable: number }> {
  const pages = [nodesOf(first.edges, Queue)];
  let connection: QueueConnection = first;
  for (let page = 1; page < maxQueuePages && connection.pageInfo.hasNextPage; page += 1) {
    const variables = { cluster: id, q: queuesPerPage, after: connection.pageInfo.endCursor ?? null };
    const { data } = await api.graphql({ query: moreQueuesQuery, variables, points }, MoreQueuesData);
    if (data.node === null) break;
    connection = data.node.queues;
    pages.push(nodesOf(connection.edges, Queue));
  }
  return {
    queues: pages.flatMap(({ nodes }) => nodes),
    unreadable: pages.reduce((sum, page) => sum + page.unreadable, 0),
  };
}

/** An object costs a point, a connection one and its nodes one each; computed by Buildkite's documented rules. */
function points(data: unknown): number {
  const text = JSON.stringify(data);
  return 3 + (text.match(/"uuid":/g)?.length ?? 0) * 4;
}
