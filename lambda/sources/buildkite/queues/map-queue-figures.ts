/** Turns Buildkite's own figures of a queue, which are of one minute, into families of the model. */
import { queueJobs, starvedJobs, workers, workerUtilization } from '../../../model/catalogue/catalogue.ts';
import { gauge, type MetricFamily } from '../../../model/metric.ts';
import { queueRecentJobs, queueWaitQuantile } from '../../../model/catalogue/run-metrics.ts';
import type { QueueMetrics } from '../user-api/graphql-schema.ts';
import { timeOf } from '../user-api/times.ts';
import type { QueuePlace } from './labelled-queue.ts';

/** A bucket is a minute long and told when it is over; what is older than a few of them is no level of now. */
const freshForMs = 5 * 60_000;

/** False for figures of which nobody knows when they were true. Clocks may differ, so the future is as good. */
function areFresh({ timestamp }: QueueMetrics, nowMs: number): boolean {
  const bucketMs = timeOf(timestamp);
  return bucketMs !== undefined && Math.abs(nowMs - bucketMs) <= freshForMs;
}

interface Figures {
  readonly labels: QueuePlace['labels'];
  readonly isHosted: boolean;
  readonly metrics: QueueMetrics;
}

export function figureFamilies(places: readonly QueuePlace[], nowMs: number): readonly MetricFamily[] {
  const queues = places.flatMap(({ labels, figures }): readonly Figures[] =>
    figures?.metrics !== undefined && areFresh(figures.metrics, nowMs)
      ? [{ labels, isHosted: figures.isHosted === true, metrics: figures.metrics }]
      : [],
  );
  return [jobFamily(queues), recentFamily(queues), quantileFamily(queues), ...agentFamilies(queues)];
}

function jobFamily(queues: readonly Figures[]): MetricFamily {
  return gauge(
    queueJobs,
    queues.flatMap(({ labels, metrics }) => [
      // Buildkite's pages and GraphQL call waiting what an agent could take now.
      ...told(metrics.waitingJobsCount, { ...labels, state: 'queued' }),
      ...told(metrics.runningJobsCount, { ...labels, state: 'running' }),
    ]),
  );
}

function recentFamily(queues: readonly Figures[]): MetricFamily {
  return gauge(
    queueRecentJobs,
    queues.flatMap(({ labels, metrics }) => [
      ...told(metrics.jobsPassedCount, { ...labels, result: 'success' }),
      ...told(metrics.jobsFailedCount, { ...labels, result: 'failure' }),
    ]),
  );
}

function quantileFamily(queues: readonly Figures[]): MetricFamily {
  return gauge(
    queueWaitQuantile,
    queues.flatMap(({ labels, metrics: { waitTimeSec } }) => [
      ...told(waitTimeSec?.min, { ...labels, rank: '0' }),
      ...told(waitTimeSec?.p50, { ...labels, rank: '0.5' }),
      ...told(waitTimeSec?.p95, { ...labels, rank: '0.95' }),
      ...told(waitTimeSec?.max, { ...labels, rank: '1' }),
    ]),
  );
}

function told<Name extends string>(
  value: number | undefined,
  labels: Readonly<Record<Name, string>>,
): readonly { readonly labels: Readonly<Record<Name, string>>; readonly value: number }[] {
  return value === undefined ? [] : [{ labels, value }];
}

/** Hosted agents come on demand: none of them is idle, and none can be missing. */
function agentFamilies(queues: readonly Figures[]): readonly MetricFamily[] {
  const crews = queues.flatMap(({ labels, isHosted, metrics }) => {
    const { connectedAgentsCount: all, runningJobsCount: running, waitingJobsCount: waiting } = metrics;
    if (isHosted || all === undefined || running === undefined) return [];
    // An agent runs one job at a time; one that has just left may still be counted among the running jobs.
    const busy = Math.min(running, all);
    return [{ labels, all, busy, waiting }];
  });
  return [
    gauge(
      workers,
      crews.flatMap(({ labels, all, busy }) => [
        { labels: { ...labels, state: 'idle' }, value: all - busy },
        { labels: { ...labels, state: 'busy' }, value: busy },
      ]),
    ),
    gauge(
      workerUtilization,
      crews
        .filter(({ all }) => all > 0)
        .map(({ labels, all, busy }) => ({ labels, share: { part: busy, whole: all }, value: busy / all })),
    ),
    gauge(
      starvedJobs,
      crews.flatMap(({ labels, all, waiting }) =>
        waiting === undefined ? [] : [{ labels, value: all > 0 ? 0 : waiting }],
      ),
    ),
  ];
}
