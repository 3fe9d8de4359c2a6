/** Reads the names of clusters and queues by REST, for tokens without GraphQL. */
import * as z from 'zod';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { UserApi } from '../user-api/client.ts';
import { Flag, Text } from '../user-api/lenient.ts';
import type { ListResult } from '../user-api/list-result.ts';
import { parseTime } from '../user-api/times.ts';
import type { QueueNames } from './queue-names.ts';
import type { KnownQueue } from './read-queues.ts';

/** Names by the ids that jobs carry, with the queues as REST answered. */
export interface RestQueueNames extends QueueNames {
  readonly queues: readonly KnownQueue[];
}

const RestCluster = z.object({ id: z.string(), name: z.string() });
const RestQueue = z.object({
  id: z.string(),
  key: z.string(),
  hosted: Flag,
  dispatch_paused: Flag,
  dispatch_paused_at: Text,
});
const Elements = z.array(z.unknown());

/** Largest page of the REST API. */
const pageSize = 100;
/** Each cluster costs a request of its own, and more than these are beyond what REST is asked for: GraphQL is. */
const maxPages = 5;
/** Clusters, and queues of one cluster. */
export const mostListed = maxPages * pageSize;

/** One request for the clusters and one for the queues of each. @throws what `requestRest` throws */
export async function readQueueNames(api: UserApi, org: string): Promise<ListResult<RestQueueNames>> {
  const progress: ListProgress = { api, isComplete: true, unreadable: 0 };
  const clusterNames = new Map<string, string>();
  const queueKeys = new Map<string, string>();
  const queues: KnownQueue[] = [];
  for (const { id, name } of await listElements(progress, `organizations/${org}/clusters`, RestCluster)) {
    const scope = makeName(progress, name);
    if (scope !== undefined) clusterNames.set(id, scope);
    const path = `organizations/${org}/clusters/${encodeURIComponent(id)}/queues`;
    for (const record of await listElements(progress, path, RestQueue)) {
      const queue = makeName(progress, record.key);
      if (queue === undefined) continue;
      queueKeys.set(record.id, queue);
      if (scope !== undefined) queues.push({ scope, queue, ...mapQueueState(record) });
    }
  }
  const { isComplete, unreadable } = progress;
  return { value: { clusterNames, queueKeys, queues }, isComplete, unreadable, withheld: 0, notes: [] };
}

/** What has been seen on the way. */
interface ListProgress {
  readonly api: UserApi;
  /** False where a list was longer than what is read of one. */
  isComplete: boolean;
  unreadable: number;
}

/** A name that no label can hold counts as unreadable. */
function makeName(progress: ListProgress, text: string): string | undefined {
  const name = makeLabelValue(text);
  if (name === undefined) progress.unreadable += 1;
  return name;
}

function mapQueueState({
  hosted,
  dispatch_paused,
  dispatch_paused_at,
}: z.infer<typeof RestQueue>): Pick<KnownQueue, 'isHosted' | 'isPaused' | 'pausedSinceMs'> {
  return {
    isHosted: hosted ?? undefined,
    isPaused: dispatch_paused ?? undefined,
    pausedSinceMs: dispatch_paused === true ? parseTime(dispatch_paused_at) : undefined,
  };
}

async function listElements<Schema extends z.ZodType>(
  progress: ListProgress,
  path: string,
  schema: Schema,
): Promise<readonly z.output<Schema>[]> {
  const { api } = progress;
  const elements: z.output<Schema>[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const url = api.buildUrl(path, [
      ['per_page', String(pageSize)],
      ['page', String(page)],
    ]);
    const { value, headers } = await api.requestRest(url, Elements);
    for (const element of value) {
      const parsed = schema.safeParse(element);
      if (parsed.success) elements.push(parsed.data);
      else progress.unreadable += 1;
    }
    if (!/rel="?next"?/.test(headers['link'] ?? '')) return elements;
  }
  progress.isComplete = false;
  return elements;
}
