/** A day of jobs for a queue of agents: bursts in working hours, quiet in between, and nothing at night. */

/** Seconds since midnight, and seconds. */
export interface Job {
  readonly arrives: number;
  readonly takes: number;
}

export const daySeconds = 86_400;
const hour = 3600;

/** Parameters of Numerical Recipes, for the same day at every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** 60 bursts of 1 to 25 jobs from 7 to 18 o'clock, each job 30 seconds to 15 minutes, and one release of three hours. */
export function makeDay(seed = 7): readonly Job[] {
  const random = createRandom(seed);
  const between = (least: number, most: number): number => Math.floor(least + random() * (most - least + 1));
  const bursts = Array.from({ length: 60 }, (): readonly Job[] => {
    const starts = between(7 * hour, 18 * hour);
    return Array.from({ length: between(1, 25) }, () => ({
      arrives: starts + between(0, 20),
      takes: between(30, 900),
    }));
  });
  const release: Job = { arrives: 14 * hour + 17, takes: 3 * hour };
  return [...bursts.flat(), release].sort((one, other) => one.arrives - other.arrives);
}
