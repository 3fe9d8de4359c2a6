/** One collection: opens ledger and budget, follows repositories, reads runners and builds the metrics. */
import { tryOpenLedger } from '../../counters/try-open-ledger.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { createBranchLabel } from '../../crawl/branch-label.ts';
import { buildPlan } from '../../crawl/build-table.ts';
import { minuteMs } from '../../model/time.ts';
import { mapProgress } from '../../crawl/map-progress.ts';
import { createPageCache } from '../../crawl/page-cache.ts';
import { openTickBudget, type TickBudget } from '../../crawl/tick-budget.ts';
import { sendWithCredentials } from '../../http/auth/credentials.ts';
import type { TlsMaterial } from '../../http/port.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { matchSelection } from '../../settings/glob.ts';
import { describeExcess } from '../describe-excess.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import type { Access } from './api/access.ts';
import { createAccess, createEnterpriseAccess } from './api/create-access.ts';
import { budgetRules } from './api/budget-rules.ts';
import type { ApiContext } from './api/client.ts';
import { type CredentialFacts, watchCredential } from './api/credential-facts.ts';
import { describePermission, findMissingPermissions, settingOf, type Subject } from './api/permissions.ts';
import { mapApprovals } from './approvals/read-approvals.ts';
import type { GithubActionsConfig } from './config.ts';
import { createQueueNames, type QueueNames } from './jobs/queue-names.ts';
import { collectProblems, type TickProblems } from './problems.ts';
import { combineSupply, mapOrganization } from './organization/map-organization.ts';
import { createRunnersContext, type OrganizationFacts, readOrganization } from './organization/read-organization.ts';
import { mapRunners, mapStarved } from './runners/map-runners.ts';
import { readRunners } from './runners/read-runners.ts';
import type { RunPages } from './runs/list-runs.ts';
import { bareNameOf } from './runs/repository.ts';
import { crawl } from './visits/crawl.ts';
import type { CrawlContext } from './visits/crawl-state.ts';
import { mapLevels } from './visits/map-levels.ts';

/** What lives as long as the process; all of it only saves work. */
interface Warm {
  readonly access: Access;
  /** The same, unless the enterprise has a token of its own. */
  readonly enterpriseAccess: Access;
  readonly subjects: readonly Subject[];
  readonly pages: RunPages;
  readonly names: QueueNames;
  /** Permissions that were warned of already. */
  readonly warned: Set<string>;
  /** Of the last tick, for the plan. */
  seen?: { readonly repositories: number; readonly perHour: number };
}

/** Follows the runs of an organization within the request budget of its credential. */
export const createGithubActions: CreateSource<GithubActionsConfig> = (config, ports) => {
  const subjects = listSubjects(config);
  const access = createAccess(config, subjects, ports);
  const warm: Warm = {
    access,
    enterpriseAccess: createEnterpriseAccess(config, ports) ?? access,
    subjects,
    pages: createPageCache(),
    names: createQueueNames(config.ignoredLabels ?? []),
    warned: new Set(),
  };
  return {
    collect: (context) => collect(config, ports, warm, context),
    examine: () => describeExcess(`github-actions/${config.name}`, warm.warned),
    plan: () =>
      buildPlan(
        warm.seen?.perHour ?? config.requestsPerHour ?? budgetRules.usualPerHour,
        warm.seen?.repositories,
        'organization',
      ),
  };
};

/** What is read with the credential of `auth`. */
function listSubjects(config: GithubActionsConfig): readonly Subject[] {
  const { deployments, runners, hostedRunners, billing, enterprise } = config;
  return [
    ...(deployments === undefined ? [] : ['deployments' as const]),
    'repositories',
    'runs',
    ...(runners === 'read' ? ['runners' as const] : []),
    ...(hostedRunners === 'read' ? ['hostedRunners' as const] : []),
    ...(billing === 'read' ? ['billing' as const] : []),
    ...(enterprise !== undefined && enterprise.token === undefined ? ['enterpriseRunners' as const] : []),
  ];
}

async function collect(
  config: GithubActionsConfig,
  ports: SourcePorts,
  warm: Warm,
  context: CollectContext,
): Promise<Collection> {
  const where = `github-actions/${config.name}`;
  const tickProblems = collectProblems(where, warm.access);
  // Without it, runners are still worth reading: they need no memory.
  const { ledger, problems } = await tryOpenLedger(context, where);
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
  readonly config: GithubActionsConfig;
  readonly ports: SourcePorts;
  readonly warm: Warm;
  readonly tickProblems: TickProblems;
  readonly ledger: Ledger | undefined;
  readonly tls: TlsMaterial | undefined;
  readonly deadline: Deadline;
}

async function collectWith(tick: Tick): Promise<readonly MetricFamily[]> {
  const { config, ledger, tickProblems, warm, ports } = tick;
  const { access, subjects, warned } = warm;
  const facts = watchCredential({ source: config.name, access, subjects, warned, log: ports.log });
  if (ledger === undefined) return readRunnersWithoutMemory(tick, createApi(tick, undefined, facts));
  const budget = openTickBudget(ledger, { ...budgetRules, configured: config.requestsPerHour });
  if (budget.wasBlocked) tickProblems.note(describeBlock(config));
  const api = createApi(tick, budget, facts);
  let told: OrganizationFacts | undefined;
  const crawled = await crawl({
    ...createCrawlContext(tick, ledger, budget, api),
    whenFound: async () => {
      told = await readOrganization({
        ...{ config, api, ledger, budget, tickProblems, names: warm.names, nowMs: ports.clock() },
        enterpriseAccess: warm.enterpriseAccess,
      });
    },
  });
  budget.save();
  warm.seen = { repositories: crawled.repositories.size, perHour: budget.perHour };
  noteMissingPermissions(tick);
  const { name: source, organization, jobs } = config;
  const progress = mapProgress([...crawled.repositories.values()], crawled.visits, {
    system: 'github',
    source,
    tickMs: ledger.tickMs,
  });
  // When nothing answered in this tick, nothing is known of the present.
  if (facts.count() === 0 && tickProblems.list().length > 0) return progress;
  const supply = combineSupply(told);
  const levels = mapLevels({ ledger, source, organization, jobs, nowMs: ports.clock(), supply, ...crawled });
  return [
    ...progress,
    ...levels.families,
    mapApprovals(crawled.open, crawled.repositories, { ledger, source }),
    ...(told === undefined ? [] : mapOrganization(told, { source, organization, enterprise: config.enterprise?.name })),
    ...(isSupplyKnown(told, config) ? [mapStarved(supply.selfHosted, levels.queues, { source, organization })] : []),
    ...facts.families(),
  ];
}

/** Whether every list of runners is there: a job may be for one that stands on the other list. */
function isSupplyKnown(told: OrganizationFacts | undefined, { enterprise }: GithubActionsConfig): boolean {
  if (told?.runners === undefined) return false;
  return enterprise === undefined || told.enterpriseRunners !== undefined;
}

function describeBlock({ name }: GithubActionsConfig): Problem {
  const message =
    'not asked, because GitHub has refused further requests of this credential and is left alone for a while; set requestsPerHour to its share, or look for what else uses it';
  return { kind: 'rate-limited', where: `github-actions/${name}`, message };
}

/** An App that lacks a permission is told at once, and not by the first request that is refused. */
function noteMissingPermissions({ warm: { access, subjects }, tickProblems }: Tick): void {
  const granted = access.granted();
  if (granted === undefined) return;
  const missing = findMissingPermissions(granted, subjects).filter((subject) => subject !== 'repositories');
  if (missing.length === 0) return;
  const list = [...new Set(missing.map(describePermission))].join(' and ');
  const settings = [...new Set(missing.map(settingOf))].join(', ');
  const message = `the installation of the GitHub App lacks the ${list}; add it on the page of the App and let an owner of the organization accept it, or leave out what needs it (${settings})`;
  tickProblems.report('auth', message);
}

function createApi(
  { config, ports, warm, tls, deadline }: Tick,
  budget: TickBudget | undefined,
  facts: CredentialFacts,
): ApiContext {
  return {
    http: ports.http,
    access: warm.access,
    endpoint: config.endpoint,
    tls,
    deadline,
    budget,
    onAnswer: (headers, is) => {
      // GraphQL and search have limits of their own.
      if ((headers['x-ratelimit-resource'] ?? 'core') === 'core') budget?.noteHeaders(headers);
      if (is === 'answer') facts.noteHeaders(headers);
    },
  };
}

function createCrawlContext(
  tick: Tick,
  ledger: Ledger,
  budget: TickBudget,
  api: ApiContext,
): Omit<CrawlContext, 'whenFound'> {
  const { config, warm, tickProblems, deadline, ports } = tick;
  const { name: source, organization, jobs } = config;
  const branchLabel = createBranchLabel(config.branches ?? []);
  const isRepository = matchSelection(config.repositories ?? {});
  const hasDeployments = matchSelection(config.deployments ?? {});
  const webOrigin = deriveWebOrigin(config.endpoint);
  return {
    api,
    ledger,
    budget,
    deadline,
    tickProblems,
    pages: warm.pages,
    source,
    organization,
    names: warm.names,
    jobs,
    stuckAfterMs: config.stuckAfterMinutes * minuteMs,
    // Nothing runs in one that is archived or disabled.
    isSelected: ({ full_name, archived, disabled }) => !archived && !disabled && isRepository(bareNameOf(full_name)),
    hasDeployments: (fullName) => config.deployments !== undefined && hasDeployments(bareNameOf(fullName)),
    inbox: ports.inbox,
    identify: ({ fullName, defaultBranch }) => ({
      source,
      organization,
      fullName,
      defaultBranch,
      branchLabel,
      jobs,
      webOrigin,
    }),
  };
}

/** `https://api.github.com` belongs to `https://github.com`, and so with data residency; Enterprise Server has one host. */
function deriveWebOrigin(endpoint: string): string {
  const { origin } = new URL(endpoint);
  return origin.replace(/^https:\/\/api\.(github\.com|[^/]+\.ghe\.com)$/, 'https://$1');
}

async function readRunnersWithoutMemory(tick: Tick, api: ApiContext): Promise<readonly MetricFamily[]> {
  const { config, tickProblems } = tick;
  if (config.runners === 'leave') return [];
  try {
    const owner = { is: 'organization', name: config.organization } as const;
    const groups = await readRunners(createRunnersContext({ names: tick.warm.names, tickProblems }, api, owner));
    return mapRunners([{ scope: config.organization, groups }], config.name);
  } catch (error) {
    tickProblems.add(error, 'runners');
    return [];
  }
}
