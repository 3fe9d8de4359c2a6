/** Finds the names of the clusters and queues that jobs carry only as ids. */
import type { Problem } from '../../../model/problem.ts';
import { isFresh } from '../user-api/access-token.ts';
import type { BuildLists } from './count-builds.ts';
import type { ApiSettings } from '../config.ts';
import {
  findQueueId,
  joinNames,
  type NameLookup,
  type QueueNames,
  parseRememberedNames,
  pickNames,
  RememberedQueueNames,
  serializeNames,
} from '../queues/queue-names.ts';
import { beginNames, continueNames, mostListed, NamesReading } from '../queues/read-queue-names.ts';
import { describeUnreadable } from '../user-api/problems.ts';
import type { KnownQueue, QueueSnapshot } from '../queues/read-queues.ts';
import type { UserRun } from '../user-api/run.ts';
import type { WaitingReading } from '../queues/read-waiting.ts';
import { minuteMs } from '../../../model/time.ts';

/** Names of clusters and queues, and whether a later run could know more. */
export interface FoundQueueNames extends NameLookup {
  /** The queues as REST answered in this run or a few minutes ago; undefined where REST was not asked. */
  readonly queues?: readonly KnownQueue[] | undefined;
}

/** How long a paused queue is published from memory, so that not every run asks for each cluster. */
const pauseFreshForMs = 5 * minuteMs;

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
  if (run.settings.jobs === 'skip') return { queueNames: noNames, areNamesFinal: true };
  const kept = run.ledger?.recall('places', RememberedQueueNames) ?? { readMs: run.nowMs, clusters: {}, queues: {} };
  if (waits.snapshot !== undefined) return useSnapshot(run, waits.snapshot, kept);
  const begun = run.ledger?.recall('placesReading', NamesReading);
  const known = parseRememberedNames(kept);
  // A cluster beyond the last page that is read stays unknown, however often the list is read.
  const isTruncated = kept.isTruncated === true;
  const isEnough = isStillGood(kept, run.settings, run.nowMs) && (isTruncated || hasNamesForAll(lists, known));
  if (begun !== undefined || !isEnough) return await readNames(run, kept, begun);
  reportGaps(run, kept);
  return { queueNames: known, areNamesFinal: isTruncated, queues: kept.told };
}

/** A part of the clusters adds to what is known; only all of them make it final. */
function useSnapshot({ ledger, nowMs }: UserRun, snapshot: QueueSnapshot, kept: RememberedQueueNames): FoundQueueNames {
  const seen = pickNames(snapshot);
  const queueNames = snapshot.isPart ? joinNames(parseRememberedNames(kept), seen) : seen;
  ledger?.remember('places', serializeNames(queueNames, nowMs));
  return { queueNames, areNamesFinal: !snapshot.isPart };
}

/** Begins to read all names, or goes on; what is not read by the end of the run is read in the next ones. */
async function readNames(
  run: UserRun,
  kept: RememberedQueueNames,
  begun: NamesReading | undefined,
): Promise<FoundQueueNames> {
  const { reading, problem, hasProgressed } = await tryReadNames(run, begun);
  if (problem !== undefined) run.problems.push(problem);
  const isRefused = isRefusal(problem);
  if (reading === undefined) return { queueNames: parseRememberedNames(kept), areNamesFinal: isRefused };
  const { queueNames, remembered } = joinReading(kept, reading, run.nowMs);
  reportGaps(run, remembered);
  if (problem === undefined) reportUnread(run, queueNames);
  const isRead = reading.unread.length === 0;
  // Where every cluster that is left fails, the others must not wait for them to be read again.
  keepReading(run, isRead || !hasProgressed ? { remembered } : { reading });
  return { queueNames, areNamesFinal: isRefused || isRead, queues: remembered.told };
}

/** A token that may not read clusters will not know more in the next run either. */
function isRefusal(problem: Problem | undefined): boolean {
  return problem?.kind === 'auth' || problem?.kind === 'configuration';
}

/** For the next run: the names of a reading that is over, or how far it has come. */
function keepReading(
  { ledger }: UserRun,
  { remembered, reading }: { readonly remembered?: RememberedQueueNames; readonly reading?: NamesReading },
): void {
  if (remembered !== undefined) ledger?.remember('places', remembered);
  ledger?.remember('placesReading', reading ?? null);
}

interface TriedReading {
  /** As far as it came; undefined where the clusters could not be listed. */
  readonly reading?: NamesReading;
  readonly problem?: Problem;
  /** Whether a cluster was read, or only the budget kept it from being so. */
  readonly hasProgressed: boolean;
}

async function tryReadNames(
  { api, organization, problemFrom, nowMs }: UserRun,
  begun: NamesReading | undefined,
): Promise<TriedReading> {
  let reading = begun;
  let before = 0;
  try {
    reading ??= await beginNames(api, organization, nowMs);
    before = reading.unread.length;
    await continueNames(api, organization, reading);
    return { reading, hasProgressed: true };
  } catch (error) {
    const problem = problemFrom(error, 'clusters');
    if (problem === undefined) throw error;
    if (reading === undefined) return { problem, hasProgressed: false };
    return { reading, problem, hasProgressed: reading.unread.length < before || problem.kind === 'rate-limited' };
  }
}

interface JoinedNames {
  readonly queueNames: QueueNames;
  /** Without clusters that have never been read, for they would be taken for clusters without queues. */
  readonly remembered: RememberedQueueNames;
}

/** What was known, with what has been read since; a cluster that is still to be read keeps what was known of it. */
function joinReading(kept: RememberedQueueNames, reading: NamesReading, nowMs: number): JoinedNames {
  const { unread, ...read } = reading;
  if (unread.length === 0) return { queueNames: parseRememberedNames(read), remembered: { ...read, readMs: nowMs } };
  const unreadClusters = new Set(unread.filter((id) => kept.clusters[id] === undefined));
  const joined = joinNames(parseRememberedNames(kept), parseRememberedNames(read));
  const unreadScopes = new Set(unread.map((id) => reading.clusters[id]));
  const toldBefore = (kept.told ?? []).filter(({ scope }) => unreadScopes.has(scope));
  const clusterNames = new Map([...joined.clusterNames].filter(([id]) => !unreadClusters.has(id)));
  const remembered = { ...read, ...serializeNames({ ...joined, clusterNames }, nowMs) };
  return {
    queueNames: { ...joined, unreadClusters },
    remembered: { ...remembered, told: [...read.told, ...toldBefore] },
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

/** Only of clusters that were never read: until then nothing is known of their jobs' queues. */
function reportUnread({ config, problems }: UserRun, { unreadClusters = new Set() }: QueueNames): void {
  const count = unreadClusters.size;
  if (count === 0) return;
  const clusters = count === 1 ? '1 cluster is' : `${String(count)} clusters are`;
  const message = `the queues of ${clusters} still to be read, each by a request of the budget of requests a minute, and the next runs go on; until then their jobs are not counted; set waits: graphql, which reads 50 clusters with a request, or raise requestsPerMinute if Buildkite allows more`;
  problems.push({ kind: 'rate-limited', where: `buildkite/${config.name} clusters`, message });
}

function hasNamesForAll({ finished, active }: BuildLists, queueNames: QueueNames): boolean {
  const jobs = [...(finished?.value ?? []), ...(active?.value ?? [])].flatMap((build) => build.jobs.readable);
  return jobs.every((job) => findQueueId(job, { queueNames, areNamesFinal: false }) !== undefined);
}
