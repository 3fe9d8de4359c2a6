/** A queue with its labels, and what is known of it from both of Buildkite's APIs. */
import type { WaitingJob } from './read-backlog.ts';
import type { KnownQueue } from './read-queues.ts';
import type { QueueLabel } from '../../../model/catalogue/identity-labels.ts';
import type { Labels } from '../../../model/metric.ts';

export type QueueLabels = Labels<QueueLabel>;

export interface LabelledQueue {
  readonly labels: QueueLabels;
  readonly figures: KnownQueue | undefined;
  readonly waiting: readonly WaitingJob[];
}
