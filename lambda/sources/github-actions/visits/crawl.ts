/** The part of a tick that follows repositories: take events, find repositories, visit those that are due, read jobs. */
import { minuteMs } from '../../../model/time.ts';
import { computeDiscoveryInterval, computeProbeInterval, isProbeWorthwhile } from '../../../crawl/intervals.ts';
import { planVisits } from '../../../crawl/plan-visits.ts';
import { shares } from '../../../crawl/rate.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { eventsTaken } from '../../../model/catalogue/crawl-metrics.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { recallDeploymentLooks, rememberDeploymentLooks } from '../deployments/read-deployments.ts';
import { addJobLists } from '../jobs/job-lists.ts';
import type { OpenRunState } from '../runs/open-run.ts';
import type { Repository } from '../runs/repository.ts';
import { jobListStream } from '../runs/streams.ts';
import { applyEvents } from './apply-events.ts';
import { discover, type DiscoverContext, type Discovery, probe } from './discover.ts';
import { checkMissing } from './missing-repositories.ts';
import { recallCrawl, rememberCrawl } from './remembered.ts';
import { type EventReading, noEvents, takeEvents } from './take-events.ts';
import { visitRepository, type VisitContext } from './visit.ts';
import { canGoOn, type Crawl, type CrawlContext, requestsAtOnce, toldForMs } from './crawl-state.ts';
import {
  countJobLists,
  findDueDeployments,
  readDueDeployments,
  readJobsOfOpenRuns,
  readWaitingApprovals,
} from './read-details.ts';

export interface Crawled {
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly open: readonly OpenRunState[];
  /** Repositories that were visited in this tick. */
  readonly visits: number;
}

/** The part of a tick that follows the repositories; leaves in memory where the next tick goes on. */
export async function crawl(context: CrawlContext): Promise<Crawled> {
  const { ledger } = context;
  const { repositories, open, rhythm } = recallCrawl(ledger);
  const state: Crawl = {
    discovery: { repositories: new Map(repositories), rhythm },
    open: new Map(Map.groupBy(open, ({ repository }) => repository)),
    visits: 0,
    deploymentLooks: new Map(Object.entries(recallDeploymentLooks(ledger))),
    kept: 0,
  };
  const events = await readEvents(context);
  await findRepositories(state, context, events);
  applyEvents({ repositories: state.discovery.repositories, open: state.open }, events.events, context);
  await context.whenFound();
  await visitRepositories(state, context);
  if (context.jobs === 'read') {
    await countJobLists(state, context, events.count > 0);
    await readJobsOfOpenRuns(state, context);
  }
  await readWaitingApprovals(state, context);
  await readDueDeployments(state, context);
  const known = state.discovery.repositories;
  const stillOpen = [...state.open].flatMap(([id, runs]) => (known.has(id) ? runs : []));
  rememberDeploymentLooks(ledger, state.deploymentLooks, known);
  rememberCrawl(ledger, { repositories: known, open: stillOpen, rhythm: state.discovery.rhythm });
  return { repositories: known, open: stillOpen, visits: state.visits };
}

async function readEvents({ deadline, tickProblems, inbox, ledger, source }: CrawlContext): Promise<EventReading> {
  if (inbox === undefined) return noEvents;
  const events = await takeEvents(inbox, `github-actions/${source}`, deadline.signal);
  for (const problem of events.problems) tickProblems.note(problem);
  ledger.count(eventsTaken, { system: 'github', source }, events.count);
  ledger.deferUntilSaved(events.remove);
  return events;
}

async function findRepositories(state: Crawl, context: CrawlContext, events: EventReading): Promise<void> {
  const { discovery } = state;
  const { tickProblems } = context;
  const discoverContext: DiscoverContext = {
    ...context,
    countUnreadable: (count) => {
      tickProblems.countUnreadable(count, 'repositories');
    },
    report: tickProblems.report,
  };
  try {
    if (canGoOn(context)) await checkMissing(discovery, discoverContext);
    if (isListDue(discovery, context, events) && canGoOn(context)) await discover(discovery, discoverContext);
    if (isProbeDue(discovery, context) && canGoOn(context)) await probe(discovery, discoverContext);
  } catch (error) {
    tickProblems.add(error, 'repositories');
  }
}

/** However often events say that the list has changed. */
const leastDiscoveryMs = 5 * minuteMs;

function isListDue(
  { repositories, rhythm }: Discovery,
  { ledger, budget }: CrawlContext,
  { events }: EventReading,
): boolean {
  if (rhythm.page !== undefined || rhythm.discoveredMs === 0) return true;
  const agoMs = ledger.tickMs - rhythm.discoveredMs;
  const hasChanged =
    events.some(({ is }) => is === 'repositories') ||
    [...repositories.values()].some(isNewlyUnseen(rhythm.discoveredMs));
  if (hasChanged && agoMs >= leastDiscoveryMs) return true;
  return agoMs >= computeDiscoveryInterval(repositories.size, budget.perHour);
}

/** Its runs answer 404, and the list was not read since. */
function isNewlyUnseen(discoveredMs: number): (repository: Repository) => boolean {
  return ({ unseenMs }) => unseenMs > discoveredMs;
}

function isProbeDue({ repositories, rhythm }: Discovery, { ledger, budget, inbox }: CrawlContext): boolean {
  // A webhook tells of the run that a push starts.
  if (inbox !== undefined || !isProbeWorthwhile(repositories.size, budget.perHour)) return false;
  return ledger.tickMs - rhythm.probedMs >= computeProbeInterval(budget.perHour);
}

async function visitRepositories(state: Crawl, context: CrawlContext): Promise<void> {
  const { ledger, budget, jobs, tickProblems, inbox } = context;
  const { repositories } = state.discovery;
  const ended = jobs === 'read' ? ledger.recallOpen(jobListStream).length : 0;
  const left = budget.countLeft();
  state.kept = Math.min(2 * findDueDeployments(state, context).length, Math.ceil(left * shares.deployments));
  const most = left - state.kept - Math.min(ended, Math.floor(left * shares.steps));
  const candidates = [...repositories.values()].map((repository) => describeForPlan(repository, context));
  const chosen = planVisits(candidates, ledger.tickMs, { most, spare: inbox === undefined ? budget.spare() : 0 });
  const visitContext: VisitContext = {
    ...context,
    hasEvents: inbox !== undefined,
    countUnreadable: (count) => {
      tickProblems.countUnreadable(count, 'runs');
    },
    report: tickProblems.report,
  };
  await mapConcurrently(chosen, requestsAtOnce, async ({ id }) => {
    const repository = repositories.get(id);
    if (repository !== undefined && canGoOn(context)) await visitAndKeep(repository, state, context, visitContext);
  });
}

/** Events tell of what is open, so that it is not looked at for their sake. */
function describeForPlan(repository: Repository, { ledger, inbox }: CrawlContext): Repository {
  const isTold = inbox !== undefined && ledger.tickMs - repository.toldMs < toldForMs;
  return isTold ? { ...repository, open: { moving: 0, held: 0 } } : repository;
}

async function visitAndKeep(
  repository: Repository,
  state: Crawl,
  context: CrawlContext,
  visitContext: VisitContext,
): Promise<void> {
  const { ledger, tickProblems, identify, jobs } = context;
  const { repositories } = state.discovery;
  const known = state.open.get(repository.id) ?? [];
  try {
    const visited = await visitRepository(repository, identify(repository), known, visitContext);
    if (visited === 'left out') return;
    state.visits += 1;
    if (visited === 'not to be seen') {
      repositories.set(repository.id, noteUnseen(repository, state.discovery, context));
      return;
    }
    repositories.set(repository.id, visited.repository);
    state.open.set(repository.id, visited.open);
    if (jobs === 'read') addJobLists(ledger, repository.id, visited.ended, known);
  } catch (error) {
    // One that is refused must not be the first of every tick; a refusal of the credential says nothing of it.
    if (error instanceof HttpStatusError && error.status !== 401 && error.status !== 429)
      repositories.set(repository.id, { ...repository, visitedMs: ledger.tickMs, hintedMs: undefined });
    tickProblems.add(error, 'runs');
  }
}

/**
 * 404 is said of what is gone and of what the credential may not read. The list decides: what it does not show any more
 * is forgotten there, and of what it still shows the permission is missing. Nothing is forgotten here.
 */
function noteUnseen(repository: Repository, { rhythm }: Discovery, { ledger, tickProblems }: CrawlContext): Repository {
  const { unseenMs, fullName } = repository;
  if (unseenMs > 0 && rhythm.discoveredMs >= unseenMs)
    tickProblems.report(
      'auth',
      `the runs of ${fullName} answer 404, though the list of repositories shows it: Actions are switched off there, or the credential lacks the repository permission "Actions" (read); grant it, or exclude the repository`,
    );
  return {
    ...repository,
    visitedMs: ledger.tickMs,
    hintedMs: undefined,
    unseenMs: unseenMs > 0 ? unseenMs : ledger.tickMs,
  };
}
