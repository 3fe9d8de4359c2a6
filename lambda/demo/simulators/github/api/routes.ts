/** Finds what stands at a path of the simulated API, and which permission it needs. */
import { findRunMoment } from '../organization/moments.ts';
import type { SimulatedOrganization } from '../organization/organization.ts';
import type { RepositoryRecord, RunRecord } from '../organization/records.ts';
import { type AnswerContext, mapJob, mapRepository, mapRun, mapWorkflow, type Shown } from './answers.ts';
import {
  findPlace,
  listDeployments,
  mapDeployment,
  mapDeploymentStatuses,
  mapPendingDeployments,
} from './answers-of-deployments.ts';
import { listRunners, mapHostedRunners, mapRunner, mapRunnerGroups } from './answers-of-runners.ts';
import { listUsage } from './answers-of-billing.ts';
import { cutPage, mostFilteredRuns } from './pages.ts';
import { makeJsonReply, notFound, refuse, type Reply } from './reply.ts';
import { chooseRuns, isFiltered } from './run-filters.ts';

export interface RouteContext extends AnswerContext {
  readonly organization: SimulatedOrganization;
  readonly nowMs: number;
  /** Lists show the runs as they were then: what has just ended is still seen at work. */
  readonly listedMs: number;
  readonly url: URL;
}

export interface Route {
  /** What the caller must have, `read` of it at least; undefined where any credential will do. */
  readonly permission: string;
  readonly reply: () => Reply;
}

/** Undefined for a path that the API does not have. `path` begins behind the base path. */
export function findRoute(path: string, context: RouteContext): Route | undefined {
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [area, name = '', ...rest] = parts;
  if (path === '/installation/repositories') return { permission: 'metadata', reply: () => showRepositories(context) };
  if (area === 'repos') return findRepositoryRoute([name, ...rest], context);
  if (area === 'repositories') return findMovedRoute([name, ...rest], context);
  if (area === 'enterprises') return findEnterpriseRoute([name, ...rest].join('/'), context);
  if (name !== context.login) return undefined;
  if (area === 'orgs') return findOrganizationRoute(rest.join('/'), context);
  return area === 'organizations' ? findBillingRoute(rest.join('/'), context) : undefined;
}

function findOrganizationRoute(rest: string, context: RouteContext): Route | undefined {
  const { organization, nowMs } = context;
  const runners = 'organization_self_hosted_runners';
  switch (rest) {
    case 'repos':
      return { permission: 'metadata', reply: () => showPlainRepositories(context) };
    case 'actions/runners': {
      const all = listRunners(organization.pools, 'organization', nowMs);
      return { permission: runners, reply: () => showList('runners', all, (one) => mapRunner(one, nowMs), context) };
    }
    case 'actions/runner-groups': {
      const groups = mapRunnerGroups(organization.pools, context);
      return { permission: runners, reply: () => showList('runner_groups', groups, (one) => one, context) };
    }
    case 'actions/hosted-runners': {
      const hosted = mapHostedRunners(organization.pools);
      return {
        permission: 'organization_administration',
        reply: () => showList('runners', hosted, (one) => one, context),
      };
    }
    default:
      return undefined;
  }
}

/** Only a classic token is ever let in here. */
function findEnterpriseRoute(path: string, context: RouteContext): Route | undefined {
  const { organization, nowMs } = context;
  if (organization.enterprise === undefined || path !== `${organization.enterprise}/actions/runners`) return undefined;
  const all = listRunners(organization.pools, 'enterprise', nowMs);
  return {
    permission: 'enterprise_self_hosted_runners',
    reply: () => showList('runners', all, (one) => mapRunner(one, nowMs), context),
  };
}

function findBillingRoute(rest: string, context: RouteContext): Route | undefined {
  if (rest !== 'settings/billing/usage') return undefined;
  return {
    permission: 'organization_administration',
    reply: () => makeJsonReply(200, { usageItems: listUsage(context) }),
  };
}

/** After a rename a repository answers under its number. */
function findMovedRoute([id = '', ...rest]: readonly string[], context: RouteContext): Route | undefined {
  const repository = context.organization.repositories.find((one) => String(one.id) === id);
  return repository === undefined ? undefined : findRepositoryPart(repository, rest, context);
}

function findRepositoryRoute([owner, name, ...rest]: readonly string[], context: RouteContext): Route | undefined {
  if (owner !== context.login) return undefined;
  const { repositories } = context.organization;
  const renamed = repositories.find(({ plan }) => plan.formerName === name);
  if (renamed !== undefined) return { permission: 'metadata', reply: () => redirect(renamed, rest, context) };
  const repository = repositories.find(({ plan }) => plan.name === name);
  if (repository === undefined || repository.plan.visibility === 'hidden') return undefined;
  return findRepositoryPart(repository, rest, context);
}

function redirect({ id }: RepositoryRecord, rest: readonly string[], { api, url }: RouteContext): Reply {
  const location = `${api}/${['repositories', String(id), ...rest].join('/')}${url.search}`;
  return makeJsonReply(301, { message: 'Moved Permanently', url: location }, { location });
}

function findRepositoryPart(
  repository: RepositoryRecord,
  path: readonly string[],
  context: RouteContext,
): Route | undefined {
  const [area, what, id, ...below] = path;
  if (area === undefined)
    return { permission: 'metadata', reply: () => makeJsonReply(200, mapRepository(repository, context)) };
  if (area === 'deployments') return findDeploymentRoute(repository, path.slice(1), context);
  if (area !== 'actions') return undefined;
  const permission = 'actions';
  if (what === 'workflows' && id === undefined) return { permission, reply: () => showWorkflows(repository, context) };
  if (what !== 'runs') return undefined;
  if (id === undefined) return { permission, reply: () => showRuns(repository, context) };
  const run = repository.runs.find((one) => String(one.id) === id);
  return { permission, reply: () => (run === undefined ? notFound : showRun({ repository, run }, below, context)) };
}

function showRepositories(context: RouteContext): Reply {
  const { repositories } = context.organization;
  const visible = repositories.filter(({ plan }) => plan.visibility !== 'hidden');
  return showList('repositories', visible, (one) => mapRepository(one, context), context);
}

/** `sort=pushed` puts the latest push first; without it, the order is that of creation. */
function showPlainRepositories(context: RouteContext): Reply {
  const { url, organization } = context;
  const visible = organization.repositories.filter(({ plan }) => plan.visibility !== 'hidden');
  const isByPush = url.searchParams.get('sort') === 'pushed';
  const ordered = isByPush ? visible.toSorted((a, b) => b.pushedMs - a.pushedMs) : visible;
  return showPlain(ordered, (one) => mapRepository(one, context), context);
}

function showWorkflows(repository: RepositoryRecord, context: RouteContext): Reply {
  return showList('workflows', repository.workflows, (one) => mapWorkflow(one, repository, context), context);
}

/** Newest first, as they were a little while ago. */
function showRuns(repository: RepositoryRecord, context: RouteContext): Reply {
  const { url, listedMs } = context;
  const known = repository.runs.filter(({ createdMs }) => createdMs <= listedMs).reverse();
  if (isFiltered(url)) return showFilteredRuns(repository, known, context);
  // A demo of days has thousands of runs: only those of the page are looked at.
  const { items, headers } = cutPage(url, known);
  return makeRunList(known.length, findMoments(repository, items, context), headers, context);
}

function showFilteredRuns(repository: RepositoryRecord, known: readonly RunRecord[], context: RouteContext): Reply {
  const { url } = context;
  const chosen = chooseRuns(url, findMoments(repository, known, context));
  if (chosen === undefined) return refuse(422, 'Validation Failed');
  const { items, headers } = cutPage(url, chosen.slice(0, mostFilteredRuns));
  return makeRunList(chosen.length, items, headers, context);
}

function findMoments(
  repository: RepositoryRecord,
  runs: readonly RunRecord[],
  { listedMs }: RouteContext,
): readonly Shown[] {
  return runs.flatMap((run): readonly Shown[] => {
    const moment = findRunMoment(run, listedMs);
    return moment === undefined ? [] : [{ repository, run, moment }];
  });
}

function makeRunList(
  total_count: number,
  shown: readonly Shown[],
  headers: Readonly<Record<string, string>>,
  context: RouteContext,
): Reply {
  return makeJsonReply(200, { total_count, workflow_runs: shown.map((one) => mapRun(one, context)) }, headers);
}

interface Place {
  readonly repository: RepositoryRecord;
  readonly run: RunRecord;
}

/** One run and its attempts are told as they are now. */
function showRun(place: Place, path: readonly string[], context: RouteContext): Reply {
  const { run, repository } = place;
  const [part, number, below] = path;
  const attempt = part === 'attempts' ? Number(number) : undefined;
  const moment = findRunMoment(run, context.nowMs, attempt);
  if (moment === undefined) return notFound;
  if (part === undefined || (part === 'attempts' && below === undefined))
    return makeJsonReply(200, mapRun({ repository, run, moment }, context));
  if (part === 'pending_deployments')
    return makeJsonReply(200, mapPendingDeployments(run, context.nowMs, findPlace(repository, context)));
  const isJobs = part === 'jobs' || (part === 'attempts' && below === 'jobs');
  return isJobs ? showJobs(place, moment.attempt.number, part === 'attempts', context) : notFound;
}

function showJobs({ repository, run }: Place, latest: number, isOfAttempt: boolean, context: RouteContext): Reply {
  const { url, nowMs } = context;
  const isAll = !isOfAttempt && url.searchParams.get('filter') === 'all';
  const attempts = run.attempts.filter(({ number }) => isAll || number === latest);
  const jobs = attempts.flatMap((attempt) => attempt.jobs).filter(({ createdMs }) => createdMs <= nowMs);
  return showList('jobs', jobs, (job) => mapJob({ repository, run, job }, nowMs, context), context);
}

function findDeploymentRoute(
  repository: RepositoryRecord,
  [id, below]: readonly string[],
  context: RouteContext,
): Route | undefined {
  const { url, nowMs } = context;
  const place = findPlace(repository, context);
  const all = listDeployments(repository, nowMs);
  const permission = 'deployments';
  if (id === undefined) {
    const environment = url.searchParams.get('environment');
    const chosen = all.filter(({ job }) => environment === null || job.plan.environment === environment);
    return { permission, reply: () => showPlain(chosen, (one) => mapDeployment(one, place), context) };
  }
  const found = all.find(({ job }) => String(job.id) === id);
  if (below !== 'statuses' || found === undefined) return undefined;
  const statuses = mapDeploymentStatuses(found, nowMs, place);
  return { permission, reply: () => showPlain(statuses, (one) => one, context) };
}

function showPlain<Item>(all: readonly Item[], map: (item: Item) => object, { url }: RouteContext): Reply {
  const { items, headers } = cutPage(url, all);
  return makeJsonReply(200, items.map(map), headers);
}

/** With its whole count beside it. */
function showList<Item>(name: string, all: readonly Item[], map: (item: Item) => object, { url }: RouteContext): Reply {
  const { items, headers } = cutPage(url, all);
  return makeJsonReply(200, { total_count: all.length, [name]: items.map(map) }, headers);
}
