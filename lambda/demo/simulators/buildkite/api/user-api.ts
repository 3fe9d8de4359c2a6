/** Leads requests of users to REST, GraphQL or a portal of the simulated Buildkite. */
import type { Clock } from '../../../../runtime/clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Reply } from './scenarios.ts';
import { replyToGraphql, replyToPortal } from './graphql.ts';
import { makeJsonReply, createRequestBudget } from './request-budget.ts';
import { replyToRest } from './rest.ts';
import { minuteMs } from '../../../../model/time.ts';

export interface UserApiOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly scopes?: readonly string[];
  readonly tokenExpiresAt?: string;
  readonly requestsPerMinute?: number;
  readonly pointsPerFiveMinutes?: number;
  readonly queueMetrics?: 'on' | 'off';
  readonly deepestBuild?: number;
  /** A portal with the collector's queries. */
  readonly portal?: Portal;
}

export interface Portal {
  readonly slug: string;
  readonly token: string;
  /** The queries that are stored in it. */
  readonly documents: readonly string[];
}

export interface UserRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

const allScopes = ['read_builds', 'read_clusters', 'read_pipelines', 'graphql'];

const authenticationRequired =
  'Authentication required. Please supply a valid API Access Token: https://buildkite.com/docs/apis/rest-api#authentication';

/** Buildkite docs, portals: for all portals of an organization. */
const portalRequestsPerMinute = 200;

/** The APIs for users: REST below `/v2`, GraphQL at `/v1`, and a portal where there is one. */
export function createUserApi(options: UserApiOptions, origin: () => string): (request: UserRequest) => Reply {
  const { fleet, clock, scopes = allScopes, queueMetrics = 'on', deepestBuild = 10_000 } = options;
  const rest = createRequestBudget('rest_user', options.requestsPerMinute ?? 50, minuteMs);
  const graphql = createRequestBudget('graphql_user', options.pointsPerFiveMinutes ?? 5_000, 5 * minuteMs);
  const askPortal = createPortalApi(options);
  return ({ method, path, authorization, body }) => {
    const url = URL.parse(path, origin());
    const nowMs = clock();
    if (url?.pathname.startsWith('/organizations/') === true) return askPortal(url, { authorization, body });
    if (authorization !== `Bearer ${fleet.apiToken}`) return makeJsonReply(401, { message: authenticationRequired });
    if (method === 'POST' && url?.pathname === '/v1') {
      return replyToGraphql(parseBody(body), { fleet, budget: graphql, scopes, queueMetrics }, nowMs);
    }
    if (method !== 'GET' || url?.pathname.startsWith('/v2/') !== true)
      return makeJsonReply(404, { message: 'Not found' });
    const { tokenExpiresAt } = options;
    const restOptions = { fleet, budget: rest, origin: origin(), scopes, tokenExpiresAt, deepestBuild };
    return replyToRest(url.pathname.slice('/v2'.length), url.searchParams, restOptions, nowMs);
  };
}

function createPortalApi({
  fleet,
  clock,
  portal,
  queueMetrics = 'on',
}: UserApiOptions): (url: URL, request: Pick<UserRequest, 'authorization' | 'body'>) => Reply {
  const budget = createRequestBudget('portal', portalRequestsPerMinute, minuteMs);
  return ({ pathname, searchParams }, { authorization, body }) => {
    if (portal === undefined || authorization !== `Bearer ${portal.token}`) {
      return makeJsonReply(401, { message: 'Unauthorized' });
    }
    if (pathname !== `/organizations/${fleet.organization}/portals/${portal.slug}`) {
      return makeJsonReply(404, { message: 'Not found' });
    }
    const operation = searchParams.get('operation_name') ?? '';
    const { documents } = portal;
    return replyToPortal(operation, parseBody(body), { fleet, budget, queueMetrics, documents }, clock());
  };
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
