/** Counts the requests of a simulated user against a limit for each window of time. */
import type { Reply } from './scenarios.ts';

/** What a user may ask for in a window. */
export interface RequestBudget {
  /** Counts a request that costs `cost`. */
  spend(cost: number, nowMs: number): Spent;
}

export interface Spent {
  readonly isAllowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly limit: number;
  readonly used: number;
  /** Seconds. */
  readonly reset: number;
}

/** Windows begin at full multiples of their length, as a reset in seconds suggests. */
export function createRequestBudget(scope: string, limit: number, windowMs: number): RequestBudget {
  let windowStart = 0;
  let used = 0;
  return {
    spend: (cost, nowMs) => {
      const start = Math.floor(nowMs / windowMs) * windowMs;
      if (start !== windowStart) {
        windowStart = start;
        used = 0;
      }
      used += cost;
      const reset = Math.ceil((start + windowMs - nowMs) / 1000);
      const headers = {
        'ratelimit-user-scope': scope,
        'ratelimit-user-remaining': String(Math.max(0, limit - used)),
        'ratelimit-user-limit': String(limit),
        'ratelimit-user-reset': String(reset),
      };
      return { isAllowed: used <= limit, headers, limit, used, reset };
    },
  };
}

export function makeJsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}
