/** Finds what stands at a path of the simulated Bitbucket API. */
import { mapPipeline, mapRepository, mapRunner, describeStatus, mapStep } from './answers.ts';
import { mapDeployments, mapEnvironments } from './deployments.ts';
import { cutPage, selectFields } from './pages.ts';
import type { TimedRun } from './timeline.ts';
import type { SimulatedRepository, SimulatedRunner, SimulatedWorkspace } from './workspace.ts';

export type Routed = { readonly body: unknown } | { readonly status: number; readonly error: string };

export interface RouteContext {
  /** Its name in addresses. */
  readonly workspace: string;
  readonly nowMs: number;
  readonly isWorkShown: boolean;
}

/** What stands at a path of the API, by Bitbucket's own rules and oddities. */
export function routeRequest(url: URL, workspace: SimulatedWorkspace, now: Omit<RouteContext, 'workspace'>): Routed {
  const context: RouteContext = { ...now, workspace: workspace.slug };
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const [version, kind, name, ...rest] = parts;
  if (version !== '2.0' || name !== workspace.slug) return makeMissing('Resource not found');
  if (kind === 'repositories' && rest.length === 0) return showRepositories(url, workspace);
  if (kind === 'workspaces' && rest.join('/') === 'pipelines-config/runners')
    return showRunners(url, workspace.runners, context);
  const [id, ...below] = rest;
  const repository = workspace.repositories.find(({ uuid, plan }) => uuid === id || plan.slug === id);
  if (kind !== 'repositories' || repository === undefined) return makeMissing('Repository not found');
  return routeRepository(url, repository, below, context);
}

function makeMissing(error: string): Routed {
  return { status: 404, error };
}

function routeRepository(
  url: URL,
  repository: SimulatedRepository,
  path: readonly string[],
  context: RouteContext,
): Routed {
  const [what, ...below] = path;
  const { runners = [], pipelines } = repository.plan;
  if (what === undefined) return { body: selectFields(mapRepository(repository, context.workspace), getFields(url)) };
  // Latest end first, and those without an end before all others; another order has not been recorded.
  if (what === 'deployments') return showPage(url, mapDeployments(repository, context.nowMs));
  if (what === 'environments') return showPage(url, mapEnvironments(repository));
  // Without pipelines the whole part of the API is not there.
  if (pipelines === 'none') return makeMissing('Pipelines not found');
  if (path.join('/') === 'pipelines-config/runners') return showRunners(url, runners, context);
  return what === 'pipelines' ? routePipelines(url, repository, below, context) : makeMissing('Resource not found');
}

function routePipelines(
  url: URL,
  { runs: all }: SimulatedRepository,
  [id, part]: readonly string[],
  context: RouteContext,
): Routed {
  const runs = all.filter(({ createdMs }) => createdMs <= context.nowMs);
  if (id === undefined) return showPipelines(url, runs, context);
  const run = runs.find(({ uuid }) => uuid === id);
  if (run === undefined) return makeMissing('Pipeline not found');
  if (part === undefined) return { body: selectFields(mapPipeline(run, context.nowMs), getFields(url)) };
  return part === 'steps' ? showSteps(url, run, context) : makeMissing('Resource not found');
}

/** The oldest first unless asked otherwise; `q`, `state` and dates are ignored, and the next link drops the order. */
function showPipelines(url: URL, runs: readonly TimedRun[], { nowMs }: RouteContext): Routed {
  const order = orders.get(url.searchParams.get('sort') ?? '');
  const ordered = order === undefined ? runs : runs.toSorted((a, b) => order(b) - order(a));
  const statuses = url.searchParams.getAll('status');
  const all = statuses.length === 0 ? ordered : ordered.filter((run) => statuses.includes(describeStatus(run, nowMs)));
  // A demo of days has thousands of runs: only those of the page are mapped.
  return showMapped(url, all, (run) => mapPipeline(run, nowMs), ['sort', 'fields']);
}

/** By the latest attempt, a re-run comes first again; by creation it stays where it was. */
const orders: ReadonlyMap<string, (run: TimedRun) => number> = new Map([
  ['-created_on', ({ createdMs }: TimedRun) => createdMs],
  ['-run_creation_date', ({ createdMs, rerunMs }: TimedRun) => rerunMs ?? createdMs],
]);

function showSteps(url: URL, run: TimedRun, { nowMs }: RouteContext): Routed {
  return showPage(
    url,
    run.steps.map((step) => mapStep(step, run, nowMs)),
  );
}

function showRunners(url: URL, runners: readonly SimulatedRunner[], { isWorkShown }: RouteContext): Routed {
  return showPage(
    url,
    runners.map((runner) => mapRunner(runner, isWorkShown)),
  );
}

/** Ordered by times only: that a list can be ordered or filtered by uuid has not been recorded, so it is refused. */
function showRepositories(url: URL, { repositories, slug }: SimulatedWorkspace): Routed {
  const sort = url.searchParams.get('sort') ?? 'created_on';
  if (url.searchParams.has('q') || !repositoryOrders.has(sort)) return { status: 400, error: 'Invalid field name' };
  const ordered = sort === '-updated_on' ? repositories.toSorted((a, b) => b.updatedMs - a.updatedMs) : repositories;
  return showPage(
    url,
    ordered.map((repository) => mapRepository(repository, slug)),
  );
}

const repositoryOrders: ReadonlySet<string> = new Set(['created_on', '-updated_on']);

function getFields(url: URL): string | null {
  return url.searchParams.get('fields');
}

function showPage(url: URL, all: readonly object[]): Routed {
  return showMapped(url, all, (value) => value);
}

function showMapped<Item>(
  url: URL,
  all: readonly Item[],
  map: (item: Item) => object,
  dropped: readonly string[] = [],
): Routed {
  const page = cutPage(all, { url, dropped });
  // As recorded for commits of pull requests; an empty list has a first page.
  if (page.values.length === 0 && page.page > 1) return makeMissing('Invalid page');
  return { body: selectFields({ ...page, values: page.values.map(map) }, getFields(url)) };
}
