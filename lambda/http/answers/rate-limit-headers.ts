/** Reads the rate limit headers of an answer: what is left, and when to try again. */
import { findGreatest } from '../../model/lists/extremes.ts';
import type { RequestMeter, ResponseHeaders } from '../port.ts';
import { parseServerTime } from './server-clock.ts';
import { minuteMs, dayMs } from '../../model/time.ts';

export type RateLimit = NonNullable<RequestMeter['rateLimit']>;

/** Below it a reset header tells seconds left, from it on a Unix time: 10^9 s was in 2001 and is 31 years. */
const firstUnixTime = 1_000_000_000;

/** From it on a Unix time is in milliseconds. */
const firstUnixTimeMs = 1_000_000_000_000;

/** A server's mistake must not silence a source for good. */
export const longestRetryAfterMs = dayMs;

/** `ratelimit-remaining`, `ratelimit-user-remaining` (Buildkite), `x-ratelimit-remaining`, `x-rate-limit-remaining`. */
const rateLimitHeader = /^(x-)?rate-?limit-(?:(.+)-)?(remaining|limit|reset)$/;

/** The scarcest rate limit that an answer tells; undefined where it tells no remaining number. */
export function parseRateLimit(headers: ResponseHeaders, nowMs: number): RateLimit | undefined {
  return parseScopes(headers, nowMs)
    .map(({ remaining, limit, resetAtMs }) =>
      remaining === undefined
        ? undefined
        : {
            remaining,
            ...(limit === undefined ? {} : { limit }),
            ...(resetAtMs === undefined ? {} : { resetAtMs }),
          },
    )
    .reduce(pickScarcer, undefined);
}

/** The rate limit with less left; the first of two equal ones. */
export function pickScarcer(a: RateLimit | undefined, b: RateLimit | undefined): RateLimit | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.remaining < a.remaining ? b : a;
}

/**
 * When the server allows the next attempt: by `Retry-After` (seconds or HTTP-date, RFC 9110), else by the latest reset
 * of an exhausted rate limit. Epoch milliseconds, at most a day ahead; undefined where it does not tell.
 */
export function parseRetryAt(headers: ResponseHeaders, nowMs: number): number | undefined {
  const at = parseRetryAfter(headers, nowMs) ?? findLatestReset(headers, nowMs);
  return at === undefined ? undefined : Math.min(at, nowMs + longestRetryAfterMs);
}

function parseRetryAfter(headers: ResponseHeaders, nowMs: number): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return nowMs + Number(text) * 1000;
  if (!/^[A-Z][a-z]+, .* GMT$/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date + measureAhead(headers, nowMs);
}

/** An answer takes less than that; what is more is a clock that is wrong. */
const longestExchangeMs = minuteMs;

/** A moment that the server names is one of its own clock. Milliseconds that ours is ahead of it. */
function measureAhead(headers: ResponseHeaders, nowMs: number): number {
  const aheadMs = nowMs - (parseServerTime(headers) ?? nowMs);
  return Math.abs(aheadMs) > longestExchangeMs ? aheadMs : 0;
}

function findLatestReset(headers: ResponseHeaders, nowMs: number): number | undefined {
  const resets = parseScopes(headers, nowMs)
    .filter(({ remaining }) => remaining === undefined || remaining === 0)
    .map(({ resetAtMs }) => resetAtMs)
    .filter((resetAtMs) => resetAtMs !== undefined);
  return findGreatest(resets);
}

interface Scope {
  remaining?: number;
  limit?: number;
  resetAtMs?: number;
}

function parseScopes(headers: ResponseHeaders, nowMs: number): readonly Scope[] {
  const scopes = new Map<string, Scope>();
  const aheadMs = measureAhead(headers, nowMs);
  for (const [name, value] of Object.entries(headers)) {
    const [, vendor = '', scope = '', field] = rateLimitHeader.exec(name) ?? [];
    const number = parseLeadingInteger(value);
    if (field === undefined || number === undefined) continue;
    const key = `${vendor}${scope}`;
    const known = scopes.get(key) ?? {};
    scopes.set(key, known);
    if (field === 'remaining') known.remaining = number;
    else if (field === 'limit') known.limit = number;
    else known.resetAtMs = computeResetAt(number, nowMs, aheadMs);
  }
  return [...scopes.values()];
}

/** `60, 60;w=3600` is 60: the numbers after the first describe windows. */
function parseLeadingInteger(value: string): number | undefined {
  const digits = /^\s*(\d+)/.exec(value)?.[1];
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : undefined;
}

function computeResetAt(value: number, nowMs: number, aheadMs: number): number {
  if (value < firstUnixTime) return nowMs + value * 1000;
  return (value < firstUnixTimeMs ? value * 1000 : value) + aheadMs;
}
