/** Metrics of runners: by state, by version, how busy they are, and jobs that no runner could take. */
import { starvedJobs, workers, workerUtilization } from '../../../model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { busyRunnersPeak, onlineRunners, outdatedRunners } from '../metrics.ts';
import type { RunnersReading } from './read-runners.ts';

/** Runners by state, and jobs that no runner of their group could take. */
export function mapRunners(
  { levels, busyPeak }: RunnersReading,
  { source, workspace }: { readonly source: string; readonly workspace: string },
  queues: ReadonlyMap<string, { readonly queued: number }>,
): readonly MetricFamily[] {
  const labelled = levels.map((level) => ({
    ...level,
    labels: { system: 'bitbucket', source, scope: level.scope, queue: level.queue },
  }));
  return [
    buildGauge(
      workers,
      labelled.flatMap(({ labels, idle, busy, offline, paused }) => [
        ...(idle === undefined ? [] : [{ labels: { ...labels, state: 'idle' }, value: idle }]),
        ...(busy === undefined ? [] : [{ labels: { ...labels, state: 'busy' }, value: busy }]),
        { labels: { ...labels, state: 'offline' }, value: offline },
        { labels: { ...labels, state: 'paused' }, value: paused },
      ]),
    ),
    buildGauge(
      onlineRunners,
      labelled.map(({ labels, online }) => ({ labels, value: online })),
    ),
    buildGauge(
      workerUtilization,
      labelled.flatMap(({ labels, idle, busy }) => {
        if (idle === undefined || busy === undefined || idle + busy === 0) return [];
        const share = { part: busy, whole: idle + busy };
        return [{ labels, share, value: share.part / share.whole }];
      }),
    ),
    buildGauge(
      starvedJobs,
      labelled.flatMap(({ labels, scope, queue, online }) => {
        // Only where steps have named this group: otherwise it is unknown what waits for it.
        const jobs = scope === workspace ? queues.get(queue) : undefined;
        return jobs === undefined ? [] : [{ labels, value: online > 0 ? 0 : jobs.queued }];
      }),
    ),
    buildGauge(
      outdatedRunners,
      labelled.flatMap(({ labels, outdated }) => (outdated === undefined ? [] : [{ labels, value: outdated }])),
    ),
    buildGauge(
      busyRunnersPeak,
      busyPeak === undefined ? [] : [{ labels: { system: 'bitbucket', source }, value: busyPeak }],
    ),
  ];
}
