/** Reads clusters and queues by GraphQL: names, what is paused or hosted, and Buildkite's own figures. */
import { append } from '../../../model/lists/append.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { type GraphqlPage, parsePage } from '../user-api/graphql-page.ts';
import { clustersPerPage, moreQueuesQuery, queueSnapshotQuery, queuesPerPage } from '../user-api/graphql-queries.ts';
import { Cluster, MoreQueuesData, Queue, type QueueMetrics, SnapshotData } from '../user-api/graphql-schema.ts';
import { InvisibleOrganizationError, type ListResult } from '../user-api/list-result.ts';
import { parseTime } from '../user-api/times.ts';
import { BudgetSpentError, type UserApi } from '../user-api/client.ts';
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
  /** Whether it has only some of the clusters, because the budget was spent or was spent in an earlier run. */
  readonly isPart: boolean;
  /** Where the next run goes on; undefined: at the first cluster. */
  readonly resumeAt: string | undefined;
}

/** 2,500 clusters: no organization has so many, so a longer list is an error of the API. */
const maxPages = 50;

/**
 * Every cluster with its queues, as far as the budget goes. @throws what `UserApi` throws, InvisibleOrganizationError
 * @param from where an earlier run had to stop, so that the last clusters are not left out in each run
 */
export async function readQueueSnapshot(api: UserApi, org: string, from?: string): Promise<ListResult<QueueSnapshot>> {
  const reading: SnapshotProgress = { api, org, notes: [], unreadable: 0, withheld: 0, isCut: false };
  const seen: SeenQueues = { queues: [], clusterNames: new Map(), queueKeys: new Map() };
  const { after, cutBy } = await readPages(reading, from, seen);
  const { notes, unreadable, withheld, isCut } = reading;
  const isPart = from !== undefined || cutBy === 'budget';
  return {
    value: { ...seen, isPart, resumeAt: cutBy === 'budget' ? after : undefined },
    isComplete: cutBy === undefined && !isCut && withheld === 0 && !isPart,
    cutBy: isCut ? (cutBy ?? 'page limit') : cutBy,
    unreadable,
    withheld,
    notes,
  };
}

interface ReadPages {
  /** Cursor of the page at which the reading ended. */
  readonly after: string | undefined;
  /** Undefined where the last page was read. */
  readonly cutBy: ListResult<unknown>['cutBy'];
}

/** @throws BudgetSpentError where not one cluster could be read */
async function readPages(reading: SnapshotProgress, from: string | undefined, seen: SeenQueues): Promise<ReadPages> {
  let after = from;
  for (let page = 0; page < maxPages; page += 1) {
    try {
      after = await readClusters(reading, after, seen);
    } catch (error) {
      if (error instanceof BudgetSpentError && seen.clusterNames.size > 0) return { after, cutBy: 'budget' };
      throw error;
    }
    if (after === undefined) return { after, cutBy: undefined };
  }
  return { after, cutBy: 'page limit' };
}

/** A page of clusters with their queues. Returns the cursor of the next page. */
async function readClusters(
  reading: SnapshotProgress,
  after: string | undefined,
  seen: SeenQueues,
): Promise<string | undefined> {
  const variables = { org: reading.org, c: clustersPerPage, q: queuesPerPage, after: after ?? null };
  const { data, errors } = await reading.api.requestGraphql(
    { query: queueSnapshotQuery, variables, countPoints },
    SnapshotData,
  );
  if (data.organization === null) throw new InvisibleOrganizationError(errors[0]);
  append(reading.notes, errors);
  const clusters = notePage(reading, parsePage(data.organization.clusters, Cluster));
  for (const cluster of clusters.nodes) {
    append(seen.queues, mapQueues(reading, cluster, await listQueues(reading, cluster), seen));
  }
  return clusters.next;
}

/** What has been seen on the way. */
interface SnapshotProgress {
  readonly api: UserApi;
  readonly org: string;
  readonly notes: string[];
  unreadable: number;
  withheld: number;
  /** A list of queues was longer than what is read of one. */
  isCut: boolean;
}

/** Queues and names so far. */
interface SeenQueues {
  readonly queues: KnownQueue[];
  readonly clusterNames: Map<string, string>;
  readonly queueKeys: Map<string, string>;
}

function notePage<Node>(reading: SnapshotProgress, page: GraphqlPage<Node>): GraphqlPage<Node> {
  reading.unreadable += page.unreadable;
  reading.withheld += page.withheld;
  return page;
}

/** The queues of a cluster under the names that labels get; a name that no label can hold counts as unreadable. */
function mapQueues(
  reading: SnapshotProgress,
  cluster: Cluster,
  nodes: readonly Queue[],
  { clusterNames, queueKeys }: SeenQueues,
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
