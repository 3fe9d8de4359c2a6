import type { Problem } from '../../model/problem.ts';
import { isFresh } from './access-token.ts';
import { type BuildLists, placeOf } from './builds.ts';
import { type Places, placesFrom, placesOf, readPlaces, RememberedPlaces, rememberedOf } from './places.ts';
import type { UserRun } from './user-run.ts';
import type { WaitsRead } from './wait-reading.ts';

/** Names of clusters and queues, and whether a later run could know more. */
export interface KnownPlaces {
  readonly places: Places;
  readonly arePlacesFinal: boolean;
}

const nowhere: Places = { clusterNames: new Map(), queueKeys: new Map() };

/** From the queues of this run, else from the memory, else by REST when a job is in a place that nobody knows. */
export async function knownPlaces(run: UserRun, waits: WaitsRead, lists: BuildLists): Promise<KnownPlaces> {
  const { ledger, nowMs, settings } = run;
  if (settings.jobs === 'skip') return { places: nowhere, arePlacesFinal: true };
  const remember = (remembered: RememberedPlaces): void => ledger?.remember('places', remembered);
  if (waits.snapshot !== undefined) {
    const places = placesOf(waits.snapshot);
    remember(rememberedOf(places, nowMs));
    return { places, arePlacesFinal: true };
  }
  const remembered = ledger?.recall('places', RememberedPlaces) ?? { readMs: nowMs, clusters: {}, queues: {} };
  remember(remembered);
  const known = placesFrom(remembered);
  if (isFresh(remembered, nowMs) && areAllKnown(lists, known)) return { places: known, arePlacesFinal: false };
  const read = await readByRest(run);
  if ('problem' in read) {
    run.problems.push(read.problem);
    // A token that may not read clusters will not know more in the next run either.
    return { places: known, arePlacesFinal: read.problem.kind === 'auth' || read.problem.kind === 'configuration' };
  }
  remember(rememberedOf(read.places, nowMs));
  return { places: read.places, arePlacesFinal: true };
}

async function readByRest({
  api,
  organization,
  problemFrom,
}: UserRun): Promise<{ readonly places: Places } | { readonly problem: Problem }> {
  try {
    return { places: await readPlaces(api, organization) };
  } catch (error) {
    const problem = problemFrom(error, 'clusters');
    if (problem === undefined) throw error;
    return { problem };
  }
}

function areAllKnown({ finished, active }: BuildLists, places: Places): boolean {
  const jobs = [...(finished?.value ?? []), ...(active?.value ?? [])].flatMap((build) => build.jobs.readable);
  return jobs.every((job) => placeOf(job, { places, arePlacesFinal: false }) !== undefined);
}
