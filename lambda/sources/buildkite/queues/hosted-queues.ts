/** Knows which queues run on Buildkite's own agents: by Buildkite's answer, else by the configuration. */
import type { Matcher } from '../../../settings/glob.ts';
import { formatQueueKey } from './queue-id.ts';
import type { KnownQueue } from './read-queues.ts';

/** Whether a queue is hosted, as Buildkite answered, by scope and queue. */
export type HostedQueues = ReadonlyMap<string, boolean>;

/** `scope` is absent for a queue without neutral metrics. */
export type IsHosted = (queue: string, scope: string | undefined) => boolean;

export function collectHostedQueues(queues: readonly KnownQueue[]): HostedQueues {
  return new Map(
    queues.flatMap(({ scope, queue, isHosted }) =>
      isHosted === undefined ? [] : [[formatQueueKey({ scope, queue }), isHosted]],
    ),
  );
}

export function createHostedCheck(hosted: HostedQueues, isNamed: Matcher): IsHosted {
  return (queue, scope) => hosted.get(formatQueueKey({ scope: scope ?? '', queue })) ?? isNamed(queue);
}
