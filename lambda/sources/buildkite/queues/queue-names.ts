/** Names of clusters and queues, and the queue that a job is in by them. */
import * as z from 'zod';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { Job } from '../user-api/rest-schema.ts';
import type { QueueId } from './queue-id.ts';
import type { QueueSnapshot } from './read-queues.ts';

/** Value of `scope` for what belongs to no cluster. */
export const unclustered = 'unclustered';

/** Value of `scope` for a cluster whose name the token may not read. */
const unknownScope = 'unknown';

/** The agents of a cluster take jobs of this queue when a step names none. */
const defaultQueue = 'default';

export function scopeOf(clusterName: string | null | undefined): string {
  return makeLabelValue(clusterName ?? '') ?? unclustered;
}

/** The queue that a job is in: by its cluster queue, else by its rule `queue=…`, else the default one. */
export function determineQueue(key: string | undefined, rules: readonly string[]): string {
  return findNamedQueue(key, rules) ?? defaultQueue;
}

/** Undefined for a job that names no queue, which is in the default one. */
function findNamedQueue(key: string | undefined, rules: readonly string[]): string | undefined {
  const rule = rules.map((text) => /^queue=(.*)$/s.exec(text)?.[1]).find((value) => value !== undefined);
  return makeLabelValue(key ?? '') ?? makeLabelValue(rule ?? '');
}

/** Names of clusters and queues by the ids that jobs carry. */
export interface QueueNames {
  readonly clusterNames: ReadonlyMap<string, string>;
  readonly queueKeys: ReadonlyMap<string, string>;
  /** Ids of clusters whose queues have not been read yet; absent where all have. */
  readonly unreadClusters?: ReadonlySet<string> | undefined;
}

/** The names that a job's ids are looked up in. */
export interface NameLookup {
  readonly queueNames: QueueNames;
  /** Whether a later run cannot know more names; otherwise a job of an unknown cluster is left to the next run. */
  readonly areNamesFinal: boolean;
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
  /** What REST did not show, so that it is told in each run and not only in those that ask; absent where nothing is missing. */
  isTruncated: z.boolean().optional(),
  unreadable: z.number().optional(),
});
export type RememberedQueueNames = z.infer<typeof RememberedQueueNames>;

export function parseRememberedNames({
  clusters,
  queues,
}: Pick<RememberedQueueNames, 'clusters' | 'queues'>): QueueNames {
  return { clusterNames: new Map(Object.entries(clusters)), queueKeys: new Map(Object.entries(queues)) };
}

export function serializeNames({ clusterNames, queueKeys }: QueueNames, readMs: number): RememberedQueueNames {
  return { readMs, clusters: Object.fromEntries(clusterNames), queues: Object.fromEntries(queueKeys) };
}

export function pickNames({ clusterNames, queueKeys }: QueueSnapshot): QueueNames {
  return { clusterNames, queueKeys };
}

/** What both know; the later of two names of one id counts. */
export function joinNames(earlier: QueueNames, later: QueueNames): QueueNames {
  return {
    clusterNames: new Map([...earlier.clusterNames, ...later.clusterNames]),
    queueKeys: new Map([...earlier.queueKeys, ...later.queueKeys]),
  };
}

/** Undefined where the name of the cluster, or of the queue, is still to be learned. */
export function findQueueId(job: Job, { queueNames, areNamesFinal }: NameLookup): QueueId | undefined {
  const { cluster_id: cluster, cluster_queue_id: id, agent_query_rules: rules } = job;
  const named = findNamedQueue(queueNames.queueKeys.get(id ?? ''), rules ?? []);
  const queue = named ?? defaultQueue;
  if (!cluster) return { scope: unclustered, queue };
  const scope = queueNames.clusterNames.get(cluster);
  if (areNamesFinal) return { scope: scope ?? unknownScope, queue };
  // Without a name of its own it may be in any queue of a cluster that was not read.
  const isQueueKnown = named !== undefined || !isUnread(queueNames, cluster);
  return scope !== undefined && isQueueKnown ? { scope, queue } : undefined;
}

function isUnread({ unreadClusters }: QueueNames, cluster: string): boolean {
  return unreadClusters?.has(cluster) === true;
}
