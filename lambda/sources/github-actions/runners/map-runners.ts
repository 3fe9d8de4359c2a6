/** Metrics of runners: by state, how busy they are, and jobs that no runner could take. */
import { starvedJobs, workers, workerUtilization } from '../../../model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { canServe, isOfLabels } from '../jobs/queue-names.ts';
import { combineGroups, type RunnerGroup } from './group-runners.ts';

/** Queued jobs of a queue. */
export interface WaitingQueue {
  readonly queue: string;
  readonly queued: number;
  /** Whether one of its jobs asks for a self-hosted runner by that label. */
  readonly asksForOwnRunner: boolean;
}

/** The runners of an organization or an enterprise. */
export interface ScopedRunners {
  /** Value of the `scope` label: its name. */
  readonly scope: string;
  readonly groups: readonly RunnerGroup[];
}

export function mapRunners(all: readonly ScopedRunners[], source: string): readonly MetricFamily[] {
  // An enterprise may bear the name of its organization.
  const groups = [...Map.groupBy(all, ({ scope }) => scope)].flatMap(([scope, lists]) =>
    combineGroups(lists.flatMap((list) => list.groups)).map((group) => ({
      ...group,
      labels: { system: 'github', source, scope, queue: group.queue },
    })),
  );
  return [
    buildGauge(
      workers,
      groups.flatMap(({ labels, online, busy, offline }) => [
        ...(busy === undefined
          ? []
          : [
              { labels: { ...labels, state: 'idle' }, value: online - busy },
              { labels: { ...labels, state: 'busy' }, value: busy },
            ]),
        { labels: { ...labels, state: 'offline' }, value: offline },
      ]),
    ),
    buildGauge(
      workerUtilization,
      groups.flatMap(({ labels, online, busy }) => {
        if (busy === undefined || online === 0) return [];
        const share = { part: busy, whole: online };
        return [{ labels, share, value: share.part / share.whole }];
      }),
    ),
  ];
}

/** @param groups All that could take a job of the organization. */
export function mapStarved(
  groups: readonly RunnerGroup[],
  queues: readonly WaitingQueue[],
  { source, organization }: { readonly source: string; readonly organization: string },
): MetricFamily {
  return buildGauge(
    starvedJobs,
    queues.flatMap(({ queue, queued, asksForOwnRunner }) => {
      if (!isOfLabels(queue)) return [];
      const served = groups.filter(({ labels }) => canServe(new Set(labels), queue));
      // Else it may be one of GitHub's own runners, which no list tells of.
      if (served.length === 0 && !asksForOwnRunner) return [];
      const labels = { system: 'github', source, scope: organization, queue };
      return [{ labels, value: served.some(({ online }) => online > 0) ? 0 : queued }];
    }),
  );
}
