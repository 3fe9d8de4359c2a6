/** Turns Buildkite's own figures of a queue, which are of one minute, into families of the model. */
import { queueJobs, queueRecentJobs, queueWaitQuantile } from '../../../model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricFamily, sampleIfKnown } from '../../../model/metric.ts';
import type { QueueMetrics } from '../user-api/graphql-schema.ts';
import { parseTime } from '../user-api/times.ts';
import type { LabelledQueue, QueueLabels } from './labelled-queue.ts';
import { mapWorkers, type QueueWorkers } from './map-workers.ts';
import { minuteMs } from '../../../model/time.ts';

/** Buildkite publishes the figures of a minute when it is over; figures that are five minutes old are stale. */
const freshForMs = 5 * minuteMs;

/** False for figures without a time. Clocks may differ, so that a time ahead of ours is as good as one behind. */
function hasFreshFigures({ timestamp }: QueueMetrics, nowMs: number): boolean {
  const bucketMs = parseTime(timestamp);
  return bucketMs !== undefined && Math.abs(nowMs - bucketMs) <= freshForMs;
}

interface Figures {
  readonly labels: QueueLabels;
  readonly isHosted: boolean;
  readonly metrics: QueueMetrics;
}

export function mapQueueFigures(labelled: readonly LabelledQueue[], nowMs: number): readonly MetricFamily[] {
  const queues = labelled.flatMap(({ labels, figures }): readonly Figures[] =>
    figures?.metrics !== undefined && hasFreshFigures(figures.metrics, nowMs)
      ? [{ labels, isHosted: figures.isHosted === true, metrics: figures.metrics }]
      : [],
  );
  return [mapJobFamily(queues), mapRecentFamily(queues), mapQuantileFamily(queues), ...mapWorkers(listWorkers(queues))];
}

function mapJobFamily(queues: readonly Figures[]): MetricFamily {
  return buildGauge(
    queueJobs,
    queues.flatMap(({ labels, metrics }) => [
      // Buildkite's pages and GraphQL call waiting what an agent could take now.
      ...sampleIfKnown(metrics.waitingJobsCount, { ...labels, state: 'queued' }),
      ...sampleIfKnown(metrics.runningJobsCount, { ...labels, state: 'running' }),
    ]),
  );
}

function mapRecentFamily(queues: readonly Figures[]): MetricFamily {
  return buildGauge(
    queueRecentJobs,
    queues.flatMap(({ labels, metrics }) => [
      ...sampleIfKnown(metrics.jobsPassedCount, { ...labels, result: 'success' }),
      ...sampleIfKnown(metrics.jobsFailedCount, { ...labels, result: 'failure' }),
    ]),
  );
}

function mapQuantileFamily(queues: readonly Figures[]): MetricFamily {
  return buildGauge(
    queueWaitQuantile,
    queues.flatMap(({ labels, metrics: { waitTimeSec } }) => [
      ...sampleIfKnown(waitTimeSec?.min, { ...labels, rank: '0' }),
      ...sampleIfKnown(waitTimeSec?.p50, { ...labels, rank: '0.5' }),
      ...sampleIfKnown(waitTimeSec?.p95, { ...labels, rank: '0.95' }),
      ...sampleIfKnown(waitTimeSec?.max, { ...labels, rank: '1' }),
    ]),
  );
}

/** Hosted agents come on demand: none of them is idle, and none can be missing. */
function listWorkers(queues: readonly Figures[]): readonly QueueWorkers[] {
  return queues.flatMap(({ labels, isHosted, metrics }) => {
    const { connectedAgentsCount: all, runningJobsCount: running, waitingJobsCount: waiting } = metrics;
    if (isHosted || all === undefined || running === undefined) return [];
    // An agent runs one job at a time; one that has just left may still be counted among the running jobs.
    const busy = Math.min(running, all);
    return [{ labels, idle: all - busy, busy, starved: waiting !== undefined && all > 0 ? 0 : waiting }];
  });
}
