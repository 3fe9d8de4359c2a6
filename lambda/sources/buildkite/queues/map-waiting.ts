/** Turns what waits, and what Buildkite says of queues, into families of the model. */
import { queueJobs, queueOldestWait, queuePaused, queuePausedSince } from '../../../model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import type { WaitingJob } from './read-backlog.ts';
import { mapQueueFigures } from './map-queue-figures.ts';
import type { LabelledQueue } from './labelled-queue.ts';
import { formatQueueKey, type QueueId } from './queue-id.ts';
import type { KnownQueue } from './read-queues.ts';

export interface WaitingFacts {
  readonly source: string;
  /** Absent where they could not be read. */
  readonly queues: readonly KnownQueue[] | undefined;
  /** Absent unless all waiting jobs are known: the oldest of some is not the oldest. */
  readonly backlog: readonly WaitingJob[] | undefined;
  /** Whether the backlog shows reserved and limited jobs as what they are; REST does not. */
  readonly isStateKnown: boolean;
  /** Queues that other APIs have shown. */
  readonly knownQueueIds: readonly QueueId[];
  readonly isSelected: (queue: string) => boolean;
  /** When the backlog was read. Epoch milliseconds. */
  readonly nowMs: number;
}

/** What waiting jobs and queues say, as families of the model. */
export function mapWaiting(reading: WaitingFacts): readonly MetricFamily[] {
  const labelled = groupByQueue(reading);
  const families: MetricFamily[] = [
    buildGauge(
      queuePaused,
      labelled.flatMap(({ labels, figures }) =>
        figures?.isPaused === undefined ? [] : [{ labels, value: figures.isPaused ? 1 : 0 }],
      ),
    ),
    buildGauge(
      queuePausedSince,
      labelled.flatMap(({ labels, figures }) =>
        figures?.pausedSinceMs === undefined ? [] : [{ labels, value: figures.pausedSinceMs / 1000 }],
      ),
    ),
    ...(reading.backlog === undefined ? [] : mapBacklog(labelled, reading)),
    // Last, because its figures are of the minute before: what is known of this moment is taken first.
    ...mapQueueFigures(labelled, reading.nowMs),
  ];
  return families.filter(({ samples }) => samples.length > 0);
}

function groupByQueue({ source, queues, backlog, knownQueueIds, isSelected }: WaitingFacts): readonly LabelledQueue[] {
  const entries = new Map<string, QueueId & { figures?: KnownQueue; waiting: WaitingJob[] }>();
  const getEntry = ({ scope, queue }: QueueId): { figures?: KnownQueue; waiting: WaitingJob[] } => {
    const key = formatQueueKey({ scope, queue });
    const entry = entries.get(key) ?? { scope, queue, waiting: [] };
    entries.set(key, entry);
    return entry;
  };
  for (const queueId of knownQueueIds) getEntry(queueId);
  for (const figures of queues ?? []) getEntry(figures).figures ??= figures;
  for (const job of backlog ?? []) getEntry(job).waiting.push(job);
  return [...entries.values()]
    .filter(({ queue }) => isSelected(queue))
    .map(({ scope, queue, figures, waiting }) => ({
      labels: { system: 'buildkite', source, scope, queue },
      figures,
      waiting,
    }));
}

function mapBacklog(
  labelled: readonly LabelledQueue[],
  { isStateKnown, nowMs }: WaitingFacts,
): readonly MetricFamily[] {
  return [
    buildGauge(
      queueOldestWait,
      labelled.flatMap(({ labels, waiting }) => {
        const value = findOldestWait(waiting, nowMs);
        return value === undefined ? [] : [{ labels, value }];
      }),
    ),
    buildGauge(
      queueJobs,
      labelled.flatMap(({ labels, waiting }) => {
        const countState = (state: WaitingJob['state']): number => waiting.filter((job) => job.state === state).length;
        return [
          { labels: { ...labels, state: 'queued' }, value: countState('queued') },
          ...(isStateKnown
            ? [
                { labels: { ...labels, state: 'reserved' }, value: countState('reserved') },
                { labels: { ...labels, state: 'limited' }, value: countState('limited') },
              ]
            : []),
        ];
      }),
    ),
  ];
}

/**
 * 0 for a queue in which nothing waits; undefined where jobs wait, but Buildkite tells of none since when. A job that a
 * stack has reserved waits as well; one that a limit holds back does not wait for a worker.
 */
function findOldestWait(jobs: readonly WaitingJob[], nowMs: number): number | undefined {
  const waiting = jobs.filter(({ state }) => state !== 'limited');
  if (waiting.length === 0) return 0;
  const times = waiting.map(({ runnableMs }) => runnableMs).filter((time) => time !== undefined);
  if (times.length === 0) return undefined;
  const oldestMs = times.reduce((oldest, time) => Math.min(oldest, time), Infinity);
  return Math.max(0, nowMs - oldestMs) / 1000;
}
