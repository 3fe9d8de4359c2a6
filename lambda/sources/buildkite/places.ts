import * as z from 'zod';
import { append } from '../../model/append.ts';
import { labelValue } from '../../model/labels.ts';
import type { QueueSnapshot } from './queue-snapshot.ts';
import type { UserApi } from './user-api.ts';

/** Value of `scope` for what belongs to no cluster. */
export const unclustered = 'unclustered';

/** Value of `scope` for a cluster whose name the token may not read. */
export const unknownScope = 'unknown';

/** The agents of a cluster take jobs of this queue when a step names none. */
const defaultQueue = 'default';

export function scopeOf(clusterName: string | null | undefined): string {
  return labelValue(clusterName ?? '') ?? unclustered;
}

/** The queue that a job is in: by its cluster queue, else by its rule `queue=…`, else the default one. */
export function queueByRule(key: string | undefined, rules: readonly string[]): string {
  const rule = rules.map((text) => /^queue=(.*)$/s.exec(text)?.[1]).find((value) => value !== undefined);
  return labelValue(key ?? '') ?? labelValue(rule ?? '') ?? defaultQueue;
}

/** Names of clusters and queues by the ids that jobs carry. */
export interface Places {
  readonly clusterNames: ReadonlyMap<string, string>;
  readonly queueKeys: ReadonlyMap<string, string>;
}

/** What is remembered between runs, so that the lists need not be read in each. */
export const RememberedPlaces = z.object({
  readMs: z.number(),
  clusters: z.record(z.string(), z.string()),
  queues: z.record(z.string(), z.string()),
});
export type RememberedPlaces = z.infer<typeof RememberedPlaces>;

export function placesFrom({ clusters, queues }: RememberedPlaces): Places {
  return { clusterNames: new Map(Object.entries(clusters)), queueKeys: new Map(Object.entries(queues)) };
}

export function rememberedOf({ clusterNames, queueKeys }: Places, readMs: number): RememberedPlaces {
  return { readMs, clusters: Object.fromEntries(clusterNames), queues: Object.fromEntries(queueKeys) };
}

export function placesOf({ clusterNames, queueKeys }: QueueSnapshot): Places {
  return { clusterNames, queueKeys };
}

const RestCluster = z.object({ id: z.string(), name: z.string() });
const RestQueue = z.object({ id: z.string(), key: z.string() });
const Elements = z.array(z.unknown());

/** A page holds 100; 500 clusters or queues of one cluster are beyond what this fallback is for. */
const maxPages = 5;

/** The same by REST, for tokens without GraphQL: one request for the clusters and one for the queues of each. */
export async function readPlaces(api: UserApi, org: string): Promise<Places> {
  const clusters = await elements(api, `organizations/${org}/clusters`, RestCluster);
  const clusterNames = new Map(clusters.flatMap(({ id, name }) => named(id, name)));
  const queueKeys = new Map<string, string>();
  for (const { id } of clusters) {
    const path = `organizations/${org}/clusters/${encodeURIComponent(id)}/queues`;
    for (const queue of await elements(api, path, RestQueue))
      for (const [key, name] of named(queue.id, queue.key)) queueKeys.set(key, name);
  }
  return { clusterNames, queueKeys };
}

function named(id: string, name: string): readonly (readonly [string, string])[] {
  const value = labelValue(name);
  return value === undefined ? [] : [[id, value]];
}

async function elements<Schema extends z.ZodType>(
  api: UserApi,
  path: string,
  schema: Schema,
): Promise<readonly z.output<Schema>[]> {
  const found: z.output<Schema>[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const url = api.restUrl(path, [
      ['per_page', '100'],
      ['page', String(page)],
    ]);
    const { value, headers } = await api.rest(url, Elements);
    append(
      found,
      value.map((element) => schema.safeParse(element)).flatMap((parsed) => (parsed.success ? [parsed.data] : [])),
    );
    if (!/rel="?next"?/.test(headers['link'] ?? '')) break;
  }
  return found;
}
