/** A queue with its labels, and what is known of it from both of Buildkite's APIs. */
import type { WaitingJob } from './read-backlog.ts';
import type { KnownQueue } from './read-queues.ts';

export interface LabelledQueue {
  readonly labels: {
    readonly system: string;
    readonly source: string;
    readonly scope: string;
    readonly queue: string;
  };
  readonly figures: KnownQueue | undefined;
  readonly waiting: readonly WaitingJob[];
}
