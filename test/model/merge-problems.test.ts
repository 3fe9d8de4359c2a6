/** Tests that problems of one cause become one, which says how many there were. */
import { describe, expect, it } from 'vitest';
import { mergeRepeatedProblems } from '../../lambda/model/merge-problems.ts';
import type { Problem } from '../../lambda/model/problem.ts';

function refuse(where: string, message = 'the token is wrong', kind: Problem['kind'] = 'auth'): Problem {
  return { kind, where, message };
}

describe('problems that are repeated', () => {
  it('are one, where the first was, with their number', () => {
    expect(mergeRepeatedProblems([refuse('a'), refuse('b')])).toEqual([
      refuse('a', 'the token is wrong; 1 more such problem in this run'),
    ]);
    expect(mergeRepeatedProblems([refuse('a'), refuse('b'), refuse('c')])).toEqual([
      refuse('a', 'the token is wrong; 2 more such problems in this run'),
    ]);
  });

  it('stay apart where their kind or their message differs, in their order', () => {
    const apart = [refuse('a'), refuse('a', 'the token is old'), refuse('a', 'the token is wrong', 'rejected')];

    expect(mergeRepeatedProblems(apart)).toEqual(apart);
  });

  it('are what the caller takes for one cause', () => {
    const merged = mergeRepeatedProblems([refuse('a', 'one'), refuse('b', 'other')], ({ kind }) => kind);

    expect(merged).toEqual([refuse('a', 'one; 1 more such problem in this run')]);
  });

  it('keep when the request may be sent again', () => {
    expect(mergeRepeatedProblems([{ ...refuse('a'), retryAtMs: 5 }, refuse('b')])).toMatchObject([{ retryAtMs: 5 }]);
  });
});
