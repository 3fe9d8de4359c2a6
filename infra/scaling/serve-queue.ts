/** Remembers which group serves a queue: two would each start an instance for every job. */
import type { IConstruct } from 'constructs';
import type { QueueOfSource } from '../metrics/queue-metric.ts';
import type { ScalingCollector } from './needed-capacity.ts';

/** @throws Error where another group serves the queue already. */
export function serveQueue(
  { served }: ScalingCollector,
  { source, scope, queue }: QueueOfSource,
  group: IConstruct,
): void {
  const key = JSON.stringify([source, scope, queue]);
  const other = served.get(key);
  if (other !== undefined)
    throw new Error(
      `queue "${queue}" of ${source} is served by ${other} already: each would start an instance for every job; serve it by one group, or split the queue`,
    );
  served.set(key, group.node.path);
}

/** `instances are needed for queue default of buildkite (production)`. */
export function describeNeed(what: string, { source, scope, queue }: QueueOfSource): string {
  return `${what} are needed for queue ${queue} of ${source} (${scope})`;
}
