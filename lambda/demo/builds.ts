import type { QueuePlan } from './plan.ts';
import { arrivals, duration, type Random } from './random.ts';

/** A build on its way through its stages. */
interface Build {
  /** Jobs of the current stage that have not finished. */
  unfinished: number;
  /** Jobs of each later stage. */
  readonly later: number[];
}

/** A job that a worker could take now. */
export interface Job {
  readonly seconds: number;
  readonly build: Build;
}

/** The demand side of a queue: which jobs become ready, and how many wait behind a step. */
export interface Builds {
  /** Builds that start in this second; their first jobs are ready. */
  arrive(second: number): readonly Job[];
  /** A job has finished; the jobs of the next stage are ready when it was the last of its own. */
  finish(job: Job): readonly Job[];
  /** Jobs behind wait steps. */
  blocked(): number;
}

export function createBuilds({ buildsPerHour, bursts, stages, jobSeconds }: QueuePlan, random: Random): Builds {
  const open = new Set<Build>();

  const startStage = (build: Build): readonly Job[] => {
    const count = build.later.shift();
    if (count === undefined) {
      open.delete(build);
      return [];
    }
    build.unfinished = count;
    return Array.from({ length: count }, () => ({ seconds: duration(random, jobSeconds), build }));
  };
  const startBuild = (): readonly Job[] => {
    const build: Build = { unfinished: 0, later: [...stages] };
    open.add(build);
    return startStage(build);
  };

  return {
    arrive: (second) => {
      const burst = bursts !== undefined && second % bursts.everySeconds === 0 ? bursts.builds : 0;
      const count = arrivals(random, buildsPerHour / 3600) + burst;
      return Array.from({ length: count }, startBuild).flat();
    },
    finish: ({ build }) => {
      build.unfinished -= 1;
      return build.unfinished === 0 ? startStage(build) : [];
    },
    blocked: () => [...open].reduce((sum, { later }) => later.reduce((jobs, count) => jobs + count, sum), 0),
  };
}
