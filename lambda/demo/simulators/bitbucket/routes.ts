import { pipelineAnswer, repositoryAnswer, runnerAnswer, statusOf, stepAnswer } from './answers.ts';
import { deploymentAnswers, environmentAnswers } from './deployments.ts';
import { pageOf, withFields } from './pages.ts';
import type { TimedRun } from './timeline.ts';
import type { SimulatedRepository, SimulatedRunner, SimulatedWorkspace } from './workspace.ts';

export type Routed = { readonly body: unknown } | { readonly status: number; readonly error: string };

export interface RouteContext {
  /** Its name in addresses. */
  readonly workspace: string;
  readonly nowMs: number;
  readonly isWorkTold: boolean;
}

/** What stands at a path of the API, by Bitbucket's own rules and oddities. */
export function routed(url: URL, workspace: SimulatedWorkspace, now: Omit<RouteContext, 'workspace'>): Routed {
  const context: RouteContext = { ...now, workspace: workspace.slug };
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const [version, kind, name, ...rest] = parts;
  if (version !== '2.0' || name !== workspace.slug) return missing('Resource not found');
  if (kind === 'repositories' && rest.length === 0) return repositoriesAt(url, workspace);
  if (kind === 'workspaces' && rest.join('/') === 'pipelines-config/runners')
    return runnersAt(url, workspace.runners, context);
  const [id, ...below] = rest;
  const repository = workspace.repositories.find(({ uuid, plan }) => uuid === id || plan.slug === id);
  if (kind !== 'repositories' || repository === undefined) return missing('Repository not found');
  return belowRepository(url, repository, below, context);
}

function missing(error: string): Routed {
  return { status: 404, error };
}

function belowRepository(
  url: URL,
  repository: SimulatedRepository,
  path: readonly string[],
  context: RouteContext,
): Routed {
  const [what, ...below] = path;
  const { runners = [], pipelines } = repository.plan;
  if (what === undefined) return { body: withFields(repositoryAnswer(repository, context.workspace), fieldsOf(url)) };
  // Latest end first, and those without an end before all others; whatever else is asked for, nobody has recorded.
  if (what === 'deployments') return listed(url, deploymentAnswers(repository, context.nowMs));
  if (what === 'environments') return listed(url, environmentAnswers(repository));
  // Without pipelines the whole part of the API is not there.
  if (pipelines === 'none') return missing('Pipelines not found');
  if (path.join('/') === 'pipelines-config/runners') return runnersAt(url, runners, context);
  return what === 'pipelines' ? belowPipelines(url, repository, below, context) : missing('Resource not found');
}

function belowPipelines(
  url: URL,
  { runs: all }: SimulatedRepository,
  [id, part]: readonly string[],
  context: RouteContext,
): Routed {
  const runs = all.filter(({ createdMs }) => createdMs <= context.nowMs);
  if (id === undefined) return pipelinesAt(url, runs, context);
  const run = runs.find(({ uuid }) => uuid === id);
  if (run === undefined) return missing('Pipeline not found');
  if (part === undefined) return { body: withFields(pipelineAnswer(run, context.nowMs), fieldsOf(url)) };
  return part === 'steps' ? stepsAt(url, run, context) : missing('Resource not found');
}

/** The oldest first unless asked otherwise; `q`, `state` and dates are ignored, and the next link drops the order. */
function pipelinesAt(url: URL, runs: readonly TimedRun[], { nowMs }: RouteContext): Routed {
  const order = orders.get(url.searchParams.get('sort') ?? '');
  const ordered = order === undefined ? runs : runs.toSorted((a, b) => order(b) - order(a));
  const statuses = url.searchParams.getAll('status');
  const all = ordered
    .filter((run) => statuses.length === 0 || statuses.includes(statusOf(run, nowMs)))
    .map((run) => pipelineAnswer(run, nowMs));
  return listed(url, all, ['sort', 'fields']);
}

/** By the latest attempt, a re-run comes first again; by creation it stays where it was. */
const orders: ReadonlyMap<string, (run: TimedRun) => number> = new Map([
  ['-created_on', ({ createdMs }: TimedRun) => createdMs],
  ['-run_creation_date', ({ createdMs, rerunMs }: TimedRun) => rerunMs ?? createdMs],
]);

function stepsAt(url: URL, run: TimedRun, { nowMs }: RouteContext): Routed {
  return listed(
    url,
    run.steps.map((step) => stepAnswer(step, run, nowMs)),
  );
}

function runnersAt(url: URL, runners: readonly SimulatedRunner[], { isWorkTold }: RouteContext): Routed {
  return listed(
    url,
    runners.map((runner) => runnerAnswer(runner, isWorkTold)),
  );
}

/** Ordered by times only: nobody has recorded that a list can be ordered or cut by uuid, so that is refused. */
function repositoriesAt(url: URL, { repositories, slug }: SimulatedWorkspace): Routed {
  const sort = url.searchParams.get('sort') ?? 'created_on';
  if (url.searchParams.has('q') || !repositoryOrders.has(sort)) return { status: 400, error: 'Invalid field name' };
  const ordered = sort === '-updated_on' ? repositories.toSorted((a, b) => b.updatedMs - a.updatedMs) : repositories;
  return listed(
    url,
    ordered.map((repository) => repositoryAnswer(repository, slug)),
  );
}

const repositoryOrders: ReadonlySet<string> = new Set(['created_on', '-updated_on']);

function fieldsOf(url: URL): string | null {
  return url.searchParams.get('fields');
}

function listed(url: URL, all: readonly object[], dropped: readonly string[] = []): Routed {
  const page = pageOf(all, { url, dropped });
  // As recorded for commits of pull requests; an empty list has a first page.
  if (page.values.length === 0 && page.page > 1) return missing('Invalid page');
  return { body: withFields(page, fieldsOf(url)) };
}
