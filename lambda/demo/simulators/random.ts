/** Random numbers for the simulators that are the same for the same seed. */

/** 0 (included) to 1 (excluded). */
export type Random = () => number;

/** The mulberry32 generator: equal seeds give equal fleets on every machine. Good enough for a simulation only. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`, both included. */
export function drawBetween(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** How many of something that happens `mean` times on average happen now (Poisson, by Knuth's method). */
export function drawArrivals(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** Most jobs are short and a few are long: exponential around a mean, between a fifth and five times of it. */
export function drawDuration(random: Random, meanSeconds: number): number {
  const seconds = -Math.log(1 - random()) * meanSeconds;
  return Math.round(Math.min(Math.max(seconds, meanSeconds / 5), meanSeconds * 5));
}
