/** Plays the lives of runs: stages, approvals, machines, ends, re-runs and what holds them back. */
import { drawBetween, drawDuration, type Random } from '../../random.ts';
import type { Agenda } from './agenda.ts';
import { drawFate, type Fate, type Oddities } from './fates.ts';
import type { JobPlan } from './plan.ts';
import type { Pool } from './pools.ts';
import type {
  AttemptRecord,
  Happening,
  JobConclusion,
  JobRecord,
  RepositoryRecord,
  RunConclusion,
  RunnerRecord,
  RunRecord,
  WorkflowRecord,
} from './records.ts';

/** What the lives of all runs share. */
export interface World {
  readonly agenda: Agenda;
  readonly odds: Oddities;
  readonly pools: ReadonlyMap<string, Pool>;
  /** Simulated seconds in the real milliseconds that they take. */
  readonly convertToMs: (seconds: number) => number;
  readonly newId: (of: 'run' | 'job') => number;
  readonly observe: (happening: Happening) => void;
  /** By job, what has to happen when a machine begins with it. */
  readonly begin: Map<JobRecord, (runner: RunnerRecord, atMs: number) => void>;
  /** By workflow with a concurrency of one: what runs, and what waits for it. */
  readonly groups: Map<WorkflowRecord, ConcurrencyGroup>;
}

interface ConcurrencyGroup {
  running: Work | undefined;
  pending: Work | undefined;
}

/** An attempt at work. */
interface Work {
  readonly world: World;
  readonly random: Random;
  readonly repository: RepositoryRecord;
  readonly run: RunRecord;
  readonly attempt: AttemptRecord;
  readonly fate: Fate;
  /** Jobs of the stage that is at work. */
  stage: JobRecord[];
  index: number;
  /** Later stages are skipped. */
  isBroken: boolean;
  isCancelled: boolean;
}

/** Places of the run in its organization, and what draws its fate. */
export interface Beginning {
  readonly repository: RepositoryRecord;
  readonly workflow: WorkflowRecord;
  readonly random: Random;
  readonly fate?: Partial<Fate>;
}

/** A hosted machine is made first. Simulated seconds, least and most. */
const dispatchSeconds = { hosted: [3, 20], ephemeral: [10, 40], 'self-hosted': [1, 5] } as const;
const approvalSeconds = 240;
const forkSeconds = 1200;
const rerunSeconds = 600;
const mostAttempts = 3;

export function beginRun(
  world: World,
  { repository, workflow, random, fate: wanted }: Beginning,
  atMs: number,
): RunRecord {
  const fate = { ...drawFate(workflow.plan, world.odds, random), ...wanted };
  workflow.runCount += 1;
  const number = workflow.runCount;
  const run: RunRecord = {
    ...{ id: world.newId('run'), number, workflow, event: workflow.plan.event, createdMs: atMs, attempts: [] },
    ...drawBranch(fate, workflow, number, random),
  };
  repository.runs.push(run);
  if (['push', 'merge_group'].includes(run.event)) repository.pushedMs = atMs;
  const place = { world, random, repository, run, fate };
  if (fate.kind === 'fork') awaitApproval(place, atMs);
  else beginAttempt(place, [], atMs);
  return run;
}

function drawBranch(
  { kind }: Fate,
  { plan: { event } }: WorkflowRecord,
  number: number,
  random: Random,
): Pick<RunRecord, 'branch' | 'isFromFork'> {
  const isMain = random() < 0.6;
  if (event === 'merge_group')
    return { branch: `gh-readonly-queue/main/pr-${String(number)}-${'a'.repeat(40)}`, isFromFork: false };
  // The branch of a fork may be called main, too.
  if (kind === 'fork') return { branch: isMain ? 'main' : `patch-${String(number)}`, isFromFork: true };
  if (event === 'pull_request') return { branch: `topic-${String(number)}`, isFromFork: false };
  return { branch: event === 'push' && !isMain ? `topic-${String(number)}` : 'main', isFromFork: false };
}

type Place = Pick<Work, 'world' | 'random' | 'repository' | 'run' | 'fate'>;

/** Some are never let run. */
function awaitApproval(place: Place, atMs: number): void {
  const { world, random, run } = place;
  const afterMs = world.convertToMs(drawDuration(random, forkSeconds));
  run.approvedMs = random() < 0.2 ? Infinity : atMs + afterMs;
  const attempt = createAttempt(run, atMs);
  run.attempts.push(attempt);
  const { repository } = place;
  world.observe({ atMs, repository, run, attempt, action: 'requested' });
  world.observe({ atMs, repository, run, attempt, action: 'completed' });
  world.agenda.plan(run.approvedMs, (approvedMs) => {
    occupyGroup({ ...place, attempt, ...makeFresh() }, approvedMs);
  });
}

function makeFresh(): Pick<Work, 'stage' | 'index' | 'isBroken' | 'isCancelled'> {
  return { stage: [], index: 0, isBroken: false, isCancelled: false };
}

function createAttempt({ attempts }: RunRecord, startedMs: number): AttemptRecord {
  return {
    number: attempts.length + 1,
    startedMs,
    jobs: [],
    freedMs: Infinity,
    endedMs: Infinity,
    conclusion: 'success',
  };
}

function beginAttempt(place: Place, carried: readonly JobRecord[], atMs: number): void {
  const { world, repository, run, fate } = place;
  const attempt = createAttempt(run, atMs);
  for (const job of carried) attempt.jobs.push({ ...job, attempt: attempt.number });
  run.attempts.push(attempt);
  if (fate.kind === 'invalid') {
    // Such a run has no jobs, and no event tells of it.
    Object.assign(attempt, { freedMs: atMs, endedMs: atMs, conclusion: 'startup_failure' });
    return;
  }
  world.observe({ atMs, repository, run, attempt, action: 'requested' });
  if (fate.kind === 'zombie') {
    attempt.freedMs = atMs;
    return;
  }
  const work: Work = { ...place, attempt, ...makeFresh(), isBroken: fate.kind === 'skipped' };
  world.agenda.plan(atMs + world.convertToMs(fate.cancelledAfterSeconds), (cancelMs) => {
    cancelWork(work, cancelMs);
  });
  occupyGroup(work, atMs);
}

/** Of those that wait for a concurrency group, only the newest is kept. */
function occupyGroup(work: Work, atMs: number): void {
  const { world, run } = work;
  if (run.workflow.plan.concurrency === undefined) {
    freeWork(work, atMs);
    return;
  }
  const group = world.groups.get(run.workflow) ?? { running: undefined, pending: undefined };
  world.groups.set(run.workflow, group);
  if (group.running === undefined) {
    group.running = work;
    freeWork(work, atMs);
    return;
  }
  if (group.pending !== undefined) {
    group.pending.isCancelled = true;
    completeAttempt(group.pending, atMs);
  }
  group.pending = work;
}

function leaveGroup(work: Work, atMs: number): void {
  const { world, run } = work;
  const group = world.groups.get(run.workflow);
  if (group === undefined) return;
  if (group.pending === work) group.pending = undefined;
  if (group.running !== work) return;
  const next = group.pending;
  group.running = next;
  group.pending = undefined;
  if (next !== undefined) freeWork(next, atMs);
}

function freeWork(work: Work, atMs: number): void {
  work.attempt.freedMs = atMs;
  beginStage(work, atMs);
}

function beginStage(work: Work, atMs: number): void {
  const { run, attempt, index } = work;
  const plans = run.workflow.plan.stages[index];
  if (plans === undefined) {
    endWork(work, atMs);
    return;
  }
  const carried = new Set(attempt.jobs.map(({ plan }) => plan));
  const jobs = plans.filter((plan) => !carried.has(plan)).map((plan) => createJob(work, plan, atMs));
  work.stage = jobs;
  const position = Math.max(0, Math.floor(work.random() * jobs.length));
  for (const [place, job] of jobs.entries()) {
    if (work.isBroken) skipJob(work, job, atMs);
    else admitJob(work, job, place === position && work.fate.failsAt === index, atMs);
  }
  if (jobs.every(({ endedMs }) => endedMs <= atMs)) passStage(work, atMs);
}

function createJob({ world, run, attempt }: Work, plan: JobPlan, createdMs: number): JobRecord {
  const job: JobRecord = {
    ...{ id: world.newId('job'), runId: run.id, attempt: attempt.number, plan, createdMs },
    ...{ queuedMs: Infinity, startedMs: Infinity, endedMs: Infinity, conclusion: 'success' },
  };
  attempt.jobs.push(job);
  return job;
}

function tellJob(
  { world, repository, run, attempt }: Work,
  job: JobRecord,
  action: Happening['action'],
  atMs: number,
): void {
  world.observe({ atMs, repository, run, attempt, job, action });
}

/** It goes straight to its end, without a machine. */
function skipJob(work: Work, job: JobRecord, atMs: number): void {
  Object.assign(job, { startedMs: atMs, endedMs: atMs, conclusion: 'skipped' });
  tellJob(work, job, 'completed', atMs);
}

function admitJob(work: Work, job: JobRecord, fails: boolean, atMs: number): void {
  const { world, random } = work;
  if (job.plan.environment === undefined) {
    queueJob(work, job, fails, atMs);
    return;
  }
  tellJob(work, job, 'waiting', atMs);
  world.agenda.plan(atMs + world.convertToMs(drawDuration(random, approvalSeconds)), (approvedMs) => {
    if (job.endedMs === Infinity) queueJob(work, job, fails, approvedMs);
  });
}

function queueJob(work: Work, job: JobRecord, fails: boolean, atMs: number): void {
  const { world, random, fate } = work;
  const pool = world.pools.get(job.plan.pool);
  if (pool === undefined) throw new TypeError(`no pool is called ${job.plan.pool}`);
  job.queuedMs = atMs;
  tellJob(work, job, 'queued', atMs);
  const [least, most] = dispatchSeconds[pool.plan.kind];
  const dispatchMs = world.convertToMs(drawBetween(random, least, most));
  const workMs = world.convertToMs(drawDuration(random, job.plan.meanSeconds));
  const usual: JobConclusion = fate.isTimeLimit ? 'cancelled' : 'failure';
  world.begin.set(job, (runner, takenMs) => {
    world.agenda.plan(takenMs + dispatchMs, (startedMs) => {
      if (job.endedMs !== Infinity) return;
      startJob(work, job, runner, startedMs);
      world.agenda.plan(startedMs + workMs, (endedMs) => {
        if (job.endedMs === Infinity) endJob(work, job, fails ? usual : 'success', endedMs);
      });
    });
  });
  pool.enqueue(job, atMs);
}

function startJob(work: Work, job: JobRecord, runner: RunnerRecord, atMs: number): void {
  const { world, repository, run, attempt } = work;
  const isFirst = attempt.jobs.every(({ startedMs, endedMs }) => startedMs === Infinity || endedMs < attempt.startedMs);
  job.startedMs = atMs;
  job.runner = runner;
  tellJob(work, job, 'in_progress', atMs);
  if (isFirst) world.observe({ atMs, repository, run, attempt, action: 'in_progress' });
}

function endJob(work: Work, job: JobRecord, conclusion: JobConclusion, atMs: number): void {
  const { world, stage } = work;
  Object.assign(job, { endedMs: atMs, conclusion });
  world.begin.delete(job);
  world.pools.get(job.plan.pool)?.release(job, atMs);
  if (conclusion !== 'success') work.isBroken = true;
  tellJob(work, job, 'completed', atMs);
  if (stage.includes(job) && stage.every(({ endedMs }) => endedMs <= atMs)) passStage(work, atMs);
}

function passStage(work: Work, atMs: number): void {
  work.index += 1;
  beginStage(work, atMs);
}

/** What waits ends at once and never has a machine; what runs is given some seconds. */
function cancelWork(work: Work, atMs: number): void {
  const { world, random, attempt, stage } = work;
  if (attempt.endedMs !== Infinity || work.index >= work.run.workflow.plan.stages.length) return;
  work.isCancelled = true;
  work.isBroken = true;
  if (attempt.freedMs === Infinity) {
    completeAttempt(work, atMs);
    return;
  }
  for (const job of stage.filter(({ endedMs }) => endedMs === Infinity)) {
    if (job.startedMs === Infinity) {
      world.pools.get(job.plan.pool)?.withdraw(job);
      job.startedMs = atMs;
      endJob(work, job, 'cancelled', atMs);
    } else {
      world.agenda.plan(atMs + world.convertToMs(drawBetween(random, 2, 20)), (endedMs) => {
        if (job.endedMs === Infinity) endJob(work, job, 'cancelled', endedMs);
      });
    }
  }
}

/** The run is over a little later than its last job. */
function endWork(work: Work, atMs: number): void {
  const { world, random } = work;
  world.agenda.plan(atMs + world.convertToMs(drawBetween(random, 1, 3)), (endedMs) => {
    completeAttempt(work, endedMs);
  });
}

function completeAttempt(work: Work, atMs: number): void {
  const { world, repository, run, attempt } = work;
  Object.assign(attempt, { endedMs: atMs, conclusion: judgeAttempt(work) });
  world.observe({ atMs, repository, run, attempt, action: 'completed' });
  leaveGroup(work, atMs);
  planRerun(work, atMs);
}

function judgeAttempt({ attempt, isCancelled }: Work): RunConclusion {
  const conclusions = new Set(attempt.jobs.map(({ conclusion }) => conclusion));
  if (isCancelled) return 'cancelled';
  if (conclusions.has('failure')) return 'failure';
  if (conclusions.has('cancelled')) return 'cancelled';
  return conclusions.has('success') || conclusions.size === 0 ? 'success' : 'skipped';
}

/** Jobs that have passed are carried over with their old times where only those that failed are run again. */
function planRerun(work: Work, atMs: number): void {
  const { world, random, fate, attempt, isCancelled } = work;
  if (isCancelled || attempt.conclusion !== 'failure' || fate.rerun === 'none' || attempt.number >= mostAttempts)
    return;
  world.agenda.plan(atMs + world.convertToMs(drawDuration(random, rerunSeconds)), (againMs) => {
    const passed = fate.rerun === 'failed' ? attempt.jobs.filter(({ conclusion }) => conclusion === 'success') : [];
    const carried = passed.map((job) => ({ ...job, id: fate.carriedIds === 'same' ? job.id : world.newId('job') }));
    const isFixed = random() < 0.7;
    const again = isFixed ? { ...fate, failsAt: Infinity, cancelledAfterSeconds: Infinity } : fate;
    beginAttempt({ ...work, fate: again }, carried, againMs);
  });
}
