/** Plays the builds of a simulated queue: how they arrive, run, fail, are retried and end. */
import type { SimulatedBuild, SimulatedJob } from './build-record.ts';
import type { Identities } from './identities.ts';
import type { PipelinePlan, QueuePlan } from './plan.ts';
import { drawArrivals, drawBetween, drawDuration, type Random } from '../../random.ts';

/** The demand side of a queue: which jobs become ready, how they end, and how many wait behind a step. */
export interface Builds {
  /** Jobs that become ready in this second: of new builds, of stages whose predecessors are done, and retries. */
  arrive(second: number): readonly SimulatedJob[];
  start(job: SimulatedJob, second: number): void;
  /** A job has run to its end. */
  finish(job: SimulatedJob, second: number): void;
  /** The agent of a job is gone; the job fails and is tried again. */
  lose(job: SimulatedJob, second: number): SimulatedJob;
  /** Ends the builds that a user cancels now, with all their jobs. */
  cancel(second: number): void;
  /** Jobs behind wait steps. */
  blocked(): number;
  /** Builds that have not ended. */
  open(): readonly SimulatedBuild[];
}

export interface BuildsContext {
  /** Arrivals and durations. */
  readonly random: Random;
  /** How things end. */
  readonly fates: Random;
  readonly ids: Identities;
  /** Whether users retry failed jobs of builds that have ended. */
  readonly retriesByHand: 'some' | 'none';
  /** No build begins after this second. */
  readonly lastArrival: number;
  readonly jobFinished: (job: SimulatedJob) => void;
  readonly buildFinished: (build: SimulatedBuild) => void;
}

/** Of all jobs: ends by a time limit, and fails where a step allows it. */
const timeOutShare = 0.01;
const softFailShare = 0.02;
/** Of failing jobs: are tried again at once, and then mostly pass. */
const retryShare = 0.5;
/** Of all builds: are cancelled by a user. */
const cancelShare = 0.04;
/** Of failed builds: are built again. */
const rebuildShare = 0.4;
/** How long after the failure a user retries it. */
const secondsUntilRetry = 90;
/** Of all builds: are of the main branch. */
const mainShare = 0.6;

/** What goes on in one queue. */
interface World {
  readonly plan: QueuePlan;
  readonly context: BuildsContext;
  readonly open: Set<SimulatedBuild>;
  /** Of the last build of each pipeline. */
  readonly numbers: Map<string, number>;
  rebuilds: readonly { readonly at: number; readonly of: SimulatedBuild }[];
  /** When a user retries the failed jobs of a build. */
  retries: readonly { readonly at: number; readonly of: SimulatedBuild }[];
  /** Jobs that become ready in the next second. */
  ready: readonly SimulatedJob[];
}

export function createBuilds(plan: QueuePlan, context: BuildsContext): Builds {
  const world: World = { plan, context, open: new Set(), numbers: new Map(), rebuilds: [], retries: [], ready: [] };
  return {
    arrive: (second) => arrive(world, second),
    start: (job, second) => {
      job.state = 'running';
      job.startedAt = second;
      job.build.startedAt ??= second;
      if (job.build.state === 'scheduled') job.build.state = 'running';
    },
    finish: (job, second) => {
      finish(world, job, second);
    },
    lose: (job, second) => {
      Object.assign(job, { state: 'failed', finishedAt: second, exitStatus: -1, isRetried: true });
      context.jobFinished(job);
      return createJob(world, job.build, second, { name: job.name, failRate: 0 });
    },
    cancel: (second) => {
      for (const build of world.open) if ((build.cancelAt ?? Infinity) <= second) cancel(world, build, second);
    },
    blocked: () => [...world.open].reduce((sum, { later }) => later.reduce((jobs, count) => jobs + count, sum), 0),
    open: () => [...world.open],
  };
}

function arrive(world: World, second: number): readonly SimulatedJob[] {
  const { plan, context, ready, rebuilds } = world;
  const { bursts, buildsPerHour } = plan;
  world.ready = [];
  world.rebuilds = rebuilds.filter(({ at }) => at > second);
  const burst = bursts !== undefined && second % bursts.everySeconds === 0 ? bursts.builds : 0;
  const count = drawArrivals(context.random, buildsPerHour / 3600) + burst;
  const due = world.retries.filter(({ at }) => at <= second);
  world.retries = world.retries.filter(({ at }) => at > second);
  if (second > context.lastArrival) return ready;
  return [
    ...ready,
    ...due.flatMap(({ of }) => retryByHand(world, of, second)),
    ...rebuilds.filter(({ at }) => at <= second).flatMap(({ of }) => createBuild(world, second, of)),
    ...Array.from({ length: count }, () => createBuild(world, second)).flat(),
  ];
}

/** The build is open again, and begins with the retried job: so does its `started_at`. */
function retryByHand(world: World, build: SimulatedBuild, second: number): readonly SimulatedJob[] {
  const failed = build.jobs.filter(
    (job) => job.state !== 'passed' && job.isRetried !== true && job.isSoftFailed !== true,
  );
  for (const job of failed) job.isRetried = true;
  Object.assign(build, { state: 'scheduled', startedAt: undefined, finishedAt: undefined });
  world.open.add(build);
  return failed.map(({ name }) => createJob(world, build, second, { name, failRate: 0 }));
}

/** The jobs of its first stage are ready. */
function createBuild(world: World, second: number, of?: SimulatedBuild): readonly SimulatedJob[] {
  const { plan, open, numbers } = world;
  const { fates, ids } = world.context;
  const { slug } = of === undefined ? choosePipeline(plan.pipelines, fates()) : findPipeline(plan, of);
  const number = (numbers.get(slug) ?? 0) + 1;
  numbers.set(slug, number);
  const isCancelled = fates() < cancelShare;
  const build: SimulatedBuild = {
    uuid: ids.next(),
    number,
    pipeline: slug,
    branch: of?.branch ?? chooseBranch(fates),
    commit: of?.commit ?? makeCommit(fates),
    ...(of === undefined ? {} : { rebuiltFrom: of.uuid }),
    createdAt: second,
    state: 'scheduled',
    jobs: [],
    later: [...plan.stages],
    ...(isCancelled ? { cancelAt: second + drawBetween(fates, 5, Math.max(6, plan.jobSeconds * 2)) } : {}),
  };
  open.add(build);
  return startNextStage(world, build, second);
}

function startNextStage(world: World, build: SimulatedBuild, second: number): readonly SimulatedJob[] {
  const { failRate } = findPipeline(world.plan, build);
  const step = nameStep(world.plan.stages.length, build.later.length);
  const count = build.later.shift() ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const name = count === 1 ? step : `${step} ${String(index + 1)}/${String(count)}`;
    return createJob(world, build, second, { name, failRate });
  });
}

/** What the stages of most pipelines are for. */
function nameStep(stages: number, left: number): string {
  if (stages > 1 && left === stages) return ':package: build';
  return stages > 2 && left === 1 ? ':rocket: publish' : ':test_tube: test';
}

interface JobPlan {
  readonly name: string;
  readonly failRate: number;
}

function createJob(
  { plan, context }: World,
  build: SimulatedBuild,
  second: number,
  { name, failRate }: JobPlan,
): SimulatedJob {
  const { random, fates, ids } = context;
  const seconds = drawDuration(random, plan.jobSeconds);
  const fate = chooseFate(fates(), failRate);
  const job: SimulatedJob = { uuid: ids.next(), name, seconds, fate, build, state: 'scheduled', runnableAt: second };
  build.jobs.push(job);
  return job;
}

/** A job has run to its end: it may be tried again, the next stage begins, or the build ends. */
function finish(world: World, job: SimulatedJob, second: number): void {
  const { build } = job;
  const { fates, jobFinished } = world.context;
  endJob(job, second);
  const isFailed = job.state === 'failed' && job.isSoftFailed !== true;
  if (isFailed && fates() < retryShare) {
    job.isRetried = true;
    world.ready = [...world.ready, createJob(world, build, second, { name: job.name, failRate: 0 })];
  } else if (isFailed || job.state === 'timed_out') {
    build.state = 'failing';
    build.later = [];
  }
  jobFinished(job);
  if (build.jobs.some(isOpen)) return;
  if (build.state === 'failing') endBuild(world, build, 'failed', second);
  else if (build.later.length === 0) endBuild(world, build, 'passed', second);
  else world.ready = [...world.ready, ...startNextStage(world, build, second)];
}

/** With all its jobs. */
function cancel(world: World, build: SimulatedBuild, second: number): void {
  for (const job of build.jobs.filter(isOpen)) {
    job.state = 'canceled';
    job.finishedAt = second;
    world.context.jobFinished(job);
  }
  world.ready = world.ready.filter((job) => job.build !== build);
  build.later = [];
  endBuild(world, build, 'canceled', second);
}

type EndState = 'passed' | 'failed' | 'canceled';

function endBuild(world: World, build: SimulatedBuild, state: EndState, second: number): void {
  const { fates, buildFinished } = world.context;
  build.state = state;
  build.finishedAt = second;
  world.open.delete(build);
  buildFinished(build);
  if (state !== 'failed') return;
  if (fates() >= rebuildShare) {
    if (isRetriedByHand(world, build))
      world.retries = [...world.retries, { at: second + secondsUntilRetry, of: build }];
    return;
  }
  world.rebuilds = [...world.rebuilds, { at: second + drawBetween(fates, 5, 30), of: build }];
}

/** Every second one of the failed builds that are not built again. */
function isRetriedByHand({ context }: World, { number, cancelAt }: SimulatedBuild): boolean {
  return context.retriesByHand === 'some' && number % 2 === 0 && cancelAt === undefined;
}

function isOpen({ state }: SimulatedJob): boolean {
  return state === 'scheduled' || state === 'running';
}

function chooseFate(chance: number, failRate: number): SimulatedJob['fate'] {
  if (chance < failRate) return 'failed';
  if (chance < failRate + timeOutShare) return 'timed_out';
  return chance < failRate + timeOutShare + softFailShare ? 'soft-failed' : 'passed';
}

function endJob(job: SimulatedJob, second: number): void {
  job.finishedAt = second;
  job.state = job.fate === 'soft-failed' ? 'failed' : job.fate;
  job.exitStatus = job.fate === 'passed' ? 0 : 1;
  if (job.fate === 'soft-failed') job.isSoftFailed = true;
}

function findPipeline({ pipelines }: QueuePlan, { pipeline }: SimulatedBuild): PipelinePlan {
  const found = pipelines.find(({ slug }) => slug === pipeline);
  if (found === undefined) throw new RangeError(`no pipeline ${pipeline}`);
  return found;
}

function choosePipeline(pipelines: QueuePlan['pipelines'], chance: number): PipelinePlan {
  const [first] = pipelines;
  return pipelines[Math.floor(chance * pipelines.length)] ?? first;
}

function chooseBranch(fates: Random): string {
  return fates() < mainShare ? 'main' : `feature/${String(drawBetween(fates, 1, 40))}`;
}

function makeCommit(fates: Random): string {
  return Array.from({ length: 5 }, () =>
    drawBetween(fates, 0, 2 ** 32 - 1)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
}
