/** Plays one simulated queue: jobs arrive, wait for an agent, run and end. */
import { append } from '../../../../model/lists/append.ts';
import { createCrew } from './crew.ts';
import type { SimulatedBuild, SimulatedJob } from './build-record.ts';
import { createBuilds, type BuildsContext } from './builds.ts';
import type { QueuePlan } from './plan.ts';
import type { QueueSnapshot } from './snapshot.ts';

/** One queue of the simulation: jobs arrive, wait for a worker, run and finish. */
export interface SimulatedQueue {
  /** Lets one second pass. */
  tick(second: number): void;
  snapshot(): QueueSnapshot;
  /** Builds that have not ended. */
  open(): readonly SimulatedBuild[];
  /** Waiting times of jobs that started in the last minute. Simulated seconds, ascending. */
  recentWaits(second: number): readonly number[];
  /** How the jobs ended that ended in the last minute. */
  recentEnds(second: number): readonly SimulatedJob['state'][];
}

interface Running {
  readonly job: SimulatedJob;
  readonly endsAt: number;
}

/** As in Buildkite's own figures of a queue. */
const waitsOfSeconds = 60;

/** What happened in the last minute, and nothing older. */
function createLastMinute<What>(): { add(second: number, what: What): void; at(second: number): readonly What[] } {
  let kept: { readonly at: number; readonly what: What }[] = [];
  const keepRecent = (second: number): typeof kept => kept.filter(({ at }) => at > second - waitsOfSeconds);
  return {
    add: (second, what) => {
      kept = [...keepRecent(second), { at: second, what }];
    },
    at: (second) => keepRecent(second).map(({ what }) => what),
  };
}

export function createQueue(plan: QueuePlan, context: BuildsContext): SimulatedQueue {
  const ends = createLastMinute<SimulatedJob>();
  let now = 0;
  const builds = createBuilds(plan, {
    ...context,
    jobFinished: (job) => {
      ends.add(now, job);
      context.jobFinished(job);
    },
  });
  const crew = createCrew(plan.agents, context.random);
  let queued: SimulatedJob[] = [];
  let running: Running[] = [];
  const starts = createLastMinute<number>();
  let workers = 0;

  const finishUntil = (second: number): void => {
    const done = running.filter(({ endsAt }) => endsAt <= second);
    running = running.filter(({ endsAt }) => endsAt > second);
    for (const { job } of done) builds.finish(job, second);
  };
  const cancel = (second: number): void => {
    builds.cancel(second);
    queued = queued.filter(({ state }) => state === 'scheduled');
    running = running.filter(({ job }) => job.state === 'running');
  };
  const updateCrew = (second: number): void => {
    const { count, areLost } = crew.at(second, { queued: queued.length, running: running.length });
    workers = count;
    if (!areLost) return;
    // Jobs of lost agents are retried, before all others.
    const retries = running.map(({ job }) => builds.lose(job, second));
    queued = [...retries, ...queued];
    running = [];
  };
  const start = (second: number): void => {
    const started = queued.splice(0, Math.max(0, workers - running.length));
    for (const job of started) {
      builds.start(job, second);
      starts.add(second, second - job.runnableAt);
    }
    for (const job of started) running.push({ job, endsAt: second + job.seconds });
  };

  return {
    tick: (second) => {
      now = second;
      finishUntil(second);
      cancel(second);
      append(queued, builds.arrive(second));
      updateCrew(second);
      start(second);
    },
    snapshot: () =>
      mapSnapshot(plan, { scheduled: queued.length, busy: running.length, waiting: builds.blocked(), workers }),
    open: () => builds.open(),
    recentEnds: (second) => ends.at(second).map(({ state }) => state),
    recentWaits: (second) => starts.at(second).toSorted((a, b) => a - b),
  };
}

interface Load {
  readonly scheduled: number;
  readonly busy: number;
  readonly waiting: number;
  readonly workers: number;
}

function mapSnapshot({ key, agents }: QueuePlan, { scheduled, busy, waiting, workers }: Load): QueueSnapshot {
  return {
    key,
    isHosted: agents.kind === 'hosted',
    jobs: { scheduled, running: busy, waiting, total: scheduled + busy },
    ...(agents.kind === 'hosted' ? {} : { agents: { idle: workers - busy, busy, total: workers } }),
  };
}
