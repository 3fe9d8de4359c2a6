/** Tests of adding up running histograms. */
import { describe, expect, it } from 'vitest';
import { addHistograms } from '../../../lambda/model/families/add-histograms.ts';

const one = { bounds: [1, 5], counts: [1, 2, 3], sum: 20, startMs: 10 };
const other = { bounds: [1, 5], counts: [4, 0, 1], sum: 9, startMs: 30 };

describe('histograms', () => {
  it('are added bucket by bucket, since the latest of their starts', () => {
    expect(addHistograms([one, other])).toEqual({ bounds: [1, 5], counts: [5, 2, 4], sum: 29, startMs: 30 });
    expect(addHistograms([one])).toEqual(one);
  });

  it('have no sum where their bounds differ, or without any', () => {
    expect(addHistograms([one, { ...other, bounds: [1, 10] }])).toBeUndefined();
    expect(addHistograms([])).toBeUndefined();
  });
});
