/** Gauges of runs, jobs and queues, as of the last look at each repository or the last event of it. */
import type { Ledger } from '../../../counters/ledger.ts';
import { rememberShown } from '../../../crawl/names-shown.ts';
import { minuteMs } from '../../../model/time.ts';
import { queueJobs, queueOldestWait } from '../../../model/catalogue/queue-metrics.ts';
import { runsActive, runsStuck } from '../../../model/catalogue/run-metrics.ts';
import { findLeast } from '../../../model/lists/extremes.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { unspecifiedQueue } from '../jobs/queue-names.ts';
import { determineSupplier, type Supply } from '../organization/map-organization.ts';
import { hostings, queuedJobs, runningJobs } from '../own-metrics.ts';
import { mapMergeQueues } from './map-merge-queues.ts';
import type { WaitingQueue } from '../runners/map-runners.ts';
import { isAbandoned, isZombie, type JobState, type OpenRunState } from '../runs/open-run.ts';
import { isCurrent, type Repository, scopeOf } from '../runs/repository.ts';
import type { Phase } from '../runs/states.ts';
import { dayMs } from '../../../model/time.ts';

/** What has been there is shown as 0 for a while, so that alarms resolve; a queue for longer, so that they keep data. */
const pipelineShownMs = 15 * minuteMs;
const queueShownMs = dayMs;

export interface LevelInput {
  readonly ledger: Ledger;
  readonly source: string;
  readonly organization: string;
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenRunState[];
  readonly jobs: 'read' | 'leave';
  /** Who could take jobs. */
  readonly supply: Supply;
  /** Ages are told as of now; a tick may have been scheduled a while ago. Epoch milliseconds. */
  readonly nowMs: number;
}

export interface Levels {
  readonly families: readonly MetricFamily[];
  /** Queued jobs by queue, for what is to be compared with runners. */
  readonly queues: readonly WaitingQueue[];
}

export function mapLevels(input: LevelInput): Levels {
  const { repositories, ledger } = input;
  const current = input.open.filter(({ repository: id }) => {
    const repository = repositories.get(id);
    return repository !== undefined && isCurrent(repository, ledger.tickMs);
  });
  const alive = current.filter((run) => !isZombie(run, input.nowMs));
  const jobs = alive.flatMap((run) => listJobs(run, input.supply));
  const isAnyCurrent = [...repositories.values()].some((repository) => isCurrent(repository, ledger.tickMs));
  const shown = mapQueueLevels(input, jobs);
  // Where nothing was looked at, nobody knows that nothing runs or waits.
  const queues = isAnyCurrent ? shown : { families: [], byQueue: [] };
  return {
    families: [
      ...mapRunLevels(input, current),
      ...queues.families,
      ...mapMergeQueues(alive, input),
      ...(input.jobs === 'read' && isAnyCurrent ? mapHosting(input, jobs) : []),
    ],
    queues: queues.byQueue,
  };
}

const stateOfPhase: Readonly<Record<Phase, 'pending' | 'executing' | 'waiting'>> = {
  queued: 'pending',
  limited: 'pending',
  blocked: 'waiting',
  running: 'executing',
};

function mapRunLevels(
  { ledger, source, repositories, nowMs }: LevelInput,
  open: readonly OpenRunState[],
): readonly MetricFamily[] {
  const now = open.flatMap(({ repository, pipeline }) =>
    pipeline === undefined ? [] : [[repository, pipeline] as const],
  );
  const pipelines = rememberShown(ledger, 'pipelines shown', now, pipelineShownMs).flatMap(([id, pipeline]) => {
    const repository = repositories.get(id);
    // One that was not looked at for long is not known to be idle.
    if (repository === undefined || !isCurrent(repository, ledger.tickMs)) return [];
    const runs = open.filter((run) => run.repository === id && run.pipeline === pipeline);
    return [{ labels: { system: 'github', source, scope: scopeOf(repository), pipeline }, runs }];
  });
  return [
    buildGauge(
      runsActive,
      pipelines.flatMap(({ labels, runs }) =>
        (['pending', 'executing', 'waiting'] as const).map((state) => ({
          labels: { ...labels, state },
          value: runs.filter(({ phase }) => stateOfPhase[phase] === state).length,
        })),
      ),
    ),
    buildGauge(
      runsStuck,
      pipelines.map(({ labels, runs }) => ({ labels, value: runs.filter((run) => isStuck(run, nowMs)).length })),
    ),
  ];
}

/** A run that waits for a person or another run may wait for as long as it likes. */
function isStuck(run: OpenRunState, nowMs: number): boolean {
  if (isZombie(run, nowMs)) return true;
  return (run.phase === 'queued' || run.phase === 'running') && nowMs > run.stuckMs;
}

/** What the phase of a run alone tells, where its jobs were not read: one job that waits, runs or is held. */
function listJobs(run: OpenRunState, supply: Supply): readonly JobState[] {
  const { id, phase, askedMs: createdMs } = run;
  const jobs = run.jobs ?? [{ id, queue: unspecifiedQueue, phase, createdMs, hosting: 'unknown' as const }];
  return jobs.map((job) => ({ ...job, hosting: determineSupplier(job, supply) }));
}

const jobStateOfPhase = { queued: 'queued', running: 'running', blocked: 'blocked', limited: 'limited' } as const;

function mapQueueLevels(
  { ledger, source, organization, nowMs }: LevelInput,
  open: readonly JobState[],
): { readonly families: readonly MetricFamily[]; readonly byQueue: readonly WaitingQueue[] } {
  const jobs = open.filter((job) => !isAbandoned(job, nowMs));
  const byQueue = Map.groupBy(jobs, ({ queue }) => queue);
  const now = [...byQueue.keys()].map((queue) => [queue, ''] as const);
  const queues = rememberShown(ledger, 'queues shown', now, queueShownMs).map(([queue]) => {
    const members = byQueue.get(queue) ?? [];
    const queued = members.filter(({ phase }) => phase === 'queued');
    const oldestMs = findLeast(queued.map(({ createdMs }) => createdMs)) ?? nowMs;
    return {
      queue,
      members,
      queued: queued.length,
      asksForOwnRunner: members.some(({ hosting }) => hosting === 'self_hosted'),
      labels: { system: 'github', source, scope: organization, queue },
      waitSeconds: Math.max(0, nowMs - oldestMs) / 1000,
    };
  });
  return {
    families: [
      buildGauge(
        queueJobs,
        queues.flatMap(({ labels, members }) =>
          Object.entries(jobStateOfPhase).map(([phase, state]) => ({
            labels: { ...labels, state },
            value: members.filter((job) => job.phase === phase).length,
          })),
        ),
      ),
      buildGauge(
        queueOldestWait,
        queues.map(({ labels, waitSeconds }) => ({ labels, value: waitSeconds })),
      ),
    ],
    byQueue: queues,
  };
}

function mapHosting({ source, nowMs }: LevelInput, jobs: readonly JobState[]): readonly MetricFamily[] {
  const byHosting = (among: readonly JobState[]) =>
    hostings.map((hosting) => ({
      labels: { system: 'github', source, hosting },
      value: among.filter((job) => job.hosting === hosting).length,
    }));
  const queued = jobs.filter((job) => job.phase === 'queued' && !isAbandoned(job, nowMs));
  return [
    buildGauge(runningJobs, byHosting(jobs.filter(({ phase }) => phase === 'running'))),
    buildGauge(queuedJobs, byHosting(queued)),
  ];
}
