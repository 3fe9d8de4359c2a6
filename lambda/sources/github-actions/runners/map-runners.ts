/** Metrics of runners: by state, how busy they are, and jobs that no runner could take. */
import { starvedJobs, workers, workerUtilization } from '../../../model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { canServe, isOfLabels } from '../jobs/queue-names.ts';
import type { RunnerGroup } from './group-runners.ts';

/** Queued jobs of a queue. */
export interface WaitingQueue {
  readonly queue: string;
  readonly queued: number;
  /** Whether one of its jobs asks for a self-hosted runner by that label. */
  readonly asksForOwnRunner: boolean;
}

export function mapRunners(
  groups: readonly RunnerGroup[],
  queues: readonly WaitingQueue[],
  { source, organization }: { readonly source: string; readonly organization: string },
): readonly MetricFamily[] {
  const labelsOf = (queue: string) => ({ system: 'github', source, scope: organization, queue });
  return [
    buildGauge(
      workers,
      groups.flatMap(({ queue, online, busy, offline }) => [
        ...(busy === undefined
          ? []
          : [
              { labels: { ...labelsOf(queue), state: 'idle' }, value: online - busy },
              { labels: { ...labelsOf(queue), state: 'busy' }, value: busy },
            ]),
        { labels: { ...labelsOf(queue), state: 'offline' }, value: offline },
      ]),
    ),
    buildGauge(
      workerUtilization,
      groups.flatMap(({ queue, online, busy }) => {
        if (busy === undefined || online === 0) return [];
        const share = { part: busy, whole: online };
        return [{ labels: labelsOf(queue), share, value: share.part / share.whole }];
      }),
    ),
    buildGauge(
      starvedJobs,
      queues.flatMap(({ queue, queued, asksForOwnRunner }) => {
        if (!isOfLabels(queue)) return [];
        const served = groups.filter(({ labels }) => canServe(new Set(labels), queue));
        // Else it may be one of GitHub's own runners, which no list tells of.
        if (served.length === 0 && !asksForOwnRunner) return [];
        return [{ labels: labelsOf(queue), value: served.some(({ online }) => online > 0) ? 0 : queued }];
      }),
    ),
  ];
}
