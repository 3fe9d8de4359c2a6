/** Tests of telling GitHub's limits from missing permissions. */
import { describe, expect, it } from 'vitest';
import { HttpStatusError } from '../../../../lambda/http/errors/errors.ts';
import { asLimit, interpretRefusal } from '../../../../lambda/sources/github-actions/api/refusals.ts';

function refused(
  status: number,
  headers: Readonly<Record<string, string>>,
  excerpt = '',
  retryAtMs?: number,
): HttpStatusError {
  return new HttpStatusError('GET api.github.com/x', { status, headers, excerpt, retryAtMs });
}

describe('a refusal', () => {
  it.each([403, 429])('of status %i with a time is a limit until then', (status) => {
    expect(interpretRefusal(refused(status, { 'retry-after': '60' }, '', 5000))).toEqual({
      is: 'limit',
      retryAtMs: 5000,
    });
    expect(interpretRefusal(refused(status, { 'x-ratelimit-remaining': '0' }, '', 7000))).toEqual({
      is: 'limit',
      retryAtMs: 7000,
    });
  });

  it('by words or by 429 alone is a limit of an unknown length', () => {
    const words = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

    expect(interpretRefusal(refused(403, { 'x-ratelimit-remaining': '4000' }, words))).toEqual({
      is: 'limit',
      retryAtMs: undefined,
    });
    expect(interpretRefusal(refused(429, {}))).toEqual({ is: 'limit', retryAtMs: undefined });
  });

  it('of 403 without any of that is a missing permission', () => {
    const words = 'Resource not accessible by integration';

    expect(interpretRefusal(refused(403, { 'x-ratelimit-remaining': '4000' }, words))).toEqual({ is: 'permission' });
  });

  it.each([401, 404, 410, 500])('of status %i is another matter', (status) => {
    expect(interpretRefusal(refused(status, { 'retry-after': '60' }))).toBeUndefined();
  });

  it('by a limit is told as one, whatever status it came with', () => {
    const { status, retryAtMs } = asLimit(refused(403, {}), 9000);

    expect({ status, retryAtMs }).toEqual({ status: 429, retryAtMs: 9000 });
  });
});
