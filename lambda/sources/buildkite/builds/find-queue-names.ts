/** Finds the names of the clusters and queues that jobs carry only as ids. */
import type { Problem } from '../../../model/problem.ts';
import { isFresh } from '../user-api/access-token.ts';
import type { BuildLists } from './count-builds.ts';
import type { ApiSettings } from '../config.ts';
import {
  findQueueId,
  type NameLookup,
  type QueueNames,
  parseRememberedNames,
  pickNames,
  RememberedQueueNames,
  serializeNames,
} from '../queues/queue-names.ts';
import { mostListed, readQueueNames, type RestQueueNames } from '../queues/read-queue-names.ts';
import type { ListResult } from '../user-api/list-result.ts';
import { describeUnreadable } from '../user-api/problems.ts';
import type { KnownQueue } from '../queues/read-queues.ts';
import type { UserRun } from '../user-api/run.ts';
import type { WaitingReading } from '../queues/read-waiting.ts';

/** Names of clusters and queues, and whether a later run could know more. */
export interface FoundQueueNames extends NameLookup {
  /** The queues as REST answered in this run or a few minutes ago; undefined where REST was not asked. */
  readonly queues?: readonly KnownQueue[] | undefined;
}

/** How long a paused queue is published from memory, so that not every run asks for each cluster. */
const pauseFreshForMs = 5 * 60_000;

/** Names change rarely, what is paused at any time. */
function isStillGood(remembered: RememberedQueueNames, { waits }: Pick<ApiSettings, 'waits'>, nowMs: number): boolean {
  return isFresh(remembered, nowMs) && (waits !== 'rest' || isRecentlyRead(remembered, nowMs));
}

function isRecentlyRead({ told: queues, readMs }: RememberedQueueNames, nowMs: number): boolean {
  return queues !== undefined && nowMs >= readMs && nowMs - readMs < pauseFreshForMs;
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
    reportGaps(run, remembered);
    return { queueNames: known, areNamesFinal: false, queues: remembered.told };
  }
  const read = await tryReadNames(run);
  if ('problem' in read) {
    run.problems.push(read.problem);
    // A token that may not read clusters will not know more in the next run either.
    return { queueNames: known, areNamesFinal: read.problem.kind === 'auth' || read.problem.kind === 'configuration' };
  }
  const { list } = read;
  const current = serializeRestNames(list, nowMs);
  remember(current);
  reportGaps(run, current);
  return { queueNames: list.value, areNamesFinal: true, queues: list.value.queues };
}

async function tryReadNames({
  api,
  organization,
  problemFrom,
}: UserRun): Promise<{ readonly list: ListResult<RestQueueNames> } | { readonly problem: Problem }> {
  try {
    return { list: await readQueueNames(api, organization) };
  } catch (error) {
    const problem = problemFrom(error, 'clusters');
    if (problem === undefined) throw error;
    return { problem };
  }
}

function serializeRestNames(
  { value, isComplete, unreadable }: ListResult<RestQueueNames>,
  readMs: number,
): RememberedQueueNames {
  return {
    ...serializeNames(value, readMs),
    told: [...value.queues],
    ...(isComplete ? {} : { isTruncated: true }),
    ...(unreadable === 0 ? {} : { unreadable }),
  };
}

/** Tells what is missing among the names, for as long as they are used. */
function reportGaps(
  { config, problems }: UserRun,
  { isTruncated = false, unreadable = 0 }: RememberedQueueNames,
): void {
  const where = `buildkite/${config.name} clusters`;
  if (isTruncated) problems.push(describeTruncated(where));
  if (unreadable > 0) problems.push(describeUnreadable(where, unreadable));
}

function describeTruncated(where: string): Problem {
  const message = `truncated after ${String(mostListed)} clusters or queues of one cluster; jobs of the others count under the scope unknown or under the queue that their step names, and nothing is said about their pauses; set waits: graphql, which reads longer lists`;
  return { kind: 'configuration', where, message };
}

function hasNamesForAll({ finished, active }: BuildLists, queueNames: QueueNames): boolean {
  const jobs = [...(finished?.value ?? []), ...(active?.value ?? [])].flatMap((build) => build.jobs.readable);
  return jobs.every((job) => findQueueId(job, { queueNames, areNamesFinal: false }) !== undefined);
}
