import { starvedJobs, workers, workerUtilization } from '../../../model/catalogue/catalogue.ts';
import { gauge, type MetricFamily } from '../../../model/metric.ts';
import type { Levels } from '../visits/map-open-runs.ts';
import { busyRunnersPeak, onlineRunners, outdatedRunners } from '../metrics.ts';
import type { RunnersRead } from './read-runners.ts';

/** Runners by state, and jobs that no runner of their group could take. */
export function runnerFamilies(
  { levels, busyPeak }: RunnersRead,
  { source, workspace }: { readonly source: string; readonly workspace: string },
  queues: Levels['queues'],
): readonly MetricFamily[] {
  const placed = levels.map((level) => ({
    ...level,
    labels: { system: 'bitbucket', source, scope: level.scope, queue: level.queue },
  }));
  return [
    gauge(
      workers,
      placed.flatMap(({ labels, idle, busy, offline, paused }) => [
        ...(idle === undefined ? [] : [{ labels: { ...labels, state: 'idle' }, value: idle }]),
        ...(busy === undefined ? [] : [{ labels: { ...labels, state: 'busy' }, value: busy }]),
        { labels: { ...labels, state: 'offline' }, value: offline },
        { labels: { ...labels, state: 'paused' }, value: paused },
      ]),
    ),
    gauge(
      onlineRunners,
      placed.map(({ labels, online }) => ({ labels, value: online })),
    ),
    gauge(
      workerUtilization,
      placed.flatMap(({ labels, idle, busy }) => {
        if (idle === undefined || busy === undefined || idle + busy === 0) return [];
        const share = { part: busy, whole: idle + busy };
        return [{ labels, share, value: share.part / share.whole }];
      }),
    ),
    gauge(
      starvedJobs,
      placed.flatMap(({ labels, scope, queue, online }) => {
        // Only where steps have told that they want this group: otherwise nobody knows what waits for it.
        const jobs = scope === workspace ? queues.get(queue) : undefined;
        return jobs === undefined ? [] : [{ labels, value: online > 0 ? 0 : jobs.queued }];
      }),
    ),
    gauge(
      outdatedRunners,
      placed.flatMap(({ labels, outdated }) => (outdated === undefined ? [] : [{ labels, value: outdated }])),
    ),
    gauge(
      busyRunnersPeak,
      busyPeak === undefined ? [] : [{ labels: { system: 'bitbucket', source }, value: busyPeak }],
    ),
  ];
}
