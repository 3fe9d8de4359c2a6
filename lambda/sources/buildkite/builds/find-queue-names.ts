import type { Problem } from '../../../model/problem.ts';
import { isFresh } from '../user-api/access-token.ts';
import { type BuildLists, placeOf } from './count-builds.ts';
import type { ApiSettings } from '../config.ts';
import {
  type Places,
  type RestPlaces,
  placesFrom,
  placesOf,
  readPlaces,
  RememberedPlaces,
  rememberedOf,
} from '../queues/queue-names.ts';
import type { KnownQueue } from '../queues/read-queues.ts';
import type { UserRun } from '../user-api/run.ts';
import type { WaitsRead } from '../queues/read-waiting.ts';

/** Names of clusters and queues, and whether a later run could know more. */
export interface KnownPlaces {
  /** What REST told of the queues, not long ago; undefined where it was not asked. */
  readonly queues?: readonly KnownQueue[] | undefined;
  readonly places: Places;
  readonly arePlacesFinal: boolean;
}

/** A pause is a level: for how long it is published as it was last told, so that not each run asks every cluster. */
const toldForMs = 5 * 60_000;

/** Names change rarely, what is paused at any time. */
function isStillGood(remembered: RememberedPlaces, { waits }: Pick<ApiSettings, 'waits'>, nowMs: number): boolean {
  return isFresh(remembered, nowMs) && (waits !== 'rest' || isRecentlyTold(remembered, nowMs));
}

function isRecentlyTold({ told, readMs }: RememberedPlaces, nowMs: number): boolean {
  return told !== undefined && nowMs >= readMs && nowMs - readMs < toldForMs;
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
  if (isStillGood(remembered, settings, nowMs) && areAllKnown(lists, known)) {
    return { places: known, arePlacesFinal: false, queues: remembered.told };
  }
  const read = await readByRest(run);
  if ('problem' in read) {
    run.problems.push(read.problem);
    // A token that may not read clusters will not know more in the next run either.
    return { places: known, arePlacesFinal: read.problem.kind === 'auth' || read.problem.kind === 'configuration' };
  }
  const { queues } = read.places;
  remember({ ...rememberedOf(read.places, nowMs), told: [...queues] });
  return { places: read.places, arePlacesFinal: true, queues };
}

async function readByRest({
  api,
  organization,
  problemFrom,
}: UserRun): Promise<{ readonly places: RestPlaces } | { readonly problem: Problem }> {
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
