/** Reads the waiting jobs and the queues, and reports what is missing. */
import { append } from '../../../model/lists/append.ts';
import { readBacklog, type WaitingJob } from './read-backlog.ts';
import type { Problem } from '../../../model/problem.ts';
import type { ListResult } from '../user-api/list-result.ts';
import type { QueueId } from './queue-id.ts';
import { unclustered } from './queue-names.ts';
import { type QueueSnapshot, readQueueSnapshot } from './read-queues.ts';
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
  const snapshot = await readOrReport(run, 'queues', () => readQueueSnapshot(run.api, run.organization));
  const readMs = run.nowMs;
  const backlog = await readWholeBacklog(run, shown);
  const isSnapshotComplete = snapshot?.isComplete === true && snapshot.unreadable === 0;
  return { snapshot: snapshot?.value, isSnapshotComplete, backlog, readMs };
}

async function readWholeBacklog(run: UserRun, shown: ShownQueues): Promise<readonly WaitingJob[] | undefined> {
  const clustered = await readOrReport(run, 'waiting jobs', () => readBacklog(run.api, run.organization, true));
  if (clustered?.isComplete !== true) return undefined;
  const { queueIds } = await shown;
  // Jobs outside of clusters are a list of their own, and few organizations still have them.
  if (!queueIds.some(({ scope }) => scope === unclustered)) return clustered.value;
  const others = await readOrReport(run, 'waiting jobs', () => readBacklog(run.api, run.organization, false));
  if (others?.isComplete !== true) return undefined;
  const isListedTwice = clustered.value.some(({ scope }) => scope === unclustered);
  return isListedTwice ? clustered.value : [...clustered.value, ...others.value];
}

function describeGaps({ isComplete, withheld, notes: [note] }: ListResult<unknown>, where: string): readonly Problem[] {
  const silence = 'so nothing is said about the oldest wait';
  if (note !== undefined) {
    const message = `Buildkite says: ${note}${isComplete ? '' : `; ${silence}`}`;
    return [{ kind: 'bad-response', where, message }];
  }
  if (withheld > 0) {
    const gaps = withheld === 1 ? 'one place' : `${String(withheld)} places`;
    const message = `Buildkite answered null in ${gaps} where elements of the list would be, which its schema allows; the others are published, but ${silence.slice('so '.length)}`;
    return [{ kind: 'bad-response', where, message }];
  }
  if (isComplete) return [];
  return [{ kind: 'rate-limited', where, message: `truncated by its page limit or its budget, ${silence}` }];
}

async function readOrReport<Value>(
  { config, graphqlProblemFrom, problems }: UserRun,
  name: string,
  read: () => Promise<ListResult<Value>>,
): Promise<ListResult<Value> | undefined> {
  const where = `buildkite/${config.name} ${name}`;
  try {
    const result = await read();
    if (result.unreadable > 0) problems.push(describeUnreadable(where, result.unreadable));
    append(problems, describeGaps(result, where));
    return result;
  } catch (error) {
    const problem = graphqlProblemFrom(error, name);
    if (problem === undefined) throw error;
    problems.push(problem);
    return undefined;
  }
}
