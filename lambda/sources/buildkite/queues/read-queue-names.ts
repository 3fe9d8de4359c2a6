/** Reads the names of clusters and queues by REST, for tokens without GraphQL; a long list takes several runs. */
import * as z from 'zod';
import { findNextLink } from '../../../http/answers/paginate.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { UserApi } from '../user-api/client.ts';
import { Flag, Text } from '../user-api/lenient.ts';
import { parseTime } from '../user-api/times.ts';
import { RememberedQueueNames } from './queue-names.ts';
import type { KnownQueue } from './read-queues.ts';

/** A reading of all names, as far as it has come; it is remembered and goes on in the next run. */
export const NamesReading = RememberedQueueNames.required({ told: true }).extend({
  /** Ids of the clusters whose queues are still to be read. */
  unread: z.array(z.string()),
});
export type NamesReading = z.infer<typeof NamesReading>;

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

/** Of the requests that are left when the lists of builds have been read; the next run may be in the same window. */
const shareOfRequests = 1 / 2;

/** Lists the clusters; their queues are still to be read. @throws what `requestRest` throws */
export async function beginNames(api: UserApi, org: string, nowMs: number): Promise<NamesReading> {
  const reading: NamesReading = { readMs: nowMs, clusters: {}, queues: {}, told: [], unread: [] };
  for (const { id, name } of await listElements(reading, api, `organizations/${org}/clusters`, RestCluster)) {
    const scope = makeName(reading, name);
    if (scope !== undefined) reading.clusters[id] = scope;
    reading.unread.push(id);
  }
  return reading;
}

/**
 * Reads the queues of one cluster after another, a request each, while its share of the budget lasts. A cluster that
 * fails is tried again after all others. @throws what `requestRest` throws; what was read until then stays in `reading`.
 */
export async function continueNames(api: UserApi, org: string, reading: NamesReading): Promise<void> {
  const leastLeft = Math.floor(api.remainingRequests() * (1 - shareOfRequests));
  for (let [id] = reading.unread; id !== undefined; [id] = reading.unread) {
    if (api.remainingRequests() <= leastLeft) return;
    reading.unread.shift();
    try {
      await readCluster(api, org, reading, id);
    } catch (error) {
      reading.unread.push(id);
      throw error;
    }
  }
}

async function readCluster(api: UserApi, org: string, reading: NamesReading, id: string): Promise<void> {
  const scope = reading.clusters[id];
  const path = `organizations/${org}/clusters/${encodeURIComponent(id)}/queues`;
  const records = await listElements(reading, api, path, RestQueue).catch((error: unknown) => {
    // Deleted since the clusters were listed.
    if (error instanceof HttpStatusError && error.status === 404) return [];
    throw error;
  });
  for (const record of records) {
    const queue = makeName(reading, record.key);
    if (queue === undefined) continue;
    reading.queues[record.id] = queue;
    if (scope !== undefined) reading.told.push({ scope, queue, ...mapQueueState(record) });
  }
}

/** A name that no label can hold counts as unreadable. */
function makeName(reading: NamesReading, text: string): string | undefined {
  const name = makeLabelValue(text);
  if (name === undefined) addUnreadable(reading, 1);
  return name;
}

function addUnreadable(reading: NamesReading, count: number): void {
  if (count > 0) reading.unreadable = (reading.unreadable ?? 0) + count;
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
  reading: NamesReading,
  api: UserApi,
  path: string,
  schema: Schema,
): Promise<readonly z.output<Schema>[]> {
  const elements: z.output<Schema>[] = [];
  let unreadable = 0;
  let isCut = true;
  for (let page = 1; page <= maxPages; page += 1) {
    const url = api.buildUrl(path, [
      ['per_page', String(pageSize)],
      ['page', String(page)],
    ]);
    const { value, headers } = await api.requestRest(url, Elements);
    for (const element of value) {
      const parsed = schema.safeParse(element);
      if (parsed.success) elements.push(parsed.data);
      else unreadable += 1;
    }
    isCut = findNextLink(headers) !== undefined;
    if (!isCut) break;
  }
  // Once all of it has come: a list that fails half-way is read again.
  addUnreadable(reading, unreadable);
  if (isCut) reading.isTruncated = true;
  return elements;
}
