import { createCrew } from './agents.ts';
import { createBuilds, type Job } from './builds.ts';
import type { QueuePlan } from './plan.ts';
import type { Random } from './random.ts';
import type { QueueSnapshot } from './snapshot.ts';

/** One queue of the simulation: jobs arrive, wait for a worker, run and finish. */
export interface SimulatedQueue {
  /** Lets one second pass. */
  tick(second: number): void;
  snapshot(): QueueSnapshot;
}

interface Running {
  readonly job: Job;
  readonly endsAt: number;
}

export function createQueue(plan: QueuePlan, random: Random): SimulatedQueue {
  const builds = createBuilds(plan, random);
  const crew = createCrew(plan.agents, random);
  let queued: Job[] = [];
  let running: Running[] = [];
  let workers = 0;

  const finishUntil = (second: number): void => {
    const done = running.filter(({ endsAt }) => endsAt <= second);
    running = running.filter(({ endsAt }) => endsAt > second);
    queued.push(...done.flatMap(({ job }) => builds.finish(job)));
  };
  const changeCrew = (second: number): void => {
    const { count, areLost } = crew.at(second, { queued: queued.length, running: running.length });
    workers = count;
    if (!areLost) return;
    // Jobs of lost agents are retried: they go back to the front of the queue.
    queued = [...running.map(({ job }) => job), ...queued];
    running = [];
  };
  const start = (second: number): void => {
    const started = queued.splice(0, Math.max(0, workers - running.length));
    running.push(...started.map((job) => ({ job, endsAt: second + job.seconds })));
  };

  return {
    tick: (second) => {
      finishUntil(second);
      queued.push(...builds.arrive(second));
      changeCrew(second);
      start(second);
    },
    snapshot: () => {
      const [scheduled, busy] = [queued.length, running.length];
      return {
        key: plan.key,
        isHosted: plan.agents.kind === 'hosted',
        jobs: { scheduled, running: busy, waiting: builds.blocked(), total: scheduled + busy },
        ...(plan.agents.kind === 'hosted' ? {} : { agents: { idle: workers - busy, busy, total: workers } }),
      };
    },
  };
}
