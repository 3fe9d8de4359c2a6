/** Turns what waits, and what Buildkite says of queues, into families of the model. */
import { queueJobs } from '../../../model/catalogue/catalogue.ts';
import { gauge, type MetricFamily } from '../../../model/metric.ts';
import { queueOldestWait, queuePaused, queuePausedSince } from '../../../model/catalogue/run-metrics.ts';
import type { WaitingJob } from './read-backlog.ts';
import { figureFamilies } from './map-queue-figures.ts';
import type { QueuePlace } from './labelled-queue.ts';
import type { KnownQueue } from './read-queues.ts';

export interface WaitReading {
  readonly source: string;
  /** Absent where they could not be read. */
  readonly queues: readonly KnownQueue[] | undefined;
  /** Absent unless all waiting jobs are known: the oldest of some is not the oldest. */
  readonly backlog: readonly WaitingJob[] | undefined;
  /** Whether the backlog shows reserved and limited jobs as what they are; REST does not. */
  readonly isStateTold: boolean;
  /** Queues that other APIs have shown, as scope and queue. */
  readonly known: readonly (readonly [scope: string, queue: string])[];
  readonly isSelected: (queue: string) => boolean;
  /** When the backlog was read. Epoch milliseconds. */
  readonly nowMs: number;
}

/** What waiting jobs and queues say, as families of the model. */
export function waitFamilies(reading: WaitReading): readonly MetricFamily[] {
  const places = placesIn(reading);
  const families: MetricFamily[] = [
    gauge(
      queuePaused,
      places.flatMap(({ labels, figures }) =>
        figures?.isPaused === undefined ? [] : [{ labels, value: figures.isPaused ? 1 : 0 }],
      ),
    ),
    gauge(
      queuePausedSince,
      places.flatMap(({ labels, figures }) =>
        figures?.pausedSinceMs === undefined ? [] : [{ labels, value: figures.pausedSinceMs / 1000 }],
      ),
    ),
    ...(reading.backlog === undefined ? [] : backlogFamilies(places, reading)),
    // Last, because its figures are of the minute before: what is known of this moment is taken first.
    ...figureFamilies(places, reading.nowMs),
  ];
  return families.filter(({ samples }) => samples.length > 0);
}

function placesIn({ source, queues, backlog, known, isSelected }: WaitReading): readonly QueuePlace[] {
  const places = new Map<string, { scope: string; queue: string; figures?: KnownQueue; waiting: WaitingJob[] }>();
  const at = (scope: string, queue: string): { figures?: KnownQueue; waiting: WaitingJob[] } => {
    const key = JSON.stringify([scope, queue]);
    const place = places.get(key) ?? { scope, queue, waiting: [] };
    places.set(key, place);
    return place;
  };
  for (const [scope, queue] of known) at(scope, queue);
  for (const figures of queues ?? []) at(figures.scope, figures.queue).figures ??= figures;
  for (const job of backlog ?? []) at(job.scope, job.queue).waiting.push(job);
  return [...places.values()]
    .filter(({ queue }) => isSelected(queue))
    .map(({ scope, queue, figures, waiting }) => ({
      labels: { system: 'buildkite', source, scope, queue },
      figures,
      waiting,
    }));
}

function backlogFamilies(places: readonly QueuePlace[], { isStateTold, nowMs }: WaitReading): readonly MetricFamily[] {
  return [
    gauge(
      queueOldestWait,
      places.flatMap(({ labels, waiting }) => {
        const value = oldestWaitSeconds(waiting, nowMs);
        return value === undefined ? [] : [{ labels, value }];
      }),
    ),
    gauge(
      queueJobs,
      places.flatMap(({ labels, waiting }) => {
        const count = (state: WaitingJob['state']): number => waiting.filter((job) => job.state === state).length;
        return [
          { labels: { ...labels, state: 'queued' }, value: count('queued') },
          ...(isStateTold
            ? [
                { labels: { ...labels, state: 'reserved' }, value: count('reserved') },
                { labels: { ...labels, state: 'limited' }, value: count('limited') },
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
function oldestWaitSeconds(jobs: readonly WaitingJob[], nowMs: number): number | undefined {
  const waiting = jobs.filter(({ state }) => state !== 'limited');
  if (waiting.length === 0) return 0;
  const times = waiting.map(({ runnableMs }) => runnableMs).filter((time) => time !== undefined);
  if (times.length === 0) return undefined;
  const oldestMs = times.reduce((oldest, time) => Math.min(oldest, time), Infinity);
  return Math.max(0, nowMs - oldestMs) / 1000;
}
