/** Tests of a list that is read over several runs and comes no further. */
import { describe, expect, it } from 'vitest';
import { beginRound, type Round, resumeRound } from '../../../../lambda/sources/tekton/runs/rounds.ts';

describe('a list that comes no further', () => {
  it('is begun anew after three runs, and keeps the version since which changes are asked for', () => {
    const at = { token: 'next', namespace: 'a' };
    const stuck = { pages: 0, rows: 0, unreadable: 0, at, version: '7' };
    let round: Round = { ...beginRound(0, '7'), runs: 1, at };

    const places = [1, 2, 3].map(() => {
      round = resumeRound(round, stuck);
      return round.at?.token;
    });

    expect(places).toEqual(['next', 'next', undefined]);
    expect(round).toMatchObject({ runs: 1, version: '7' });
  });
});
