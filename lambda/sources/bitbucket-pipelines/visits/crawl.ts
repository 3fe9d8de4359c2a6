/** The part of a tick that follows repositories: find them, visit those that are due, read what is open. */
import type { Ledger } from '../../../counters/ledger.ts';
import type { Inbox } from '../../../events/inbox.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import type { ApiContext } from '../api/client.ts';
import { shares } from '../../../crawl/rate.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import { discover, type DiscoverContext, type Discovery, probe } from './discover.ts';
import { applyHints, type EventReading, noEvents, takeEvents } from './hints.ts';
import { isHeld } from '../runs/states.ts';
import { visitRepository, type VisitContext } from './visit.ts';
import { checkMissing } from './missing-repositories.ts';
import type { OpenState } from '../runs/open-state.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import { recallCrawl, rememberCrawl } from './remembered.ts';
import { eventsTaken } from '../../../model/catalogue/crawl-metrics.ts';
import { mapOpenSteps } from '../steps/open-steps.ts';
import type { RunPages } from '../runs/list-runs.ts';
import { planVisits } from '../../../crawl/plan-visits.ts';
import { selectDueDeployments, readDeployments } from '../deployments/read-deployments.ts';
import {
  addStepLists,
  countHeldSteps,
  countSteps,
  readSteps,
  selectPendingSteps,
  type PendingSteps,
} from '../steps/read-steps.ts';
import { computeDiscoveryInterval, isProbeWorthwhile, computeProbeInterval } from '../../../crawl/intervals.ts';
import type { FollowedRepository } from '../runs/finish.ts';
import type { RepositoryRecord } from '../api/schema.ts';
import type { TickProblems } from '../problems.ts';
import { stepListStream } from '../runs/streams.ts';

/** Bitbucket answers in a few hundred milliseconds; more at once only makes a refusal come sooner. */
const requestsAtOnce = 4;

export interface CrawlContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly budget: TickBudget;
  readonly deadline: Deadline;
  readonly tickProblems: TickProblems;
  readonly pages: RunPages;
  readonly workspace: string;
  readonly steps: 'read' | 'leave';
  readonly stuckAfterMs: number;
  readonly isSelected: (record: RepositoryRecord) => boolean;
  /** Absent where no webhook is configured or deployed. */
  readonly inbox: Inbox | undefined;
  readonly hasDeployments: (slug: string) => boolean;
  /** Called when the repositories are known and requests are left; after the visits there may be none. */
  readonly whenFound: (repositories: ReadonlyMap<string, Repository>) => Promise<void>;
  readonly identify: (repository: Pick<Repository, 'slug' | 'mainBranch'>) => FollowedRepository;
}

export interface Crawled {
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenState[];
  /** Repositories that were visited in this tick. */
  readonly visits: number;
}

interface Crawl {
  readonly discovery: Discovery;
  open: Map<string, readonly OpenState[]>;
  visits: number;
  /** Requests that the visits and the steps leave to deployments. */
  kept: number;
}

/** The part of a tick that follows the repositories; leaves in memory where the next tick goes on. */
export async function crawl(context: CrawlContext): Promise<Crawled> {
  const { ledger } = context;
  const { repositories, open, rhythm } = recallCrawl(ledger);
  const state: Crawl = {
    discovery: { repositories: new Map(repositories), rhythm },
    open: new Map(Map.groupBy(open, ({ repository }) => repository)),
    visits: 0,
    kept: 0,
  };
  const events = await readEvents(context);
  await findRepositories(state, context, events);
  applyHints(state.discovery.repositories, events.hints);
  await context.whenFound(state.discovery.repositories);
  await visitRepositories(state, context);
  if (context.steps === 'read') {
    await countStepLists(state, context);
    await countHeldRuns(state, context);
    await readOpenSteps(state, context);
  }
  await readDueDeployments(state, context);
  const known = state.discovery.repositories;
  const stillOpen = [...state.open].flatMap(([id, runs]) => (known.has(id) ? runs : []));
  rememberCrawl(ledger, { repositories: known, open: stillOpen, rhythm: state.discovery.rhythm });
  return { repositories: known, open: stillOpen, visits: state.visits };
}

/** Whether another request can be of use in this tick, and is not kept for something else. */
function canGoOn({ deadline, tickProblems, budget }: CrawlContext, kept = 0): boolean {
  return !deadline.signal.aborted && !tickProblems.isHopeless() && budget.countLeft() > kept;
}

async function readEvents({ deadline, tickProblems, inbox, ledger, identify }: CrawlContext): Promise<EventReading> {
  if (inbox === undefined) return noEvents;
  const { source } = identify({ slug: '', mainBranch: '' });
  const events = await takeEvents(inbox, `bitbucket-pipelines/${source}`, deadline.signal);
  for (const problem of events.problems) tickProblems.note(problem);
  ledger.count(eventsTaken, { system: 'bitbucket', source }, events.count);
  ledger.deferUntilSaved(events.remove);
  return events;
}

async function findRepositories({ discovery }: Crawl, context: CrawlContext, events: EventReading): Promise<void> {
  const { tickProblems } = context;
  const discoverContext: DiscoverContext = {
    ...context,
    countUnreadable: (count) => {
      tickProblems.countUnreadable(count, 'repositories');
    },
    report: tickProblems.report,
  };
  const isProbeNow = isProbeDue(discovery, context, events);
  try {
    if (canGoOn(context)) await checkMissing(discovery.repositories, discovery.rhythm, context);
    if (isListDue(discovery, context) && canGoOn(context)) await discover(discovery, discoverContext);
    if (isProbeNow && canGoOn(context)) await probe(discovery, discoverContext);
  } catch (error) {
    tickProblems.add(error, 'repositories');
  }
}

function isListDue({ repositories, rhythm }: Discovery, { ledger, budget }: CrawlContext): boolean {
  if (rhythm.page !== undefined || rhythm.discoveredMs === 0) return true;
  return ledger.tickMs - rhythm.discoveredMs >= computeDiscoveryInterval(repositories.size, budget.perHour);
}

function isProbeDue(
  { repositories, rhythm }: Discovery,
  { ledger, budget }: CrawlContext,
  { hints }: EventReading,
): boolean {
  if (hints.some(({ is }) => is === 'repositories')) return true;
  if (!isProbeWorthwhile(repositories.size, budget.perHour)) return false;
  return ledger.tickMs - rhythm.probedMs >= computeProbeInterval(budget.perHour);
}

async function visitRepositories(state: Crawl, context: CrawlContext): Promise<void> {
  const { ledger, budget, steps, tickProblems } = context;
  const { repositories } = state.discovery;
  const ended = steps === 'read' ? ledger.recallOpen(stepListStream).length : 0;
  const left = budget.countLeft();
  state.kept = Math.min(findDueDeployments(state, context).length, Math.ceil(left * shares.deployments));
  const most = left - state.kept - Math.min(ended, Math.floor(left * shares.steps));
  const chosen = planVisits([...repositories.values()], ledger.tickMs, { most, spare: budget.spare() });
  const visitContext: VisitContext = {
    ...context,
    countUnreadable: (count) => {
      tickProblems.countUnreadable(count, 'runs');
    },
    report: tickProblems.report,
  };
  await mapConcurrently(chosen, requestsAtOnce, async (repository) => {
    if (canGoOn(context)) await visitAndKeep(repository, state, context, visitContext);
  });
}

async function visitAndKeep(
  repository: Repository,
  state: Crawl,
  context: CrawlContext,
  visitContext: VisitContext,
): Promise<void> {
  const { ledger, tickProblems, identify, steps } = context;
  const { repositories } = state.discovery;
  const known = state.open.get(repository.id) ?? [];
  try {
    const visited = await visitRepository(repository, identify(repository), known, visitContext);
    if (visited === undefined) return;
    repositories.set(repository.id, visited.repository);
    state.open.set(repository.id, visited.open);
    state.visits += 1;
    if (steps === 'read')
      addStepLists(
        ledger,
        repository.id,
        visited.ended.filter(({ hasSteps }) => hasSteps),
        known,
      );
  } catch (error) {
    // One that is refused must not be the first of every tick; a refusal of the credential says nothing of it.
    if (error instanceof HttpStatusError && error.status !== 401 && error.status !== 429)
      repositories.set(repository.id, { ...repository, visitedMs: ledger.tickMs, hintedMs: undefined });
    tickProblems.add(error, 'pipelines');
  }
}

async function countStepLists(state: Crawl, context: CrawlContext): Promise<void> {
  const { ledger, tickProblems, api } = context;
  const countUnreadable = (count: number): void => {
    tickProblems.countUnreadable(count, 'steps');
  };
  if (state.visits === 0 && ledger.isNew) return;
  const todo = selectPendingSteps(ledger, context.identify({ slug: '', mainBranch: '' }).source);
  await mapConcurrently(todo, requestsAtOnce, async (item: PendingSteps) => {
    const repository = state.discovery.repositories.get(item.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      await countSteps(item, context.identify(repository), ledger, { api, countUnreadable });
    } catch (error) {
      tickProblems.add(error, 'pipelines');
    }
  });
  // What is to be done is the open set; the watermark only lets the keys of what was done be forgotten.
  if (state.visits > 0) ledger.noteComplete(stepListStream);
}

/** Once for each time that a run begins to wait for a person. */
async function countHeldRuns(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, tickProblems, ledger, identify } = context;
  const countUnreadable = (count: number): void => {
    tickProblems.countUnreadable(count, 'steps');
  };
  const held = [...state.open.values()].flat().filter((run) => isHeld(run) && run.counted?.isRead !== true);
  const read = new Map<string, OpenState>();
  await mapConcurrently(held, requestsAtOnce, async (run) => {
    const repository = state.discovery.repositories.get(run.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      read.set(run.id, await countHeldSteps(run, identify(repository), ledger, { api, countUnreadable }));
    } catch (error) {
      // Between the two requests it may have been deleted; the next visit shows it.
      if (!(error instanceof HttpStatusError) || error.status !== 404) tickProblems.add(error, 'pipelines');
    }
  });
  keepRead(state, read);
}

function keepRead(state: Crawl, read: ReadonlyMap<string, OpenState>): void {
  for (const [id, open] of state.open)
    state.open.set(
      id,
      open.map((run) => read.get(run.id) ?? run),
    );
}

/** With requests to spare only: the state of a run tells roughly the same for nothing. */
async function readOpenSteps(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, budget, tickProblems, ledger, workspace } = context;
  const runs = [...state.open.values()]
    .flat()
    .filter(({ phase }) => phase === 'running' || phase === 'pending')
    .sort((a, b) => (a.stepsMs ?? 0) - (b.stepsMs ?? 0));
  const chosen = runs.slice(0, Math.max(0, Math.floor(budget.spare())));
  const countUnreadable = (count: number): void => {
    tickProblems.countUnreadable(count, 'steps');
  };
  const read = new Map<string, OpenState>();
  await mapConcurrently(chosen, requestsAtOnce, async (run) => {
    if (!canGoOn(context, state.kept)) return;
    try {
      const records = await readSteps(workspace, run, { api, countUnreadable });
      read.set(run.id, { ...run, steps: [...mapOpenSteps(run, records)], stepsMs: ledger.tickMs });
    } catch (error) {
      // Between the two requests it may have been deleted; the next visit shows it.
      if (!(error instanceof HttpStatusError) || error.status !== 404) tickProblems.add(error, 'pipelines');
    }
  });
  keepRead(state, read);
}

function findDueDeployments({ discovery: { repositories } }: Crawl, context: CrawlContext): readonly Repository[] {
  const { ledger, hasDeployments } = context;
  return selectDueDeployments(
    [...repositories.values()].filter(({ slug }) => hasDeployments(slug)),
    ledger.tickMs,
  );
}

/** After everything that is about builds, with what these have left for it. */
async function readDueDeployments(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, ledger, tickProblems, identify } = context;
  const { repositories } = state.discovery;
  const reading = {
    api,
    ledger,
    countUnreadable: (count: number): void => {
      tickProblems.countUnreadable(count, 'deployments');
    },
    report: tickProblems.report,
  };
  for (const repository of findDueDeployments(state, context)) {
    if (!canGoOn(context)) return;
    try {
      await readDeployments(repository, identify(repository), reading);
      repositories.set(repository.id, { ...repository, deploymentsMs: ledger.tickMs });
    } catch (error) {
      if (error instanceof BudgetSpentError) return;
      if (error instanceof HttpStatusError && error.status !== 401 && error.status !== 429)
        repositories.set(repository.id, { ...repository, deploymentsMs: ledger.tickMs });
      tickProblems.add(error, 'deployments');
    }
  }
}
