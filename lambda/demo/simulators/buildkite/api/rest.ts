/** Answers the REST API of the simulated Buildkite. */
import type { Fleet } from '../fleet/fleet.ts';
import type { Reply } from './scenarios.ts';
import { makeJsonReply, type RequestBudget } from './request-budget.ts';
import { mapBuild, parseFilters, filterBuilds, mapPipeline } from './rest-builds.ts';

export interface RestOptions {
  readonly fleet: Fleet;
  readonly budget: RequestBudget;
  /** Origin of the server. */
  readonly origin: string;
  readonly scopes: readonly string[];
  /** As Buildkite writes it; absent for a token that does not expire. */
  readonly tokenExpiresAt?: string | undefined;
  /** Builds that can be paged through before the list refuses to go deeper. */
  readonly deepestBuild: number;
}

const defaultPageSize = 30;
const largestPageSize = 100;

/** `api.buildkite.com/v2`, as far as it is read. `path` is below `/v2`. */
export function replyToRest(path: string, query: URLSearchParams, options: RestOptions, nowMs: number): Reply {
  const { fleet, budget } = options;
  const { isAllowed, headers, limit, used, reset } = budget.spend(1, nowMs);
  if (!isAllowed) {
    const message = 'You have exceeded your API rate limit. Please wait before making more requests.';
    return makeJsonReply(429, { message, scope: 'rest_user', limit, current: used, reset }, headers);
  }
  if (path === '/access-token') return makeJsonReply(200, mapToken(options), headers);
  const [, organization, resource = ''] = /^\/organizations\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (organization !== fleet.organization) return makeJsonReply(404, { message: 'No organization found' }, headers);
  const scope = findScope(resource);
  if (!options.scopes.includes(scope)) {
    return makeJsonReply(403, { message: `Your access token doesn't have the ${scope} scope` }, headers);
  }
  fleet.advance(nowMs);
  return replyToResource(resource, query, options, headers);
}

function findScope(resource: string): string {
  if (resource === 'builds') return 'read_builds';
  return resource.startsWith('pipelines/') ? 'read_pipelines' : 'read_clusters';
}

function replyToResource(
  resource: string,
  query: URLSearchParams,
  options: RestOptions,
  headers: Readonly<Record<string, string>>,
): Reply {
  const { fleet } = options;
  if (resource === 'builds') return replyWithBuilds(query, options, headers);
  if (resource === 'clusters') return makeJsonReply(200, mapClusters(fleet), headers);
  const cluster = /^clusters\/([^/]+)\/queues$/.exec(resource)?.[1];
  if (cluster !== undefined) return makeJsonReply(200, mapQueues(fleet, cluster), headers);
  const pipeline = /^pipelines\/([^/]+)$/.exec(resource)?.[1];
  if (pipeline !== undefined && fleet.builds().some(({ build }) => build.pipeline === pipeline)) {
    return makeJsonReply(200, mapPipeline(pipeline), headers);
  }
  return makeJsonReply(404, { message: 'Not found' }, headers);
}

function mapToken({ scopes, tokenExpiresAt }: RestOptions): unknown {
  const uuid = '00000000-0000-4000-8000-000000000001';
  const created = { description: 'ci-metrics-collector', created_at: '2024-01-02 03:04:05 UTC' };
  return { uuid, scopes, ...created, expires_at: tokenExpiresAt ?? null };
}

function replyWithBuilds(
  query: URLSearchParams,
  { fleet, origin, deepestBuild }: RestOptions,
  headers: Readonly<Record<string, string>>,
): Reply {
  const perPage = Math.min(largestPageSize, Number(query.get('per_page') ?? defaultPageSize));
  const page = Number(query.get('page') ?? 1);
  const from = (page - 1) * perPage;
  if (from >= deepestBuild) {
    const message = 'Listing builds this deep is not supported. Please use created_from or other filters to narrow it.';
    return makeJsonReply(400, { message }, headers);
  }
  const found = filterBuilds(fleet.builds(), parseFilters(query));
  const view = {
    origin,
    organization: fleet.organization,
    withJobs: query.get('exclude_jobs') !== 'true',
    withRetriedJobs: query.get('include_retried_jobs') === 'true',
  };
  const items = found.slice(from, from + perPage).map((build) => mapBuild(build, view));
  const next = new URLSearchParams(query);
  next.set('page', String(page + 1));
  const address = `${origin}/v2/organizations/${fleet.organization}/builds?${next.toString()}`;
  const link = found.length > from + perPage ? { link: `<${address}>; rel="next"` } : {};
  return makeJsonReply(200, items, { ...headers, ...link });
}

function mapClusters(fleet: Fleet): readonly unknown[] {
  const names = new Map(
    fleet.queues().flatMap(({ at }) => (at.clusterUuid === undefined ? [] : [[at.clusterUuid, at.cluster]])),
  );
  return [...names].map(([id, name]) => ({ id, name, description: null, created_at: '2024-01-02T03:04:05.678Z' }));
}

function mapQueues(fleet: Fleet, cluster: string): readonly unknown[] {
  return fleet
    .queues()
    .filter(({ at }) => at.clusterUuid === cluster)
    .map(({ at, isHosted }) => ({ id: at.queueUuid, key: at.queue, dispatch_paused: false, hosted: isHosted }));
}
