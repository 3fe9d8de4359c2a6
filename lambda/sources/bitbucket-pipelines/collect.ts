/** One collection: opens ledger and budget, visits repositories, reads runners and builds the metrics. */
import { tryOpenLedger } from '../../counters/try-open-ledger.ts';
import { matchAny, matchSelection } from '../../settings/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { sendWithCredentials } from '../../http/auth/credentials.ts';
import type { TlsMaterial } from '../../http/port.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { describeExcess } from '../describe-excess.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import { type Access, createAccess } from './api/access.ts';
import { type AnswerHeaders, watchAnswerHeaders } from './api/answer-headers.ts';
import { BudgetSpentError } from '../../crawl/budget-spent-error.ts';
import type { ApiContext } from './api/client.ts';
import { budgetRules } from './api/budget-rules.ts';
import type { BitbucketPipelinesConfig } from './config.ts';
import { crawl, type CrawlContext } from './visits/crawl.ts';
import { type TickBudget, openTickBudget } from '../../crawl/tick-budget.ts';
import { mapProgress } from '../../crawl/map-progress.ts';
import { mapLevels } from './visits/map-open-runs.ts';
import type { RunPages } from './runs/list-runs.ts';
import { createPageCache } from '../../crawl/page-cache.ts';
import { createBranchLabel } from '../../crawl/branch-label.ts';
import { buildPlan } from '../../crawl/build-table.ts';
import type { Repository } from './runs/remembered-repository.ts';
import { readRunners, openRunnerMemory, type RunnersContext, type RunnersReading } from './runners/read-runners.ts';
import { mapRunners } from './runners/map-runners.ts';
import { buildUnknownStateCount } from './runs/finish.ts';
import { groupRunners, type ScopedRunner, hasKnownWork, countUnknownStatuses } from './runners/runner-levels.ts';
import type { RepositoryRecord } from './api/schema.ts';
import { type TickProblems, collectProblems } from './problems.ts';
import { minuteMs } from '../../model/time.ts';

/** What lives as long as the process; all of it only saves work. */
interface Warm {
  readonly access: Access;
  readonly pages: RunPages;
  /** Scopes that were warned of already. */
  readonly warned: Set<string>;
  /** Of the last tick, for the plan. */
  seen?: { readonly repositories: number; readonly perHour: number };
}

/** Follows the runs of a workspace within its request budget. */
export const createBitbucketPipelines: CreateSource<BitbucketPipelinesConfig> = (config, ports) => {
  const warm: Warm = { access: createAccess(config.auth, ports), pages: createPageCache(), warned: new Set() };
  return {
    collect: (context) => collect(config, ports, warm, context),
    examine: () => describeExcess(`bitbucket-pipelines/${config.name}`, warm.warned),
    plan: () =>
      buildPlan(
        warm.seen?.perHour ?? config.requestsPerHour ?? budgetRules.usualPerHour,
        warm.seen?.repositories,
        'workspace',
      ),
  };
};

async function collect(
  config: BitbucketPipelinesConfig,
  ports: SourcePorts,
  warm: Warm,
  context: CollectContext,
): Promise<Collection> {
  const tickProblems = collectProblems(`bitbucket-pipelines/${config.name}`, warm.access);
  // Without it, runners are still worth reading: they need no memory.
  const { ledger, problems } = await tryOpenLedger(context, `bitbucket-pipelines/${config.name}`);
  for (const problem of problems) tickProblems.note(problem);
  try {
    const families = await sendWithCredentials(
      { tls: config.tls },
      { secrets: ports.secrets },
      context.deadline.signal,
      ({ tls }) => collectWith({ config, ports, warm, tickProblems, ledger, tls, deadline: context.deadline }),
    );
    return { families: families.filter(({ samples }) => samples.length > 0), problems: tickProblems.list() };
  } catch (error) {
    tickProblems.add(error, 'repositories');
    return { families: [], problems: tickProblems.list() };
  }
}

interface Tick {
  readonly config: BitbucketPipelinesConfig;
  readonly ports: SourcePorts;
  readonly warm: Warm;
  readonly tickProblems: TickProblems;
  readonly ledger: Ledger | undefined;
  readonly tls: TlsMaterial | undefined;
  readonly deadline: Deadline;
}

async function collectWith(tick: Tick): Promise<readonly MetricFamily[]> {
  const { config, ledger, tickProblems } = tick;
  const answers = watchAnswerHeaders(config.name, tick.warm.warned, tick.ports.log);
  if (ledger === undefined) return readRunnersWithoutMemory(tick, createApi(tick, undefined, answers));
  const budget = openTickBudget(ledger, { ...budgetRules, configured: config.requestsPerHour });
  if (budget.wasBlocked) tickProblems.note(describeBlock(config));
  const api = createApi(tick, budget, answers);
  let runners: RunnersReading | undefined;
  const crawled = await crawl({
    ...createCrawlContext(tick, ledger, budget, api),
    whenFound: async (repositories) => {
      runners = await readRunnersWhenDue(tick, ledger, api, budget, repositories.values());
    },
  });
  budget.save();
  tick.warm.seen = { repositories: crawled.repositories.size, perHour: budget.perHour };
  const identity = { source: config.name, workspace: config.workspace };
  const progress = mapProgress([...crawled.repositories.values()], crawled.visits, {
    system: 'bitbucket',
    source: config.name,
    tickMs: ledger.tickMs,
  });
  // When nothing answered in this tick, nothing is known of the present.
  if (answers.count() === 0 && tickProblems.list().length > 0) return progress;
  const levels = mapLevels({ ledger, identity, nowMs: tick.ports.clock(), ...crawled });
  return [
    ...progress,
    ...levels.families,
    ...(runners === undefined ? [] : mapRunners(runners, identity, levels.queues)),
    ...answers.families(),
  ];
}

function describeBlock({ name }: BitbucketPipelinesConfig): Problem {
  const message =
    'not asked, because Bitbucket has refused further requests of this credential and is left alone for a while; set requestsPerHour to its share, or look for what else uses it';
  return { kind: 'rate-limited', where: `bitbucket-pipelines/${name}`, message };
}

function createApi(
  { config, ports, warm, tls, deadline }: Tick,
  budget: TickBudget | undefined,
  answers: AnswerHeaders,
): ApiContext {
  const noteAnswer = (headers: Readonly<Record<string, string>>): void => {
    budget?.noteHeaders(headers);
    answers.noteHeaders(headers);
  };
  return {
    http: ports.http,
    access: warm.access,
    endpoint: config.endpoint,
    tls,
    deadline,
    budget,
    onAnswer: noteAnswer,
  };
}

function createCrawlContext(
  tick: Tick,
  ledger: Ledger,
  budget: TickBudget,
  api: ApiContext,
): Omit<CrawlContext, 'whenFound'> {
  const { config, warm, tickProblems, deadline } = tick;
  const { name: source, workspace, steps } = config;
  const branchLabel = createBranchLabel(config.branches ?? []);
  return {
    api,
    ledger,
    budget,
    deadline,
    tickProblems,
    pages: warm.pages,
    workspace,
    steps,
    stuckAfterMs: config.stuckAfterMinutes * minuteMs,
    isSelected: createSelection(config),
    inbox: tick.ports.inbox,
    hasDeployments: config.deployments === undefined ? () => false : matchSelection(config.deployments),
    identify: ({ slug, mainBranch }) => ({ source, workspace, slug, mainBranch, branchLabel, steps }),
  };
}

function createSelection({ repositories, projects }: BitbucketPipelinesConfig): (record: RepositoryRecord) => boolean {
  const isRepository = matchSelection(repositories ?? {});
  const isProject = matchSelection(projects ?? {});
  return ({ slug, project }) => isRepository(slug) && (projects === undefined || isProject(project?.key ?? ''));
}

async function readRunnersWhenDue(
  tick: Tick,
  ledger: Ledger,
  api: ApiContext,
  budget: TickBudget,
  repositories: Iterable<Repository>,
): Promise<RunnersReading | undefined> {
  const { config, tickProblems } = tick;
  const isChosen = matchAny(config.runners?.repositories ?? []);
  const chosen = [...repositories].filter(({ slug }) => isChosen(slug));
  const isWorkspaceRead = config.runners?.workspace !== 'leave';
  if (!isWorkspaceRead && chosen.length === 0) return undefined;
  const memory = openRunnerMemory(ledger);
  if (!memory.isDue(budget.perHour)) return memory.recall(budget.perHour);
  if (tickProblems.isHopeless()) return undefined;
  const before = budget.countLeft();
  try {
    const runners = await readRunners(chosen, { api, isWorkspaceRead, ...createRunnersContext(tick) });
    countUnknown(runners, config.name, ledger);
    return memory.remember(runners, before - budget.countLeft());
  } catch (error) {
    if (error instanceof BudgetSpentError) return memory.recall(budget.perHour);
    tickProblems.add(error, 'runners');
    return undefined;
  }
}

/** Once a reading, however many runners are in a state that is new. */
function countUnknown(runners: readonly ScopedRunner[], source: string, ledger: Ledger): void {
  const { metric, labels } = buildUnknownStateCount(source, 'runner');
  if (countUnknownStatuses(runners) > 0) ledger.count(metric, labels, 1);
}

function createRunnersContext({
  config: { workspace },
  tickProblems,
}: Tick): Pick<RunnersContext, 'workspace' | 'countUnreadable' | 'reportError'> {
  return {
    workspace,
    countUnreadable: (count) => {
      tickProblems.countUnreadable(count, 'runners');
    },
    reportError: (error) => {
      tickProblems.add(error, 'runners');
    },
  };
}

async function readRunnersWithoutMemory(tick: Tick, api: ApiContext): Promise<readonly MetricFamily[]> {
  const { config, tickProblems } = tick;
  if (config.runners?.workspace === 'leave') return [];
  try {
    const runners = await readRunners([], { api, isWorkspaceRead: true, ...createRunnersContext(tick) });
    const levels = groupRunners(runners, hasKnownWork(runners));
    return mapRunners({ levels }, { source: config.name, workspace: config.workspace }, new Map());
  } catch (error) {
    tickProblems.add(error, 'runners');
    return [];
  }
}
