import type { Ledger } from '../../../counters/ledger.ts';
import type { Inbox } from '../../../events/inbox.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { type ApiContext, BudgetSpentError } from '../api/client.ts';
import { shares } from '../budget/rate.ts';
import type { CrawlBudget } from '../budget/tick-budget.ts';
import { discover, type DiscoverContext, type Discovery, probe } from './discover.ts';
import { applyHints, type EventReading, noEvents, takeEvents } from './hints.ts';
import { isHeld } from '../runs/held-runs.ts';
import { lookAt, type LookContext } from './visit.ts';
import { checkMissing } from './missing-repositories.ts';
import { type OpenState, recallCrawl, rememberCrawl, type Repository } from './remembered.ts';
import { eventsTaken } from '../metrics.ts';
import { openSteps } from '../steps/open-steps.ts';
import type { PageCache } from '../api/page-cache.ts';
import { planLooks } from './plan-visits.ts';
import { deploymentsDue, readDeployments } from '../deployments/read-deployments.ts';
import { addStepLists, countHeldSteps, countSteps, readSteps, stepListsToDo, type ToDo } from '../steps/read-steps.ts';
import { discoveryEveryMs, isProbeWorthwhile, probeEveryMs } from '../budget/intervals.ts';
import type { RunPlace } from '../runs/finish.ts';
import type { RepositoryRecord } from '../api/schema.ts';
import type { Faults } from '../problems.ts';
import { stepLists } from '../runs/streams.ts';

/** Bitbucket answers in a few hundred milliseconds; more at once only makes a refusal come sooner. */
const requestsAtOnce = 4;

export interface CrawlContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly budget: CrawlBudget;
  readonly deadline: Deadline;
  readonly faults: Faults;
  readonly pages: PageCache;
  readonly workspace: string;
  readonly steps: 'read' | 'leave';
  readonly stuckAfterMs: number;
  readonly isSelected: (record: RepositoryRecord) => boolean;
  /** Absent where no webhook is configured or deployed. */
  readonly inbox: Inbox | undefined;
  readonly hasDeployments: (slug: string) => boolean;
  /** Called when the repositories are known and requests are left: what is asked after the looks may never have its turn. */
  readonly whenFound: (repositories: ReadonlyMap<string, Repository>) => Promise<void>;
  readonly placeOf: (repository: Pick<Repository, 'slug' | 'mainBranch'>) => RunPlace;
}

export interface Crawled {
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenState[];
  /** Repositories that were looked at in this tick. */
  readonly looks: number;
}

interface Crawl {
  readonly discovery: Discovery;
  open: Map<string, readonly OpenState[]>;
  looks: number;
  /** Requests that the looks and the steps leave to deployments. */
  kept: number;
}

/** The part of a tick that follows the repositories; leaves in memory where the next tick goes on. */
export async function crawl(context: CrawlContext): Promise<Crawled> {
  const { ledger } = context;
  const { repositories, open, rhythm } = recallCrawl(ledger);
  const state: Crawl = {
    discovery: { repositories: new Map(repositories), rhythm },
    open: new Map(Map.groupBy(open, ({ repository }) => repository)),
    looks: 0,
    kept: 0,
  };
  const events = await readEvents(context);
  await findRepositories(state, context, events);
  applyHints(state.discovery.repositories, events.hints);
  await context.whenFound(state.discovery.repositories);
  await lookAround(state, context);
  if (context.steps === 'read') {
    await countStepLists(state, context);
    await countHeldRuns(state, context);
    await readOpenSteps(state, context);
  }
  await lookAtDeployments(state, context);
  const known = state.discovery.repositories;
  const stillOpen = [...state.open].flatMap(([id, runs]) => (known.has(id) ? runs : []));
  rememberCrawl(ledger, { repositories: known, open: stillOpen, rhythm: state.discovery.rhythm });
  return { repositories: known, open: stillOpen, looks: state.looks };
}

/** Whether another request can be of use in this tick, and is not kept for something else. */
function canGoOn({ deadline, faults, budget }: CrawlContext, kept = 0): boolean {
  return !deadline.signal.aborted && !faults.isHopeless() && budget.left() > kept;
}

async function readEvents({ deadline, faults, inbox, ledger, placeOf }: CrawlContext): Promise<EventReading> {
  if (inbox === undefined) return noEvents;
  const { source } = placeOf({ slug: '', mainBranch: '' });
  const events = await takeEvents(inbox, `bitbucket-pipelines/${source}`, deadline.signal);
  for (const problem of events.problems) faults.note(problem);
  ledger.count(eventsTaken, { system: 'bitbucket', source }, events.count);
  ledger.afterSave(events.remove);
  return events;
}

async function findRepositories({ discovery }: Crawl, context: CrawlContext, events: EventReading): Promise<void> {
  const { faults } = context;
  const discovering: DiscoverContext = {
    ...context,
    unreadable: (count) => {
      faults.unreadable(count, 'repositories');
    },
    tell: faults.tell,
  };
  const isProbeNow = isProbeDue(discovery, context, events);
  try {
    if (canGoOn(context)) await checkMissing(discovery.repositories, discovery.rhythm, context);
    if (isListDue(discovery, context) && canGoOn(context)) await discover(discovery, discovering);
    if (isProbeNow && canGoOn(context)) await probe(discovery, discovering);
  } catch (error) {
    faults.add(error, 'repositories');
  }
}

function isListDue({ repositories, rhythm }: Discovery, { ledger, budget }: CrawlContext): boolean {
  if (rhythm.page !== undefined || rhythm.discoveredMs === 0) return true;
  return ledger.tickMs - rhythm.discoveredMs >= discoveryEveryMs(repositories.size, budget.perHour);
}

function isProbeDue(
  { repositories, rhythm }: Discovery,
  { ledger, budget }: CrawlContext,
  { hints }: EventReading,
): boolean {
  if (hints.some(({ is }) => is === 'repositories')) return true;
  if (!isProbeWorthwhile(repositories.size, budget.perHour)) return false;
  return ledger.tickMs - rhythm.probedMs >= probeEveryMs(budget.perHour);
}

async function lookAround(state: Crawl, context: CrawlContext): Promise<void> {
  const { ledger, budget, steps, faults } = context;
  const { repositories } = state.discovery;
  const ended = steps === 'read' ? ledger.open(stepLists).length : 0;
  const left = budget.left();
  state.kept = Math.min(dueDeployments(state, context).length, Math.ceil(left * shares.deployments));
  const most = left - state.kept - Math.min(ended, Math.floor(left * shares.steps));
  const looks = planLooks([...repositories.values()], ledger.tickMs, { most, spare: budget.spare() });
  const looking: LookContext = {
    ...context,
    unreadable: (count) => {
      faults.unreadable(count, 'runs');
    },
    tell: faults.tell,
  };
  await mapConcurrently(looks, requestsAtOnce, async (repository) => {
    if (canGoOn(context)) await lookOnce(repository, state, context, looking);
  });
}

async function lookOnce(
  repository: Repository,
  state: Crawl,
  context: CrawlContext,
  looking: LookContext,
): Promise<void> {
  const { ledger, faults, placeOf, steps } = context;
  const { repositories } = state.discovery;
  const known = state.open.get(repository.id) ?? [];
  try {
    const looked = await lookAt(repository, placeOf(repository), known, looking);
    if (looked === undefined) return;
    repositories.set(repository.id, looked.repository);
    state.open.set(repository.id, looked.open);
    state.looks += 1;
    if (steps === 'read')
      addStepLists(
        ledger,
        repository.id,
        looked.ended.filter(({ hasSteps }) => hasSteps),
        known,
      );
  } catch (error) {
    // One that is refused must not be the first of every tick; a refusal of the credential says nothing of it.
    if (error instanceof HttpStatusError && error.status !== 401 && error.status !== 429)
      repositories.set(repository.id, { ...repository, lookedMs: ledger.tickMs, toldMs: undefined });
    faults.add(error, 'pipelines');
  }
}

async function countStepLists(state: Crawl, context: CrawlContext): Promise<void> {
  const { ledger, faults, api } = context;
  const unreadable = (count: number): void => {
    faults.unreadable(count, 'steps');
  };
  if (state.looks === 0 && ledger.isNew) return;
  const todo = stepListsToDo(ledger, context.placeOf({ slug: '', mainBranch: '' }).source);
  await mapConcurrently(todo, requestsAtOnce, async (item: ToDo) => {
    const repository = state.discovery.repositories.get(item.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      await countSteps(item, context.placeOf(repository), ledger, { api, unreadable });
    } catch (error) {
      faults.add(error, 'pipelines');
    }
  });
  // What is to be done is the open set; the watermark only lets the keys of what was done be forgotten.
  if (state.looks > 0) ledger.readCompletely(stepLists);
}

/** Once for each time that a run begins to wait for a person. */
async function countHeldRuns(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, faults, ledger, placeOf } = context;
  const unreadable = (count: number): void => {
    faults.unreadable(count, 'steps');
  };
  const held = [...state.open.values()].flat().filter((run) => isHeld(run) && run.counted?.isRead !== true);
  const read = new Map<string, OpenState>();
  await mapConcurrently(held, requestsAtOnce, async (run) => {
    const repository = state.discovery.repositories.get(run.repository);
    if (repository === undefined || !canGoOn(context, state.kept)) return;
    try {
      read.set(run.id, await countHeldSteps(run, placeOf(repository), ledger, { api, unreadable }));
    } catch (error) {
      // Between the two requests it may have been deleted; the next look tells.
      if (!(error instanceof HttpStatusError) || error.status !== 404) faults.add(error, 'pipelines');
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
  const { api, budget, faults, ledger, workspace } = context;
  const runs = [...state.open.values()]
    .flat()
    .filter(({ phase }) => phase === 'running' || phase === 'pending')
    .sort((a, b) => (a.stepsMs ?? 0) - (b.stepsMs ?? 0));
  const chosen = runs.slice(0, Math.max(0, Math.floor(budget.spare())));
  const unreadable = (count: number): void => {
    faults.unreadable(count, 'steps');
  };
  const read = new Map<string, OpenState>();
  await mapConcurrently(chosen, requestsAtOnce, async (run) => {
    if (!canGoOn(context, state.kept)) return;
    try {
      const records = await readSteps(workspace, run, { api, unreadable });
      read.set(run.id, { ...run, steps: [...openSteps(run, records)], stepsMs: ledger.tickMs });
    } catch (error) {
      // Between the two requests it may have been deleted; the next look tells.
      if (!(error instanceof HttpStatusError) || error.status !== 404) faults.add(error, 'pipelines');
    }
  });
  keepRead(state, read);
}

function dueDeployments({ discovery: { repositories } }: Crawl, context: CrawlContext): readonly Repository[] {
  const { ledger, hasDeployments } = context;
  return deploymentsDue(
    [...repositories.values()].filter(({ slug }) => hasDeployments(slug)),
    ledger.tickMs,
  );
}

/** After everything that is about builds, with what these have left for it. */
async function lookAtDeployments(state: Crawl, context: CrawlContext): Promise<void> {
  const { api, ledger, faults, placeOf } = context;
  const { repositories } = state.discovery;
  const reading = {
    api,
    ledger,
    unreadable: (count: number): void => {
      faults.unreadable(count, 'deployments');
    },
    tell: faults.tell,
  };
  for (const repository of dueDeployments(state, context)) {
    if (!canGoOn(context)) return;
    try {
      await readDeployments(repository, placeOf(repository), reading);
      repositories.set(repository.id, { ...repository, deploymentsMs: ledger.tickMs });
    } catch (error) {
      if (error instanceof BudgetSpentError) return;
      if (error instanceof HttpStatusError && error.status !== 401 && error.status !== 429)
        repositories.set(repository.id, { ...repository, deploymentsMs: ledger.tickMs });
      faults.add(error, 'deployments');
    }
  }
}
