/** Counts requests against the primary limit of an hour and the secondary one of a minute. */
import { createRollingHour, type RollingHour } from '../../rolling-hour.ts';
import { refuse, type Reply } from './reply.ts';
import { minuteMs, hourMs } from '../../../../model/time.ts';

export interface LimitOptions {
  /** 5,000 for a person; 0: no limit and no headers, as Enterprise Server without one. */
  readonly requestsPerHour: number;
  /** 900 points a minute, one for each request that reads and five for each that writes. */
  readonly pointsPerMinute: number;
}

export interface Limits {
  /** The refusal, where one of both limits is spent. */
  refuseSpent(account: string, nowMs: number): Reply | undefined;
  /** Counts a request; one that was answered with 304 costs nothing of the hour. */
  spend(account: string, cost: { readonly requests: 0 | 1; readonly points: number }, nowMs: number): void;
  headersOf(account: string, nowMs: number): Readonly<Record<string, string>>;
  /** The body of `GET /rate_limit`. */
  show(account: string, nowMs: number): object;
  /** Most requests that any rolling hour of any account held. */
  mostInAnHour(): number;
}

interface Spent {
  readonly hour: RollingHour;
  used: number;
  resetMs: number;
  points: { readonly atMs: number; readonly points: number }[];
}

export function createLimits({ requestsPerHour: limit, pointsPerMinute }: LimitOptions): Limits {
  const accounts = new Map<string, Spent>();
  let most = 0;
  const find = (account: string, nowMs: number): Spent => {
    const known = accounts.get(account) ?? { hour: createRollingHour(Infinity), used: 0, resetMs: 0, points: [] };
    accounts.set(account, known);
    // A window of an hour begins with its first request.
    if (nowMs >= known.resetMs) Object.assign(known, { used: 0, resetMs: nowMs + hourMs });
    known.points = known.points.filter(({ atMs }) => atMs > nowMs - minuteMs);
    return known;
  };
  const headersOf = (account: string, nowMs: number): Readonly<Record<string, string>> => {
    if (limit === 0) return {};
    const { used, resetMs } = find(account, nowMs);
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - used)),
      'x-ratelimit-used': String(used),
      'x-ratelimit-reset': String(Math.ceil(resetMs / 1000)),
      'x-ratelimit-resource': 'core',
    };
  };
  return {
    headersOf,
    refuseSpent: (account, nowMs) => {
      const { used, points } = find(account, nowMs);
      const told = headersOf(account, nowMs);
      if (limit > 0 && used >= limit) return refuse(403, `API rate limit exceeded for ${account}.`, told);
      const spentPoints = points.reduce((sum, one) => sum + one.points, 0);
      return spentPoints >= pointsPerMinute ? refuseSecondary(403, told) : undefined;
    },
    spend: (account, { requests, points }, nowMs) => {
      const spent = find(account, nowMs);
      spent.used += requests;
      spent.points.push({ atMs: nowMs, points });
      if (requests === 1) spent.hour.take(nowMs);
      most = Math.max(most, spent.hour.used(nowMs));
    },
    show: (account, nowMs) => {
      const { used, resetMs } = find(account, nowMs);
      const core = { limit, used, remaining: Math.max(0, limit - used), reset: Math.ceil(resetMs / 1000) };
      return { resources: { core, search: core, graphql: core }, rate: core };
    },
    mostInAnHour: () => most,
  };
}

/** Real answers name the time to wait, most often a minute. */
export function refuseSecondary(status: 403 | 429, headers: Readonly<Record<string, string>>): Reply {
  const message =
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.';
  return refuse(status, message, { ...headers, 'retry-after': '60' });
}
