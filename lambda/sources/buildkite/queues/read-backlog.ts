/** Reads the jobs that wait for a worker by GraphQL, page by page. */
import { append } from '../../../model/lists/append.ts';
import { parsePage } from '../user-api/graphql-page.ts';
import { backlogQuery, jobsPerPage } from '../user-api/graphql-queries.ts';
import { BacklogData, BacklogJob } from '../user-api/graphql-schema.ts';
import { InvisibleOrganizationError, type ListResult } from '../user-api/list-result.ts';
import type { QueueId } from './queue-id.ts';
import { determineQueue, scopeOf } from './queue-names.ts';
import { parseTime } from '../user-api/times.ts';
import { BudgetSpentError, type UserApi } from '../user-api/client.ts';

/** What waits: queued for any worker, promised to one, or held back by a limit. */
export type WaitingState = 'queued' | 'reserved' | 'limited';

const waitingStates: ReadonlyMap<string, WaitingState> = new Map([
  ['scheduled', 'queued'],
  ['reserved', 'reserved'],
  ['limiting', 'limited'],
  ['limited', 'limited'],
  ['platform_limiting', 'limited'],
  ['platform_limited', 'limited'],
]);

/** GraphQL writes states in capitals, REST does not. Undefined for a job that waits for nothing or for another job. */
export function mapWaitingState(state: string): WaitingState | undefined {
  return waitingStates.get(state.toLowerCase());
}

/** A job that waits for a worker, or is held back by a limit. */
export interface WaitingJob extends QueueId {
  readonly state: WaitingState;
  /** Since when a worker could take it; absent where Buildkite does not tell. Epoch milliseconds. */
  readonly runnableMs?: number | undefined;
}

/** 1,000 jobs cost about 3,000 points, more than half of what a user has for five minutes. */
const maxPages = 10;

/** The waiting jobs of the organization, as far as budget and page limit allow. */
export async function readBacklog(
  api: UserApi,
  org: string,
  isClustered: boolean,
): Promise<ListResult<readonly WaitingJob[]>> {
  const jobs = new Map<string, WaitingJob>();
  const notes: string[] = [];
  let unreadable = 0;
  let withheld = 0;
  const makeResult = (isComplete: boolean, cutBy?: 'budget' | 'page limit'): ListResult<readonly WaitingJob[]> => {
    return { value: [...jobs.values()], isComplete, cutBy, unreadable, withheld, notes };
  };
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const variables: Variables = { org, n: jobsPerPage, after: after ?? null, clustered: isClustered };
    const answer = await requestPage(api, variables).catch((error: unknown) => {
      if (error instanceof BudgetSpentError && page > 0) return undefined;
      throw error;
    });
    if (answer === undefined) return makeResult(false, 'budget');
    const { data, errors } = answer;
    if (data.organization === null) throw new InvisibleOrganizationError(errors[0]);
    append(notes, errors);
    const found = parsePage(data.organization.jobs, BacklogJob);
    unreadable += found.unreadable;
    withheld += found.withheld;
    // Jobs move between pages while they are read: each is taken once.
    for (const job of found.nodes) {
      const waiting = mapWaitingJob(job);
      if (waiting !== undefined) jobs.set(job.uuid, waiting);
    }
    after = found.next;
    // An error beside the data, or null, may stand for jobs that are missing.
    if (after === undefined) return makeResult(notes.length === 0 && withheld === 0);
  }
  return makeResult(false, 'page limit');
}

type Variables = Readonly<Record<string, string | number | boolean | null>>;

function requestPage(api: UserApi, variables: Variables): ReturnType<typeof api.requestGraphql<typeof BacklogData>> {
  return api.requestGraphql({ query: backlogQuery, variables, countPoints }, BacklogData);
}

/** Undefined for a state that was not asked for. */
function mapWaitingJob(job: BacklogJob): WaitingJob | undefined {
  const state = mapWaitingState(job.state);
  if (state === undefined) return undefined;
  const { cluster, clusterQueue, agentQueryRules, runnableAt } = job;
  return {
    scope: scopeOf(cluster?.name),
    // A job of a Kubernetes queue has no cluster queue before it is assigned.
    queue: determineQueue(clusterQueue?.key, agentQueryRules ?? []),
    state,
    runnableMs: parseTime(runnableAt),
  };
}

/** A job with its cluster and its queue costs three points, the rest of the query four. */
function countPoints(data: unknown): number {
  return 4 + 3 * (JSON.stringify(data).match(/"uuid":/g)?.length ?? 0);
}
