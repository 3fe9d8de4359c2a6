/** Reads clusters and queues by GraphQL: names, what is paused or hosted, and Buildkite's own figures. */
import { append } from '../../../model/lists/append.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { type GraphqlPage, parsePage } from '../user-api/graphql-page.ts';
import { clustersPerPage, moreQueuesQuery, queueSnapshotQuery, queuesPerPage } from '../user-api/graphql-queries.ts';
import { Cluster, MoreQueuesData, Queue, type QueueMetrics, SnapshotData } from '../user-api/graphql-schema.ts';
import { InvisibleOrganizationError, type ListResult } from '../user-api/list-result.ts';
import type { GraphqlRequest } from '../user-api/graphql-request.ts';
import { parseTime } from '../user-api/times.ts';
import type { UserApi } from '../user-api/client.ts';
import type { QueueId } from './queue-id.ts';

/** A queue as the GraphQL API shows it; figures are absent where Buildkite does not tell. */
export interface KnownQueue extends QueueId {
  readonly isPaused?: boolean | undefined;
  /** Since when it is paused. Epoch milliseconds. */
  readonly pausedSinceMs?: number | undefined;
  /** Whether its agents are Buildkite's own. */
  readonly isHosted?: boolean | undefined;
  readonly metrics?: QueueMetrics | undefined;
}

export interface QueueSnapshot {
  readonly queues: readonly KnownQueue[];
  /** Names by the ids that jobs carry. */
  readonly clusterNames: ReadonlyMap<string, string>;
  readonly queueKeys: ReadonlyMap<string, string>;
}

/** 2,500 clusters: no organization has so many, so a longer list is an error of the API. */
const maxPages = 50;

/** Every cluster with its queues. @throws what `UserApi` throws, InvisibleOrganizationError */
export async function readQueueSnapshot(api: UserApi, org: string): Promise<ListResult<QueueSnapshot>> {
  const reading: SnapshotProgress = { api, notes: [], unreadable: 0, withheld: 0, isCut: false };
  const queues: KnownQueue[] = [];
  const names = { clusterNames: new Map<string, string>(), queueKeys: new Map<string, string>() };
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const variables: GraphqlRequest['variables'] = { org, c: clustersPerPage, q: queuesPerPage, after: after ?? null };
    const { data, errors } = await api.requestGraphql(
      { query: queueSnapshotQuery, variables, countPoints },
      SnapshotData,
    );
    if (data.organization === null) throw new InvisibleOrganizationError(errors[0]);
    append(reading.notes, errors);
    const clusters = notePage(reading, parsePage(data.organization.clusters, Cluster));
    for (const cluster of clusters.nodes) {
      append(queues, mapQueues(reading, cluster, await listQueues(reading, cluster), names));
    }
    after = clusters.next;
    if (after === undefined) break;
  }
  const { notes, unreadable, withheld, isCut } = reading;
  const isComplete = after === undefined && !isCut && withheld === 0;
  return { value: { queues, ...names }, isComplete, unreadable, withheld, notes };
}

/** What has been seen on the way. */
interface SnapshotProgress {
  readonly api: UserApi;
  readonly notes: string[];
  unreadable: number;
  withheld: number;
  /** A list of queues was longer than what is read of one. */
  isCut: boolean;
}

function notePage<Node>(reading: SnapshotProgress, page: GraphqlPage<Node>): GraphqlPage<Node> {
  reading.unreadable += page.unreadable;
  reading.withheld += page.withheld;
  return page;
}

interface Names {
  readonly clusterNames: Map<string, string>;
  readonly queueKeys: Map<string, string>;
}

/** The queues of a cluster under the names that labels get; a name that no label can hold counts as unreadable. */
function mapQueues(
  reading: SnapshotProgress,
  cluster: Cluster,
  nodes: readonly Queue[],
  { clusterNames, queueKeys }: Names,
): readonly KnownQueue[] {
  const scope = makeLabelValue(cluster.name);
  if (scope === undefined) {
    reading.unreadable += 1;
    return [];
  }
  clusterNames.set(cluster.uuid, scope);
  return nodes.flatMap(({ uuid, key, hosted, dispatchPaused, dispatchPausedAt, metrics }) => {
    const queue = makeLabelValue(key);
    if (queue === undefined) {
      reading.unreadable += 1;
      return [];
    }
    queueKeys.set(uuid, queue);
    const isPaused = dispatchPaused ?? undefined;
    return [
      {
        scope,
        queue,
        isPaused,
        pausedSinceMs: isPaused === true ? parseTime(dispatchPausedAt) : undefined,
        isHosted: hosted ?? undefined,
        metrics,
      },
    ];
  });
}

/** 10,000 queues in one cluster. */
const maxQueuePages = 100;

async function listQueues(reading: SnapshotProgress, { id, queues: first }: Cluster): Promise<readonly Queue[]> {
  let page = notePage(reading, parsePage(first, Queue));
  const queues = [...page.nodes];
  for (let count = 1; page.next !== undefined; count += 1) {
    if (count === maxQueuePages) {
      reading.isCut = true;
      break;
    }
    const variables = { cluster: id, q: queuesPerPage, after: page.next };
    const { data, errors } = await reading.api.requestGraphql(
      { query: moreQueuesQuery, variables, countPoints },
      MoreQueuesData,
    );
    append(reading.notes, errors);
    page = notePage(reading, parsePage(data.node?.queues, Queue));
    append(queues, page.nodes);
  }
  return queues;
}

/** An object costs a point, a connection one and its nodes one each; computed by Buildkite's documented rules. */
function countPoints(data: unknown): number {
  const text = JSON.stringify(data);
  return 3 + (text.match(/"uuid":/g)?.length ?? 0) * 4;
}
