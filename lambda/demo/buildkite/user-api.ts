import type { Clock } from '../../runtime/clock.ts';
import type { Fleet } from '../fleet.ts';
import type { Reply } from '../scenarios.ts';
import { graphqlReply } from './graphql.ts';
import { jsonReply, requestBudget } from './request-budget.ts';
import { restReply } from './rest.ts';

export interface UserApiOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly scopes?: readonly string[];
  readonly tokenExpiresAt?: string;
  readonly requestsPerMinute?: number;
  readonly pointsPerFiveMinutes?: number;
  readonly queueMetrics?: 'on' | 'off';
  readonly deepestBuild?: number;
}

export interface UserRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

const minuteMs = 60_000;
const allScopes = ['read_builds', 'read_clusters', 'graphql'];

const authenticationRequired =
  'Authentication required. Please supply a valid API Access Token: https://buildkite.com/docs/apis/rest-api#authentication';

/** The APIs for users: REST below `/v2`, GraphQL at `/v1`. */
export function userApi(options: UserApiOptions, origin: () => string): (request: UserRequest) => Reply {
  const { fleet, clock, scopes = allScopes, queueMetrics = 'on', deepestBuild = 10_000 } = options;
  const rest = requestBudget('rest_user', options.requestsPerMinute ?? 50, minuteMs);
  const graphql = requestBudget('graphql_user', options.pointsPerFiveMinutes ?? 5_000, 5 * minuteMs);
  return ({ method, path, authorization, body }) => {
    if (authorization !== `Bearer ${fleet.apiToken}`) return jsonReply(401, { message: authenticationRequired });
    const url = URL.parse(path, origin());
    const nowMs = clock();
    if (method === 'POST' && url?.pathname === '/v1') {
      return graphqlReply(parsed(body), { fleet, budget: graphql, scopes, queueMetrics }, nowMs);
    }
    if (method !== 'GET' || url?.pathname.startsWith('/v2/') !== true) return jsonReply(404, { message: 'Not found' });
    const { tokenExpiresAt } = options;
    const restOptions = { fleet, budget: rest, origin: origin(), scopes, tokenExpiresAt, deepestBuild };
    return restReply(url.pathname.slice('/v2'.length), url.searchParams, restOptions, nowMs);
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
