/** The draw of mutants by a seed. */
import { describe, expect, it } from 'vitest';
import { chooseMutants, type Mutant } from '../../scripts/mutate/choose.ts';

/** Two on each line, of two files. */
const mutants: readonly Mutant[] = Array.from({ length: 60 }, (_, index) => ({
  id: String(index),
  fileName: index % 2 === 0 ? 'a.ts' : 'b.ts',
  mutatorName: 'BooleanLiteral',
  replacement: index % 3 === 0 ? 'true' : 'false',
  location: { start: { line: index >> 2, column: index & 2 }, end: { line: index >> 2, column: 9 } },
}));
const always = (): boolean => true;

function choose(count: number, seed: number, from = mutants): readonly string[] {
  return [...chooseMutants(from, { count, seed }, always)];
}

describe('chooseMutants', () => {
  it('draws the same mutants for the same seed, in whatever order they come', () => {
    const again = choose(7, 42, mutants.toReversed());

    expect(again).toHaveLength(7);
    expect(again).toEqual(choose(7, 42));
  });

  it('draws others for another seed', () => {
    expect(choose(7, 43)).not.toEqual(choose(7, 42));
  });

  it('draws from all places, not from the first ones', () => {
    const drawn = new Set(Array.from({ length: 300 }, (_, seed) => choose(1, seed)[0]));

    expect(drawn.size).toBeGreaterThan(mutants.length * 0.9);
  });

  it('keeps those of a smaller draw in a larger one', () => {
    expect(choose(20, 42).slice(0, 7)).toEqual(choose(7, 42));
  });

  it('replaces what does not compile by the next', () => {
    const isTrue = ({ replacement }: Mutant): boolean => replacement === 'true';

    const chosen = chooseMutants(mutants, { count: 7, seed: 42 }, isTrue);

    expect(chosen.size).toBe(7);
    expect(mutants.filter(({ id }) => chosen.has(id)).every(isTrue)).toBe(true);
  });

  it('asks the compiler about no more than it needs', () => {
    let asked = 0;

    chooseMutants(mutants, { count: 7, seed: 42 }, () => {
      asked += 1;
      return true;
    });

    expect(asked).toBe(7);
  });

  it('takes all where there are fewer', () => {
    expect(choose(1000, 42)).toHaveLength(mutants.length);
  });
});
