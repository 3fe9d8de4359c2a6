/** Tests of reading rate limits and times to try again from the headers of an answer. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestRetryAfterMs, parseRateLimit, parseRetryAt } from '../../../lambda/http/answers/rate-limit-headers.ts';

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('quotaOf', () => {
  it.each([
    [
      "Buildkite's organization and user limits: the scarcer one",
      {
        'ratelimit-scope': 'rest',
        'ratelimit-remaining': '180',
        'ratelimit-limit': '200',
        'ratelimit-reset': '30',
        'ratelimit-user-scope': 'rest',
        'ratelimit-user-remaining': '3',
        'ratelimit-user-limit': '50',
        'ratelimit-user-reset': '12',
      },
      { remaining: 3, limit: 50, resetAtMs: nowMs + 12_000 },
    ],
    [
      "GitHub's Unix time",
      { 'x-ratelimit-remaining': '4999', 'x-ratelimit-limit': '5000', 'x-ratelimit-reset': '1795262400' },
      { remaining: 4999, limit: 5000, resetAtMs: 1_795_262_400_000 },
    ],
    [
      'a Unix time in milliseconds',
      { 'x-rate-limit-remaining': '1', 'x-rate-limit-reset': '1795262400123' },
      { remaining: 1, resetAtMs: 1_795_262_400_123 },
    ],
    [
      'a limit with its windows',
      { 'x-ratelimit-remaining': '59', 'x-ratelimit-limit': '60, 60;w=3600' },
      { remaining: 59, limit: 60 },
    ],
    ['an exhausted quota', { 'ratelimit-remaining': '0' }, { remaining: 0 }],
    ['a limit alone, which does not tell what is left', { 'x-ratelimit-limit': '1000' }, undefined],
    ['numbers that are none', { 'ratelimit-remaining': 'many', 'ratelimit-limit': '-1' }, undefined],
    ['an absurd number', { 'ratelimit-remaining': '99999999999999999999' }, undefined],
    ['no such header', { 'content-type': 'text/plain', 'buildkite-ratelimit': '1' }, undefined],
  ])('reads %s', (_what, headers, quota) => {
    expect(parseRateLimit(headers, nowMs)).toEqual(quota);
  });
});

describe('retryAtOf', () => {
  it.each([
    ['seconds', { 'retry-after': '120' }, nowMs + 120_000],
    ['a fraction of seconds', { 'retry-after': '0.5' }, nowMs + 500],
    ['an HTTP-date', { 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, nowMs + 30_000],
    [
      'an HTTP-date of a server whose clock is half an hour behind',
      { 'retry-after': 'Sat, 21 Nov 2026 11:30:30 GMT', date: 'Sat, 21 Nov 2026 11:30:00 GMT' },
      nowMs + 30_000,
    ],
    [
      'a Unix time of a server whose clock is an hour ahead',
      { 'ratelimit-reset': String(nowMs / 1000 + 3660), date: 'Sat, 21 Nov 2026 13:00:00 GMT' },
      nowMs + 60_000,
    ],
    ['a date that has passed', { 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, nowMs - 3_600_000],
    ['Retry-After rather than a reset', { 'retry-after': '1', 'ratelimit-reset': '60' }, nowMs + 1_000],
    ['a reset without more', { 'ratelimit-reset': '7' }, nowMs + 7_000],
    [
      'the later reset of two exhausted quotas',
      {
        'ratelimit-remaining': '0',
        'ratelimit-reset': '5',
        'ratelimit-user-remaining': '0',
        'ratelimit-user-reset': '9',
      },
      nowMs + 9_000,
    ],
    [
      'the reset of the exhausted quota only',
      {
        'ratelimit-remaining': '150',
        'ratelimit-reset': '3000',
        'ratelimit-user-remaining': '0',
        'ratelimit-user-reset': '9',
      },
      nowMs + 9_000,
    ],
    [
      'no reset of a quota that is not exhausted',
      { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': '5' },
      undefined,
    ],
    ['nothing from a word', { 'retry-after': 'soon' }, undefined],
    ['nothing from a negative number', { 'retry-after': '-5' }, undefined],
    ['nothing from a date of another format', { 'retry-after': '2026-11-21T12:00:30Z' }, undefined],
    ['nothing from a date that is none', { 'retry-after': 'Sat, 41 Nov 2026 12:00:30 GMT' }, undefined],
    ['a mistaken century as a day', { 'retry-after': '3000000000' }, nowMs + longestRetryAfterMs],
  ])('reads %s', (_what, headers, at) => {
    expect(parseRetryAt(headers, nowMs)).toBe(at);
  });

  it('reads back every HTTP-date to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: -86_400, max: 86_400 }), (seconds) => {
        const date = new Date(nowMs + seconds * 1000);

        expect(parseRetryAt({ 'retry-after': date.toUTCString() }, nowMs)).toBe(date.getTime());
      }),
    );
  });

  it('is finite and at most a day ahead, and a quota never negative, whatever a server sends', () => {
    const names = [
      'retry-after',
      'ratelimit-reset',
      'ratelimit-remaining',
      'ratelimit-user-reset',
      'x-ratelimit-limit',
    ];
    const value = fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (headers) => {
        const at = parseRetryAt(headers, nowMs) ?? nowMs;
        const quota = parseRateLimit(headers, nowMs) ?? { remaining: 0 };

        expect(Number.isFinite(at)).toBe(true);
        expect(at).toBeLessThanOrEqual(nowMs + longestRetryAfterMs);
        expect(Number.isSafeInteger(quota.remaining)).toBe(true);
        expect(quota.remaining).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
