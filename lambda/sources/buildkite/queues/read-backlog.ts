/** Reads the jobs that wait for a worker by GraphQL, page by page. */
import { append } from '../../../model/lists/append.ts';
import { pageOf } from '../user-api/graphql-page.ts';
import { backlogQuery, jobsPerPage } from '../user-api/graphql-queries.ts';
import { BacklogData, BacklogJob } from '../user-api/graphql-schema.ts';
import { InvisibleOrganizationError, type Part } from '../user-api/list-result.ts';
import { queueByRule, scopeOf } from './queue-names.ts';
import { type WaitingState, waitingStateOf } from '../builds/states.ts';
import { timeOf } from '../user-api/times.ts';
import { QuotaSpentError, type UserApi } from '../user-api/client.ts';

/** A job that waits for a worker, or is held back by a limit. */
export interface WaitingJob {
  readonly scope: string;
  readonly queue: string;
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
): Promise<Part<readonly WaitingJob[]>> {
  const jobs = new Map<string, WaitingJob>();
  const notes: string[] = [];
  let unreadable = 0;
  let withheld = 0;
  const part = (isComplete: boolean): Part<readonly WaitingJob[]> => {
    return { value: [...jobs.values()], isComplete, unreadable, withheld, notes };
  };
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const variables: Variables = { org, n: jobsPerPage, after: after ?? null, clustered: isClustered };
    const answer = await askForPage(api, variables).catch((error: unknown) => {
      if (error instanceof QuotaSpentError && page > 0) return undefined;
      throw error;
    });
    if (answer === undefined) return part(false);
    const { data, errors } = answer;
    if (data.organization === null) throw new InvisibleOrganizationError(errors[0]);
    append(notes, errors);
    const found = pageOf(data.organization.jobs, BacklogJob);
    unreadable += found.unreadable;
    withheld += found.withheld;
    // Jobs move between pages while they are read: each is taken once.
    for (const job of found.nodes) {
      const waiting = waitingJob(job);
      if (waiting !== undefined) jobs.set(job.uuid, waiting);
    }
    after = found.next;
    // An error beside the data, or null, may stand for jobs that are missing.
    if (after === undefined) return part(notes.length === 0 && withheld === 0);
  }
  return part(false);
}

type Variables = Readonly<Record<string, string | number | boolean | null>>;

function askForPage(api: UserApi, variables: Variables): ReturnType<typeof api.graphql<typeof BacklogData>> {
  return api.graphql({ query: backlogQuery, variables, points }, BacklogData);
}

/** Undefined for a state that was not asked for. */
function waitingJob(job: BacklogJob): WaitingJob | undefined {
  const state = waitingStateOf(job.state);
  if (state === undefined) return undefined;
  const { cluster, clusterQueue, agentQueryRules, runnableAt } = job;
  return {
    scope: scopeOf(cluster?.name),
    // A job of a Kubernetes queue has no cluster queue before it is assigned.
    queue: queueByRule(clusterQueue?.key, agentQueryRules ?? []),
    state,
    runnableMs: timeOf(runnableAt),
  };
}

/** A job with its cluster and its queue costs three points, the rest of the query four. */
function points(data: unknown): number {
  return 4 + 3 * (JSON.stringify(data).match(/"uuid":/g)?.length ?? 0);
}
