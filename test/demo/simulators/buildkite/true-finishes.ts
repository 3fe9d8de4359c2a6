/** The truth about what a simulated fleet has finished, to compare the collector's counts with. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { FleetObserver } from '../../../../lambda/demo/simulators/buildkite/fleet/build-record.ts';
import { createFleet } from '../../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';

const Life = z.object({ seed: z.number(), speed: z.number(), startMs: z.number(), arrivalsUntilMs: z.number() });

/** What a fleet finished, by labels as `pipeline|result|attempt|branch` and `scope|queue|result`. */
export interface Finishes {
  readonly builds: Readonly<Record<string, number>>;
  readonly jobs: Readonly<Record<string, number>>;
}

export interface TrueFinishes extends Finishes {
  /** Simulated time in which builds and jobs end, after which the fleet is at rest. Epoch milliseconds. */
  readonly restMs: number;
}

/** Writes down what a fleet finishes. */
export interface FinishTally {
  readonly observer: FleetObserver;
  /** What finished then or later. */
  readonly since: (sinceMs: number) => Finishes;
  /** When the last one finished. */
  readonly lastMs: () => number;
}

const buildResults: Readonly<Record<string, string>> = {
  passed: 'success',
  failed: 'failure',
  canceled: 'cancellation',
};
const jobResults: Readonly<Record<string, string>> = { ...buildResults, timed_out: 'timeout' };

interface Ended {
  readonly key: string;
  readonly finishedMs: number;
}

export function tallyFinishes(): FinishTally {
  const builds: Ended[] = [];
  const jobs: Ended[] = [];
  return {
    observer: {
      buildFinished: ({ pipeline, state, rebuiltFrom, branch, finishedAt = 0 }, { convertToMs: msOf }) => {
        const attempt = rebuiltFrom === undefined ? 'first' : 'retry';
        const key = [pipeline, buildResults[state], attempt, branch === 'main' ? 'main' : 'other'].join('|');
        builds.push({ key, finishedMs: msOf(finishedAt) });
      },
      jobFinished: (
        { state, exitStatus, isSoftFailed, finishedAt = 0 },
        { cluster = 'unclustered', queue, convertToMs: msOf },
      ) => {
        const usual = isSoftFailed === true ? 'success' : jobResults[state];
        const key = [cluster, queue, exitStatus === -1 ? 'error' : usual].join('|');
        jobs.push({ key, finishedMs: msOf(finishedAt) });
      },
    },
    since: (sinceMs) => ({ builds: countsOf(builds, sinceMs), jobs: countsOf(jobs, sinceMs) }),
    lastMs: () => [...builds, ...jobs].reduce((latest, { finishedMs }) => Math.max(latest, finishedMs), 0),
  };
}

function countsOf(ended: readonly Ended[], sinceMs: number): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { key, finishedMs } of ended) if (finishedMs >= sinceMs) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/**
 * The truth, told by the simulation itself and not by anything that the collector reads: the same life is lived through
 * again, until it is at rest.
 */
export async function trueFinishes(stateFolder: string, sinceMs: number): Promise<TrueFinishes> {
  const life = Life.parse(JSON.parse(await readFile(join(stateFolder, 'demo-fleet.json'), 'utf8')));
  const { observer, since, lastMs } = tallyFinishes();
  const fleet = createFleet({ ...life, observer });
  // An hour of simulated time after the last arrival nothing goes on any more.
  fleet.advance(life.arrivalsUntilMs + (3600 * 1000) / life.speed);
  return { ...since(sinceMs), restMs: Math.max(life.arrivalsUntilMs, lastMs()) };
}
