/** Gauges of runs and queues, as of the last visit to each repository. */
import type { Ledger } from '../../../counters/ledger.ts';
import { rememberShown } from '../../../crawl/names-shown.ts';
import { queueJobs, queueOldestWait } from '../../../model/catalogue/queue-metrics.ts';
import { findLeast } from '../../../model/lists/extremes.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { runsActive, runsStuck } from '../../../model/catalogue/run-metrics.ts';
import type { OpenState, StepState } from '../runs/open-state.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import { assumeSteps } from '../steps/open-steps.ts';
import { type RepositoryIdentity, scopeOf } from '../runs/repository.ts';
import { unspecifiedQueue } from '../steps/queue-names.ts';
import { buildQueueLabels } from '../steps/finish-steps.ts';
import { minuteMs, dayMs } from '../../../model/time.ts';

/** Gauges show the last visit to a repository; older ones are left out, because an autoscaler may use them. */
const longestHeldMs = 15 * minuteMs;

/** What has been there is shown as 0 for a while, so that alarms resolve; a queue for longer, so that they keep data. */
const pipelineShownMs = 15 * minuteMs;
const queueShownMs = dayMs;

/** Steps that were read this long ago say less of a run than its state does. */
const stepsTrustedMs = 5 * minuteMs;

export interface LevelInput {
  readonly ledger: Ledger;
  readonly identity: Pick<RepositoryIdentity, 'source' | 'workspace'>;
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenState[];
  /** Ages are told as of now; a tick may have been scheduled a while ago. Epoch milliseconds. */
  readonly nowMs: number;
}

export interface Levels {
  readonly families: readonly MetricFamily[];
  /** Queued and running jobs by queue, for what is to be compared with workers. */
  readonly queues: ReadonlyMap<string, { readonly queued: number; readonly running: number }>;
}

/** What is open, by pipeline and by queue, as of the last visit to each repository. */
export function mapLevels(input: LevelInput): Levels {
  const { ledger, repositories, open } = input;
  const current = open.filter(({ repository }) => isCurrent(repositories.get(repository), ledger.tickMs));
  const queues = mapQueueLevels(input, current);
  return { families: [...mapRunLevels(input, current), ...queues.families], queues: queues.byQueue };
}

function isCurrent(repository: Repository | undefined, tickMs: number): boolean {
  return tickMs - (repository?.visitedMs ?? 0) <= longestHeldMs;
}

function mapRunLevels(
  { ledger, identity: { source }, repositories }: LevelInput,
  open: readonly OpenState[],
): readonly MetricFamily[] {
  const now = open.map(({ repository, pipeline }) => [repository, pipeline] as const);
  const pipelines = rememberShown(ledger, 'pipelines shown', now, pipelineShownMs).flatMap(([id, pipeline]) => {
    const repository = repositories.get(id);
    // One that was not visited for long is not known to be idle.
    if (repository === undefined || !isCurrent(repository, ledger.tickMs)) return [];
    const runs = open.filter((run) => run.repository === id && run.pipeline === pipeline);
    return [{ labels: { system: 'bitbucket', source, scope: scopeOf(repository), pipeline }, runs }];
  });
  return [
    buildGauge(
      runsActive,
      pipelines.flatMap(({ labels, runs }) => {
        const count = (...phases: readonly OpenState['phase'][]): number =>
          runs.filter(({ phase }) => phases.includes(phase)).length;
        return [
          { labels: { ...labels, state: 'pending' }, value: count('pending') },
          { labels: { ...labels, state: 'executing' }, value: count('running') },
          { labels: { ...labels, state: 'waiting' }, value: count('paused', 'halted') },
        ];
      }),
    ),
    buildGauge(
      runsStuck,
      pipelines.map(({ labels, runs }) => ({
        labels,
        value: runs.filter((run) => isStuck(run, ledger.tickMs)).length,
      })),
    ),
  ];
}

/** A run that waits for a person may wait for as long as it likes. */
function isStuck({ phase, stuckMs }: OpenState, nowMs: number): boolean {
  return (phase === 'pending' || phase === 'running') && nowMs > stuckMs;
}

function mapQueueLevels(
  { ledger, identity, nowMs }: LevelInput,
  open: readonly OpenState[],
): { readonly families: readonly MetricFamily[]; readonly byQueue: Levels['queues'] } {
  const steps = Map.groupBy(subtractParents(open, ledger.tickMs), ({ queue }) => queue);
  const now = [...steps.keys()].map((queue) => [queue, ''] as const);
  const queues = rememberShown(ledger, 'queues shown', now, queueShownMs).map(([queue]) => {
    const levels = steps.get(queue) ?? [];
    const since = levels.map(({ queuedSinceMs }) => queuedSinceMs).filter((ms) => ms !== undefined);
    const sum = (of: 'queued' | 'running' | 'blocked'): number => levels.reduce((all, level) => all + level[of], 0);
    return {
      queue,
      labels: buildQueueLabels(identity, queue),
      queued: sum('queued'),
      running: sum('running'),
      blocked: sum('blocked'),
      waitSeconds: Math.max(0, nowMs - (findLeast(since) ?? nowMs)) / 1000,
    };
  });
  const jobs = buildGauge(
    queueJobs,
    queues.flatMap(({ labels, queued, running, blocked }) => [
      { labels: { ...labels, state: 'queued' }, value: queued },
      { labels: { ...labels, state: 'running' }, value: running },
      { labels: { ...labels, state: 'blocked' }, value: blocked },
    ]),
  );
  const waits = buildGauge(
    queueOldestWait,
    queues.map(({ labels, waitSeconds }) => ({ labels, value: waitSeconds })),
  );
  return {
    families: [jobs, waits],
    byQueue: new Map(queues.map(({ queue, queued, running }) => [queue, { queued, running }])),
  };
}

/**
 * The steps of open runs, without those that only wait for a child pipeline: each open child has one in another run of
 * its repository, which has no machine of its own and cannot ask for a kind of runner.
 */
function subtractParents(open: readonly OpenState[], nowMs: number): readonly StepState[] {
  const waiting = new Map<string, number>();
  for (const { repository, isChild } of open)
    if (isChild === true) waiting.set(repository, (waiting.get(repository) ?? 0) + 1);
  // A child may have a child; the step that waits is more likely to be that of a run that is none.
  const parentsFirst = [...open].sort((a, b) => Number(a.isChild ?? false) - Number(b.isChild ?? false));
  return parentsFirst.flatMap((run) =>
    chooseSteps(run, nowMs).map((step) => {
      const left = waiting.get(run.repository) ?? 0;
      if (left === 0 || step.queue !== unspecifiedQueue) return step;
      const taken = Math.min(left, step.running);
      waiting.set(run.repository, left - taken);
      return { ...step, running: step.running - taken };
    }),
  );
}

function chooseSteps(run: OpenState, nowMs: number): readonly StepState[] {
  const isFresh = run.steps !== undefined && run.stepsMs !== undefined && nowMs - run.stepsMs <= stepsTrustedMs;
  return isFresh ? (run.steps ?? []) : assumeSteps(run);
}
