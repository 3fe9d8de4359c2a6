/** Maps the workers of each queue, how busy they are, and the jobs that wait where there is none. */
import { starvedJobs, workers, workerUtilization } from '../../../model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricFamily, sampleIfKnown } from '../../../model/metric.ts';
import type { QueueLabels } from './labelled-queue.ts';

/** What is known of the workers of a queue; a figure that is unknown has no sample. */
export interface QueueWorkers {
  readonly labels: QueueLabels;
  readonly idle: number | undefined;
  readonly busy: number | undefined;
  /** Jobs that wait in a queue without any worker. */
  readonly starved: number | undefined;
}

export function mapWorkers(queues: readonly QueueWorkers[]): readonly MetricFamily[] {
  return [
    buildGauge(
      starvedJobs,
      queues.flatMap(({ labels, starved }) => sampleIfKnown(starved, labels)),
    ),
    buildGauge(
      workers,
      queues.flatMap(({ labels, idle, busy }) => [
        ...sampleIfKnown(idle, { ...labels, state: 'idle' }),
        ...sampleIfKnown(busy, { ...labels, state: 'busy' }),
      ]),
    ),
    buildGauge(
      workerUtilization,
      queues.flatMap(({ labels, idle, busy }) => {
        if (idle === undefined || busy === undefined || idle + busy === 0) return [];
        const share = { part: busy, whole: idle + busy };
        return [{ labels, share, value: share.part / share.whole }];
      }),
    ),
  ];
}
