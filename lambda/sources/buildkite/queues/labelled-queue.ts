/** A queue with its labels, and what is known of it from both of Buildkite's APIs. */
import type { WaitingJob } from './read-backlog.ts';
import type { KnownQueue } from './read-queues.ts';

export type QueueLabels = Readonly<Record<'system' | 'source' | 'scope' | 'queue', string>>;

export interface LabelledQueue {
  readonly labels: QueueLabels;
  readonly figures: KnownQueue | undefined;
  readonly waiting: readonly WaitingJob[];
}
