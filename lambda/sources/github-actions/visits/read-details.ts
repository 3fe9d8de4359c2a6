/** Reads what the lists of runs do not tell: jobs of ended and open runs, approvals, and deployments. */
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { readApprovals, selectUnreadApprovals } from '../approvals/read-approvals.ts';
import { readDeployments, selectDueDeployments } from '../deployments/read-deployments.ts';
import { countJobList, selectJobLists } from '../jobs/job-lists.ts';
import { refreshJobs, selectOpenRuns } from '../jobs/open-jobs.ts';
import { buildRunKey } from '../runs/interpret-run.ts';
import type { OpenRunState } from '../runs/open-run.ts';
import type { Repository } from '../runs/repository.ts';
import { jobListStream, jobStream } from '../runs/streams.ts';
import type { TickProblems } from '../problems.ts';
import { canGoOn, type Crawl, type CrawlContext, requestsAtOnce, toldForMs } from './crawl-state.ts';

export async function countJobLists(state: Crawl, context: CrawlContext, hasRead: boolean): Promise<void> {
  const { ledger, tickProblems, api, source, identify, names } = context;
  if (state.visits === 0 && ledger.isNew) return;
  const todo = selectJobLists(ledger, source);
  await mapConcurrently(todo, requestsAtOnce, async (list) => {
    const repository = state.discovery.repositories.get(list.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      await countJobList(list, {
        api,
        ledger,
        names,
        identity: identify(repository),
        ...reportElements(tickProblems, 'jobs'),
      });
    } catch (error) {
      tickProblems.add(error, 'runs');
    }
  });
  // What is to be done is the open set; the watermarks only let the keys of what was done be forgotten.
  if (state.visits === 0 && !hasRead) return;
  ledger.noteComplete(jobListStream);
  ledger.noteComplete(jobStream);
}

function reportElements(
  tickProblems: TickProblems,
  what: string,
): {
  readonly countUnreadable: (count: number) => void;
  readonly report: TickProblems['report'];
} {
  return {
    countUnreadable: (count) => {
      tickProblems.countUnreadable(count, what);
    },
    report: tickProblems.report,
  };
}

/** Those that must be read, and with requests to spare those whose jobs nobody tells. */
export async function readJobsOfOpenRuns(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, budget, tickProblems, ledger, names, identify, inbox } = context;
  const { repositories } = state.discovery;
  const chosen = selectOpenRuns([...state.open.values()].flat(), {
    nowMs: ledger.tickMs,
    spare: Math.floor(budget.spare()),
    isTold: (run) => inbox !== undefined && ledger.tickMs - (repositories.get(run.repository)?.toldMs ?? 0) < toldForMs,
  });
  await mapConcurrently(chosen, requestsAtOnce, async (run) => {
    const repository = repositories.get(run.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      const read = await refreshJobs(run, {
        api,
        ledger,
        names,
        identity: identify(repository),
        ...reportElements(tickProblems, 'jobs'),
      });
      replaceRun(state, read);
    } catch (error) {
      // Between the two requests it may have been deleted; the next visit shows it.
      if (!(error instanceof HttpStatusError) || error.status !== 404) tickProblems.add(error, 'runs');
    }
  });
}

/** A request for each time that a run begins to wait. */
export async function readWaitingApprovals(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, ledger, tickProblems } = context;
  const chosen = selectUnreadApprovals([...state.open.values()].flat(), ledger.tickMs);
  const { countUnreadable } = reportElements(tickProblems, 'approvals');
  await mapConcurrently(chosen, requestsAtOnce, async (run) => {
    const repository = state.discovery.repositories.get(run.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      const { fullName } = repository;
      replaceRun(state, await readApprovals(run, fullName, { api, nowMs: ledger.tickMs, countUnreadable }));
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 404) tickProblems.add(error, 'runs');
    }
  });
}

function replaceRun({ open }: Crawl, run: OpenRunState): void {
  const others = (open.get(run.repository) ?? []).filter((one) => buildRunKey(one) !== buildRunKey(run));
  open.set(run.repository, [...others, run]);
}

export function findDueDeployments(
  { discovery: { repositories }, deploymentLooks }: Crawl,
  context: CrawlContext,
): readonly Repository[] {
  const { ledger, hasDeployments } = context;
  const chosen = [...repositories.values()].filter(({ fullName }) => hasDeployments(fullName));
  return selectDueDeployments(chosen, deploymentLooks, ledger.tickMs);
}

/** After everything that is about runs, with what these have left for it. */
export async function readDueDeployments(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, ledger, tickProblems, identify } = context;
  for (const repository of findDueDeployments(state, context)) {
    if (!canGoOn(context)) return;
    const identity = identify(repository);
    try {
      await readDeployments(repository, { api, ledger, identity, ...reportElements(tickProblems, 'deployments') });
      state.deploymentLooks.set(repository.id, ledger.tickMs);
    } catch (error) {
      if (error instanceof BudgetSpentError) return;
      // One that is refused must not be the first of every tick; a refusal of the credential says nothing of it.
      if (error instanceof HttpStatusError && error.status !== 401 && error.status !== 429)
        state.deploymentLooks.set(repository.id, ledger.tickMs);
      tickProblems.add(error, 'deployments');
    }
  }
}
