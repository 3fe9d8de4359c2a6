/** Tests of the bands: every need has exactly one capacity, and no policy has more steps than AWS takes. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeStepSize, mostBands, planBands, stepsPerPolicy } from '../../../infra/scaling/capacity-bands.ts';

/** What the bands give for a need: that of the last step which it reaches, in the one band that holds it. */
function capacitiesFor(needed: number, min: number, max: number): readonly (number | undefined)[] {
  return planBands(min, max)
    .filter(({ from, to }) => needed >= from && (to === undefined || needed <= to))
    .map(({ steps }) => steps.findLast((step) => needed >= step.needed)?.capacity);
}

const sizes = fc
  .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1200 }))
  .map(([min, more, needed]) => ({ min, max: min + more, needed: min + needed }));

const few = { numRuns: 50 };

describe('the bands of a group', () => {
  it('give exactly what is needed, up to the largest, while they suffice', () => {
    for (const needed of [1, 2, 19, 20, 21, 40, 41, 199, 200]) expect(capacitiesFor(needed, 0, 200)).toEqual([needed]);
    expect(capacitiesFor(201, 0, 200)).toEqual([200]);
    expect(capacitiesFor(5, 3, 4)).toEqual([4]);
  });

  it('give of large groups at most a step more, never less, and never beyond the largest', () => {
    fc.assert(
      fc.property(sizes, ({ min, max, needed }) => {
        const [capacity = -1, ...others] = capacitiesFor(needed, min, max);

        expect(others).toEqual([]);
        expect(capacity).toBeGreaterThanOrEqual(Math.min(needed, max));
        expect(capacity).toBeLessThanOrEqual(Math.min(max, needed + computeStepSize(min, max) - 1));
      }),
      few,
    );
  });

  it('hold no more steps, and are no more, than planned', () => {
    fc.assert(
      fc.property(sizes, ({ min, max }) => {
        const bands = planBands(min, max);

        expect(bands.length).toBeLessThanOrEqual(mostBands);
        expect(bands.filter(({ steps }) => steps.length === 0 || steps.length > stepsPerPolicy)).toEqual([]);
      }),
      few,
    );
  });
});
