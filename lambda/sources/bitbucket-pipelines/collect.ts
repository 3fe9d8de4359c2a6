import { anyOf, selects } from '../../config/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { stateProblem } from '../../counters/state/state-problem.ts';
import { withCredentials } from '../../http/auth/credentials.ts';
import type { TlsMaterial } from '../../http/port.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import { type Access, accessBy } from './api/access.ts';
import { type Answers, answersOf } from './api/answer-headers.ts';
import { type ApiContext, BudgetSpentError } from './api/client.ts';
import { usualRequestsPerHour } from './budget/rate.ts';
import type { BitbucketPipelinesConfig } from './config.ts';
import { crawl, type CrawlContext } from './visits/crawl.ts';
import { type CrawlBudget, crawlBudget } from './budget/tick-budget.ts';
import { crawlFamilies } from './visits/map-progress.ts';
import { levelsOf } from './visits/map-open-runs.ts';
import { type PageCache, pageCache } from './api/page-cache.ts';
import { branchLabels } from './runs/repository.ts';
import { planOf } from './forecast/build-table.ts';
import type { Repository } from './visits/remembered.ts';
import { readRunners, runnerMemory, type RunnersContext, type RunnersRead } from './runners/read-runners.ts';
import { minuteMs } from './budget/intervals.ts';
import { runnerFamilies } from './runners/map-runners.ts';
import { unknownState } from './runs/finish.ts';
import { runnerLevels, type ScopedRunner, tellsWork, unknownStatuses } from './runners/runner-levels.ts';
import type { RepositoryRecord } from './api/schema.ts';
import { type Faults, faultsOf } from './problems.ts';

/** What lives as long as the process; all of it only saves work. */
interface Warm {
  readonly access: Access;
  readonly pages: PageCache;
  /** Scopes that were warned of already. */
  readonly warned: Set<string>;
  /** Of the last tick, for the plan. */
  seen?: { readonly repositories: number; readonly perHour: number };
}

/** Follows the runs of a workspace within its request budget. */
export const createBitbucketPipelines: CreateSource<BitbucketPipelinesConfig> = (config, ports) => {
  const warm: Warm = { access: accessBy(config.auth, ports), pages: pageCache(), warned: new Set() };
  return {
    collect: (context) => collect(config, ports, warm, context),
    plan: () => planOf(warm.seen?.perHour ?? config.requestsPerHour ?? usualRequestsPerHour, warm.seen?.repositories),
  };
};

async function collect(
  config: BitbucketPipelinesConfig,
  ports: SourcePorts,
  warm: Warm,
  context: CollectContext,
): Promise<Collection> {
  const faults = faultsOf(`bitbucket-pipelines/${config.name}`, warm.access);
  const ledger = await ledgerOf(context, config, faults);
  try {
    const families = await withCredentials(
      { tls: config.tls },
      { secrets: ports.secrets },
      context.deadline.signal,
      ({ tls }) => collectWith({ config, ports, warm, faults, ledger, tls, deadline: context.deadline }),
    );
    return { families: families.filter(({ samples }) => samples.length > 0), problems: faults.problems() };
  } catch (error) {
    faults.add(error, 'repositories');
    return { families: [], problems: faults.problems() };
  }
}

/** Undefined where the state cannot be read: runners need no memory and are worth having alone. */
async function ledgerOf(
  { openLedger }: CollectContext,
  { name }: BitbucketPipelinesConfig,
  faults: Faults,
): Promise<Ledger | undefined> {
  try {
    return await openLedger();
  } catch (error) {
    faults.note(stateProblem(error, `bitbucket-pipelines/${name}`));
    return undefined;
  }
}

interface Tick {
  readonly config: BitbucketPipelinesConfig;
  readonly ports: SourcePorts;
  readonly warm: Warm;
  readonly faults: Faults;
  readonly ledger: Ledger | undefined;
  readonly tls: TlsMaterial | undefined;
  readonly deadline: Deadline;
}

async function collectWith(tick: Tick): Promise<readonly MetricFamily[]> {
  const { config, ledger, faults } = tick;
  const answers = answersOf(config.name, tick.warm.warned, tick.ports.log);
  if (ledger === undefined) return runnersWithoutMemory(tick, apiOf(tick, undefined, answers));
  const budget = crawlBudget(ledger, config.requestsPerHour);
  if (budget.wasBlocked) faults.note(blocked(config));
  const api = apiOf(tick, budget, answers);
  let runners: RunnersRead | undefined;
  const crawled = await crawl({
    ...crawlContext(tick, ledger, budget, api),
    whenFound: async (repositories) => {
      runners = await runnersOf(tick, ledger, api, budget, repositories.values());
    },
  });
  budget.save();
  tick.warm.seen = { repositories: crawled.repositories.size, perHour: budget.perHour };
  const place = { source: config.name, workspace: config.workspace };
  const progress = crawlFamilies([...crawled.repositories.values()], crawled.looks, {
    ...place,
    tickMs: ledger.tickMs,
  });
  // A tick in which nothing answered knows nothing of now.
  if (answers.count() === 0 && faults.problems().length > 0) return progress;
  const levels = levelsOf({ ledger, place, nowMs: tick.ports.clock(), ...crawled });
  return [
    ...progress,
    ...levels.families,
    ...(runners === undefined ? [] : runnerFamilies(runners, place, levels.queues)),
    ...answers.families(),
  ];
}

function blocked({ name }: BitbucketPipelinesConfig): Problem {
  const message =
    'not asked, because Bitbucket has refused further requests of this credential and is left alone for a while; set requestsPerHour to its share, or look for what else uses it';
  return { kind: 'rate-limited', where: `bitbucket-pipelines/${name}`, message };
}

function apiOf(
  { config, ports, warm, tls, deadline }: Tick,
  budget: CrawlBudget | undefined,
  answers: Answers,
): ApiContext {
  const onAnswer = (headers: Readonly<Record<string, string>>): void => {
    budget?.saw(headers);
    answers.saw(headers);
  };
  return { http: ports.http, access: warm.access, endpoint: config.endpoint, tls, deadline, budget, onAnswer };
}

function crawlContext(
  tick: Tick,
  ledger: Ledger,
  budget: CrawlBudget,
  api: ApiContext,
): Omit<CrawlContext, 'whenFound'> {
  const { config, warm, faults, deadline } = tick;
  const { name: source, workspace, steps } = config;
  const branchLabel = branchLabels(config.branches ?? []);
  return {
    api,
    ledger,
    budget,
    deadline,
    faults,
    pages: warm.pages,
    workspace,
    steps,
    stuckAfterMs: config.stuckAfterMinutes * minuteMs,
    isSelected: selection(config),
    inbox: tick.ports.inbox,
    hasDeployments: config.deployments === undefined ? () => false : selects(config.deployments),
    placeOf: ({ slug, mainBranch }) => ({ source, workspace, slug, mainBranch, branchLabel, steps }),
  };
}

function selection({ repositories, projects }: BitbucketPipelinesConfig): (record: RepositoryRecord) => boolean {
  const isRepository = selects(repositories ?? {});
  const isProject = selects(projects ?? {});
  return ({ slug, project }) => isRepository(slug) && (projects === undefined || isProject(project?.key ?? ''));
}

async function runnersOf(
  tick: Tick,
  ledger: Ledger,
  api: ApiContext,
  budget: CrawlBudget,
  repositories: Iterable<Repository>,
): Promise<RunnersRead | undefined> {
  const { config, faults } = tick;
  const isChosen = anyOf(config.runners?.repositories ?? []);
  const chosen = [...repositories].filter(({ slug }) => isChosen(slug));
  const isWorkspaceRead = config.runners?.workspace !== 'leave';
  if (!isWorkspaceRead && chosen.length === 0) return undefined;
  const memory = runnerMemory(ledger);
  if (!memory.isDue(budget.perHour)) return memory.known(budget.perHour);
  if (faults.isHopeless()) return undefined;
  const before = budget.left();
  try {
    const runners = await readRunners(chosen, { api, isWorkspaceRead, ...runnersContext(tick) });
    countUnknown(runners, config.name, ledger);
    return memory.learnt(runners, before - budget.left());
  } catch (error) {
    if (error instanceof BudgetSpentError) return memory.known(budget.perHour);
    faults.add(error, 'runners');
    return undefined;
  }
}

/** Once a reading, however many runners are in a state that is new. */
function countUnknown(runners: readonly ScopedRunner[], source: string, ledger: Ledger): void {
  const { metric, labels } = unknownState(source, 'runner');
  if (unknownStatuses(runners) > 0) ledger.count(metric, labels, 1);
}

function runnersContext({
  config: { workspace },
  faults,
}: Tick): Pick<RunnersContext, 'workspace' | 'unreadable' | 'failed'> {
  return {
    workspace,
    unreadable: (count) => {
      faults.unreadable(count, 'runners');
    },
    failed: (error) => {
      faults.add(error, 'runners');
    },
  };
}

async function runnersWithoutMemory(tick: Tick, api: ApiContext): Promise<readonly MetricFamily[]> {
  const { config, faults } = tick;
  if (config.runners?.workspace === 'leave') return [];
  try {
    const runners = await readRunners([], { api, isWorkspaceRead: true, ...runnersContext(tick) });
    const levels = runnerLevels(runners, tellsWork(runners));
    return runnerFamilies({ levels }, { source: config.name, workspace: config.workspace }, new Map());
  } catch (error) {
    faults.add(error, 'runners');
    return [];
  }
}
