/** Gauges of merge queues: how many merge groups are being checked for each branch, and for how long the oldest one. */
import type { Ledger } from '../../../counters/ledger.ts';
import { rememberShown } from '../../../crawl/names-shown.ts';
import { findLeast } from '../../../model/lists/extremes.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { dayMs } from '../../../model/time.ts';
import { mergeQueueGroups, mergeQueueOldest } from '../own-metrics.ts';
import type { OpenRunState } from '../runs/open-run.ts';
import { isCurrent, type Repository, scopeOf } from '../runs/repository.ts';

/** A queue that was in use is shown as 0 for so long, so that alarms keep data over a night. */
const shownForMs = dayMs;

export interface MergeQueueInput {
  readonly ledger: Ledger;
  readonly source: string;
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly nowMs: number;
}

/** @param open Runs that may still end; one of a workflow that is asked for by no merge queue belongs to no group. */
export function mapMergeQueues(
  open: readonly OpenRunState[],
  { ledger, source, repositories, nowMs }: MergeQueueInput,
): readonly MetricFamily[] {
  const checks = open.flatMap(({ repository, mergeGroup: group, startedMs }) =>
    group === undefined ? [] : [{ repository, group, startedMs }],
  );
  const used = checks.map(({ repository, group }) => [repository, group.branch] as const);
  const queues = rememberShown(ledger, 'merge queues shown', used, shownForMs).flatMap(([id, branch]) => {
    const repository = repositories.get(id);
    // One that was not looked at for long is not known to have none.
    if (repository === undefined || !isCurrent(repository, ledger.tickMs)) return [];
    const own = checks.filter((check) => check.repository === id && check.group.branch === branch);
    return [{ labels: { system: 'github', source, scope: scopeOf(repository), branch }, own }];
  });
  return [
    buildGauge(
      mergeQueueGroups,
      // A group is checked by several workflows, and each is a run.
      queues.map(({ labels, own }) => ({ labels, value: new Set(own.map(({ group }) => group.name)).size })),
    ),
    buildGauge(
      mergeQueueOldest,
      queues.map(({ labels, own }) => {
        const oldestMs = findLeast(own.map(({ startedMs }) => startedMs)) ?? nowMs;
        return { labels, value: Math.max(0, nowMs - oldestMs) / 1000 };
      }),
    ),
  ];
}
