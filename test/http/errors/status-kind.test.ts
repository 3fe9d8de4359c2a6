/** Tests which kind of problem each status is, for sources and sinks alike. */
import { describe, expect, it } from 'vitest';
import { HttpStatusError } from '../../../lambda/http/errors/errors.ts';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { mapStatusKind } from '../../../lambda/http/errors/status-kind.ts';
import { explainStatus } from '../../../lambda/series/losses/explain-status.ts';

const kinds = [
  [304, 'bad-response'],
  [400, 'rejected'],
  [401, 'auth'],
  [403, 'auth'],
  [404, 'configuration'],
  [405, 'configuration'],
  [407, 'auth'],
  [410, 'configuration'],
  [413, 'rejected'],
  [415, 'configuration'],
  [422, 'rejected'],
  [429, 'rate-limited'],
  [499, 'rejected'],
  [500, 'unavailable'],
  [503, 'unavailable'],
] as const;

describe.each(kinds)('the status %i', (status, kind) => {
  it(`is ${kind}`, () => {
    expect(mapStatusKind(status)).toBe(kind);
  });

  it('is the same of what is read and of what is sent', () => {
    const error = new HttpStatusError('GET a.test/x', { status, headers: {}, excerpt: '' });

    expect(describeHttpProblem(error, 'x')?.kind).toBe(kind);
    expect(explainStatus(error, { name: 'the receiver', remedies: [], byStatus: {} }).kind).toBe(kind);
  });
});
