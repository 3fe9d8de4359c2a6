/** Which queues run on Buildkite's own agents: as Buildkite tells, and where it does not, as the configuration says. */
import type { Matcher } from '../../../config/glob.ts';
import type { IsHosted } from '../agent-api/map-queues.ts';
import type { KnownQueue } from './read-queues.ts';

/** What Buildkite told, by scope and queue. */
export type HostedQueues = ReadonlyMap<string, boolean>;

export function hostedIn(queues: readonly KnownQueue[]): HostedQueues {
  return new Map(
    queues.flatMap(({ scope, queue, isHosted }) => (isHosted === undefined ? [] : [[keyOf(scope, queue), isHosted]])),
  );
}

export function isHostedBy(told: HostedQueues, isNamed: Matcher): IsHosted {
  return (queue, scope) => told.get(keyOf(scope ?? '', queue)) ?? isNamed(queue);
}

function keyOf(scope: string, queue: string): string {
  return JSON.stringify([scope, queue]);
}
