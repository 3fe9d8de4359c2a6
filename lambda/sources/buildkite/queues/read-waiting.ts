/** Reads the waiting jobs and the queues, and reports what is missing. */
import * as z from 'zod';
import { append } from '../../../model/lists/append.ts';
import { readBacklog, type WaitingJob } from './read-backlog.ts';
import type { Problem } from '../../../model/problem.ts';
import type { ListResult } from '../user-api/list-result.ts';
import type { QueueId } from './queue-id.ts';
import { unclustered } from './queue-names.ts';
import { type QueueSnapshot, readQueueSnapshot } from './read-queues.ts';
import { BudgetSpentError } from '../user-api/client.ts';
import { describeUnreadable } from '../user-api/problems.ts';
import type { UserRun } from '../user-api/run.ts';

/** What was read about waiting jobs and queues; a list that failed is absent. */
export interface WaitingReading {
  readonly snapshot: QueueSnapshot | undefined;
  /** Whether the snapshot has every cluster with all its queues; true as well where it is not wanted. */
  readonly isSnapshotComplete: boolean;
  /** Only where it is complete. */
  readonly backlog: readonly WaitingJob[] | undefined;
  /** When the backlog was asked for. Epoch milliseconds. */
  readonly readMs: number | undefined;
}

/** Queues that another API has shown. */
type ShownQueues = Promise<{ readonly queueIds: readonly QueueId[] }>;

/** @param shown waited for only where it is needed: the agent API is read at the same time. */
export async function readWaiting(run: UserRun, shown: ShownQueues): Promise<WaitingReading> {
  if (run.settings.waits !== 'graphql') {
    return { snapshot: undefined, isSnapshotComplete: true, backlog: undefined, readMs: undefined };
  }
  const snapshot = await readOrReport(run, queueList, () => resumeQueueSnapshot(run));
  const readMs = run.nowMs;
  const backlog = await readWholeBacklog(run, shown);
  const isSnapshotComplete = snapshot?.isComplete === true && snapshot.unreadable === 0;
  return { snapshot: snapshot?.value, isSnapshotComplete, backlog, readMs };
}

/** Goes on where the budget ended the last reading, and else begins anew. */
async function resumeQueueSnapshot({ api, organization, ledger }: UserRun): Promise<ListResult<QueueSnapshot>> {
  const from = ledger?.recall('queuesFrom', z.string());
  let resumeAt: string | undefined;
  try {
    const snapshot = await readQueueSnapshot(api, organization, from);
    ({ resumeAt } = snapshot.value);
    return snapshot;
  } catch (error) {
    // Any other error may be that of the place itself, so the next run begins anew.
    if (error instanceof BudgetSpentError) resumeAt = from;
    throw error;
  } finally {
    ledger?.remember('queuesFrom', resumeAt ?? null);
  }
}

async function readWholeBacklog(run: UserRun, shown: ShownQueues): Promise<readonly WaitingJob[] | undefined> {
  const clustered = await readOrReport(run, jobList, () => readBacklog(run.api, run.organization, true));
  if (clustered?.isComplete !== true) return undefined;
  const { queueIds } = await shown;
  // Jobs outside of clusters are a list of their own, and few organizations still have them.
  if (!queueIds.some(({ scope }) => scope === unclustered)) return clustered.value;
  const others = await readOrReport(run, jobList, () => readBacklog(run.api, run.organization, false));
  if (others?.isComplete !== true) return undefined;
  const isListedTwice = clustered.value.some(({ scope }) => scope === unclustered);
  return isListedTwice ? clustered.value : [...clustered.value, ...others.value];
}

/** A list of this file: where its problems stand, and what its gaps mean. */
interface WaitingList {
  readonly name: 'queues' | 'waiting jobs';
  /** What is lost where the list has gaps, besides what stands in them. */
  readonly loss: string;
  readonly pageLimit: string;
}

const queueList: WaitingList = {
  name: 'queues',
  loss: 'the names of the other queues are those of earlier runs',
  pageLimit: 'truncated after 2,500 clusters or 10,000 queues of one cluster, as many as one run reads',
};

const jobList: WaitingList = {
  name: 'waiting jobs',
  loss: 'nothing is said about the oldest wait',
  pageLimit:
    'truncated after 1,000 jobs, as many as the points that Buildkite gives a user allow (waits: rest takes them from the list of open builds)',
};

function describeGaps(
  { isComplete, cutBy, withheld, notes: [note] }: ListResult<unknown>,
  where: string,
  { loss, pageLimit }: WaitingList,
): readonly Problem[] {
  if (note !== undefined) {
    const message = `Buildkite says: ${note}${isComplete ? '' : `; so ${loss}`}`;
    return [{ kind: 'bad-response', where, message }];
  }
  if (withheld > 0) {
    const gaps = withheld === 1 ? 'one place' : `${String(withheld)} places`;
    const message = `Buildkite answered null in ${gaps} where elements of the list would be, which its schema allows; the others are published, but ${loss}`;
    return [{ kind: 'bad-response', where, message }];
  }
  if (cutBy === 'page limit') return [{ kind: 'configuration', where, message: `${pageLimit}; so ${loss}` }];
  if (cutBy === undefined) return [];
  const message = `cut short, because the budget is spent: ${loss}; raise the interval, or pointsPerFiveMinutes if Buildkite allows more`;
  return [{ kind: 'rate-limited', where, message }];
}

async function readOrReport<Value>(
  { config, graphqlProblemFrom, problems }: UserRun,
  list: WaitingList,
  read: () => Promise<ListResult<Value>>,
): Promise<ListResult<Value> | undefined> {
  const where = `buildkite/${config.name} ${list.name}`;
  try {
    const result = await read();
    if (result.unreadable > 0) problems.push(describeUnreadable(where, result.unreadable));
    append(problems, describeGaps(result, where, list));
    return result;
  } catch (error) {
    const problem = graphqlProblemFrom(error, list.name);
    if (problem === undefined) throw error;
    problems.push(problem);
    return undefined;
  }
}
