/** Identifies a queue by its scope and its name. */

/** `scope` is the cluster, for queues of two clusters may have one name. */
export interface QueueId {
  readonly scope: string;
  readonly queue: string;
}

/** One text for one queue, as the key of a map. */
export function formatQueueKey({ scope, queue }: QueueId): string {
  return JSON.stringify([scope, queue]);
}
