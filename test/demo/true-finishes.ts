import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { createFleet } from '../../lambda/demo/fleet.ts';

const Life = z.object({ seed: z.number(), speed: z.number(), startMs: z.number(), arrivalsUntilMs: z.number() });

/** What a fleet finished, by labels as `pipeline|result|attempt|branch` and `scope|queue|result`. */
export interface TrueFinishes {
  readonly builds: Readonly<Record<string, number>>;
  readonly jobs: Readonly<Record<string, number>>;
  /** Simulated time in which builds and jobs end, after which the fleet is at rest. Epoch milliseconds. */
  readonly restMs: number;
}

const buildResults: Readonly<Record<string, string>> = {
  passed: 'success',
  failed: 'failure',
  canceled: 'cancellation',
};
const jobResults: Readonly<Record<string, string>> = { ...buildResults, timed_out: 'timeout' };

/**
 * The truth, told by the simulation itself and not by anything that the collector reads: the same life is lived through
 * again, until it is at rest.
 */
export async function trueFinishes(stateFolder: string, sinceMs: number): Promise<TrueFinishes> {
  const life = Life.parse(JSON.parse(await readFile(join(stateFolder, 'demo-fleet.json'), 'utf8')));
  const builds = new Map<string, number>();
  const jobs = new Map<string, number>();
  let restMs = life.arrivalsUntilMs;
  const count = (counts: Map<string, number>, key: string, finishedMs: number): void => {
    restMs = Math.max(restMs, finishedMs);
    if (finishedMs >= sinceMs) counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  const fleet = createFleet({
    ...life,
    observer: {
      buildFinished: ({ pipeline, state, rebuiltFrom, branch, finishedAt = 0 }, { msOf }) => {
        const attempt = rebuiltFrom === undefined ? 'first' : 'retry';
        const key = [pipeline, buildResults[state], attempt, branch === 'main' ? 'main' : 'other'].join('|');
        count(builds, key, msOf(finishedAt));
      },
      jobFinished: ({ state, exitStatus, isSoftFailed, finishedAt = 0 }, { cluster = 'unclustered', queue, msOf }) => {
        const usual = isSoftFailed === true ? 'success' : jobResults[state];
        const key = [cluster, queue, exitStatus === -1 ? 'error' : usual].join('|');
        count(jobs, key, msOf(finishedAt));
      },
    },
  });
  // An hour of simulated time after the last arrival nothing goes on any more.
  fleet.step(life.arrivalsUntilMs + (3600 * 1000) / life.speed);
  return { builds: Object.fromEntries(builds), jobs: Object.fromEntries(jobs), restMs };
}
