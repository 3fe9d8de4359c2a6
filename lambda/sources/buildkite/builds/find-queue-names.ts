/** Finds the names of the clusters and queues that jobs carry only as ids. */
import type { Problem } from '../../../model/problem.ts';
import { isFresh } from '../user-api/access-token.ts';
import { type BuildLists, findQueueId } from './count-builds.ts';
import type { ApiSettings } from '../config.ts';
import {
  type QueueNames,
  type RestQueueNames,
  parseRememberedNames,
  pickNames,
  readQueueNames,
  RememberedQueueNames,
  serializeNames,
} from '../queues/queue-names.ts';
import type { KnownQueue } from '../queues/read-queues.ts';
import type { UserRun } from '../user-api/run.ts';
import type { WaitingReading } from '../queues/read-waiting.ts';

/** Names of clusters and queues, and whether a later run could know more. */
export interface FoundQueueNames {
  /** The queues as REST answered in this run or a few minutes ago; undefined where REST was not asked. */
  readonly queues?: readonly KnownQueue[] | undefined;
  readonly queueNames: QueueNames;
  readonly areNamesFinal: boolean;
}

/** How long a paused queue is published from memory, so that not every run asks for each cluster. */
const pauseFreshForMs = 5 * 60_000;

/** Names change rarely, what is paused at any time. */
function isStillGood(remembered: RememberedQueueNames, { waits }: Pick<ApiSettings, 'waits'>, nowMs: number): boolean {
  return isFresh(remembered, nowMs) && (waits !== 'rest' || isRecentlyRead(remembered, nowMs));
}

function isRecentlyRead({ told: states, readMs }: RememberedQueueNames, nowMs: number): boolean {
  return states !== undefined && nowMs >= readMs && nowMs - readMs < pauseFreshForMs;
}

const noNames: QueueNames = { clusterNames: new Map(), queueKeys: new Map() };

/** From the queues of this run, else from memory, else by REST when a job has a cluster that is not known yet. */
export async function findQueueNames(run: UserRun, waits: WaitingReading, lists: BuildLists): Promise<FoundQueueNames> {
  const { ledger, nowMs, settings } = run;
  if (settings.jobs === 'skip') return { queueNames: noNames, areNamesFinal: true };
  const remember = (remembered: RememberedQueueNames): void => ledger?.remember('places', remembered);
  if (waits.snapshot !== undefined) {
    const queueNames = pickNames(waits.snapshot);
    remember(serializeNames(queueNames, nowMs));
    return { queueNames, areNamesFinal: true };
  }
  const remembered = ledger?.recall('places', RememberedQueueNames) ?? { readMs: nowMs, clusters: {}, queues: {} };
  remember(remembered);
  const known = parseRememberedNames(remembered);
  if (isStillGood(remembered, settings, nowMs) && hasNamesForAll(lists, known)) {
    return { queueNames: known, areNamesFinal: false, queues: remembered.told };
  }
  const read = await requestByRest(run);
  if ('problem' in read) {
    run.problems.push(read.problem);
    // A token that may not read clusters will not know more in the next run either.
    return { queueNames: known, areNamesFinal: read.problem.kind === 'auth' || read.problem.kind === 'configuration' };
  }
  const { queues } = read.places;
  remember({ ...serializeNames(read.places, nowMs), told: [...queues] });
  return { queueNames: read.places, areNamesFinal: true, queues };
}

async function requestByRest({
  api,
  organization,
  problemFrom,
}: UserRun): Promise<{ readonly places: RestQueueNames } | { readonly problem: Problem }> {
  try {
    return { places: await readQueueNames(api, organization) };
  } catch (error) {
    const problem = problemFrom(error, 'clusters');
    if (problem === undefined) throw error;
    return { problem };
  }
}

function hasNamesForAll({ finished, active }: BuildLists, queueNames: QueueNames): boolean {
  const jobs = [...(finished?.value ?? []), ...(active?.value ?? [])].flatMap((build) => build.jobs.readable);
  return jobs.every((job) => findQueueId(job, { queueNames, areNamesFinal: false }) !== undefined);
}
