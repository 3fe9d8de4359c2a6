/** Names of clusters and queues, and the requests to REST that read them. */
import * as z from 'zod';
import { append } from '../../../model/lists/append.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { KnownQueue, QueueSnapshot } from './read-queues.ts';
import { parseTime } from '../user-api/times.ts';
import type { UserApi } from '../user-api/client.ts';

/** Value of `scope` for what belongs to no cluster. */
export const unclustered = 'unclustered';

/** Value of `scope` for a cluster whose name the token may not read. */
export const unknownScope = 'unknown';

/** The agents of a cluster take jobs of this queue when a step names none. */
const defaultQueue = 'default';

export function scopeOf(clusterName: string | null | undefined): string {
  return makeLabelValue(clusterName ?? '') ?? unclustered;
}

/** The queue that a job is in: by its cluster queue, else by its rule `queue=…`, else the default one. */
export function determineQueue(key: string | undefined, rules: readonly string[]): string {
  const rule = rules.map((text) => /^queue=(.*)$/s.exec(text)?.[1]).find((value) => value !== undefined);
  return makeLabelValue(key ?? '') ?? makeLabelValue(rule ?? '') ?? defaultQueue;
}

/** Names of clusters and queues by the ids that jobs carry. */
export interface QueueNames {
  readonly clusterNames: ReadonlyMap<string, string>;
  readonly queueKeys: ReadonlyMap<string, string>;
}

/** The same with the queues as REST answered. */
export interface RestQueueNames extends QueueNames {
  readonly queues: readonly KnownQueue[];
}

/** What is remembered between runs, so that the lists need not be read in each. */
export const RememberedQueueNames = z.object({
  readMs: z.number(),
  clusters: z.record(z.string(), z.string()),
  queues: z.record(z.string(), z.string()),
  /** The queues as REST answered; absent where the names came from GraphQL. */
  told: z
    .array(
      z.object({
        scope: z.string(),
        queue: z.string(),
        isPaused: z.boolean().optional(),
        pausedSinceMs: z.number().optional(),
        isHosted: z.boolean().optional(),
      }),
    )
    .optional(),
});
export type RememberedQueueNames = z.infer<typeof RememberedQueueNames>;

export function parseRememberedNames({ clusters, queues }: RememberedQueueNames): QueueNames {
  return { clusterNames: new Map(Object.entries(clusters)), queueKeys: new Map(Object.entries(queues)) };
}

export function serializeNames({ clusterNames, queueKeys }: QueueNames, readMs: number): RememberedQueueNames {
  return { readMs, clusters: Object.fromEntries(clusterNames), queues: Object.fromEntries(queueKeys) };
}

export function pickNames({ clusterNames, queueKeys }: QueueSnapshot): QueueNames {
  return { clusterNames, queueKeys };
}

const RestCluster = z.object({ id: z.string(), name: z.string() });
const Flag = z.boolean().nullish().catch(undefined);
const RestQueue = z.object({
  id: z.string(),
  key: z.string(),
  hosted: Flag,
  dispatch_paused: Flag,
  dispatch_paused_at: z.string().nullish().catch(undefined),
});
const Elements = z.array(z.unknown());

/** A page holds 100; 500 clusters or queues of one cluster are beyond what this fallback is for. */
const maxPages = 5;

/** The same by REST, for tokens without GraphQL: one request for the clusters and one for the queues of each. */
export async function readQueueNames(api: UserApi, org: string): Promise<RestQueueNames> {
  const clusters = await listElements(api, `organizations/${org}/clusters`, RestCluster);
  const clusterNames = new Map(clusters.flatMap(({ id, name }) => mapName(id, name)));
  const queueKeys = new Map<string, string>();
  const queues: KnownQueue[] = [];
  for (const { id } of clusters) {
    const path = `organizations/${org}/clusters/${encodeURIComponent(id)}/queues`;
    const scope = clusterNames.get(id);
    for (const queue of await listElements(api, path, RestQueue)) {
      const name = makeLabelValue(queue.key);
      if (name === undefined) continue;
      queueKeys.set(queue.id, name);
      if (scope !== undefined) queues.push({ scope, queue: name, ...mapQueueState(queue) });
    }
  }
  return { clusterNames, queueKeys, queues };
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

function mapName(id: string, name: string): readonly (readonly [string, string])[] {
  const value = makeLabelValue(name);
  return value === undefined ? [] : [[id, value]];
}

async function listElements<Schema extends z.ZodType>(
  api: UserApi,
  path: string,
  schema: Schema,
): Promise<readonly z.output<Schema>[]> {
  const found: z.output<Schema>[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const url = api.buildUrl(path, [
      ['per_page', '100'],
      ['page', String(page)],
    ]);
    const { value, headers } = await api.requestRest(url, Elements);
    append(
      found,
      value.map((element) => schema.safeParse(element)).flatMap((parsed) => (parsed.success ? [parsed.data] : [])),
    );
    if (!/rel="?next"?/.test(headers['link'] ?? '')) break;
  }
  return found;
}
