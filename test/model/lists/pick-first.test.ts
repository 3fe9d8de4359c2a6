/** Tests of picking the first elements in an order without sorting all of them. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { pickFirst } from '../../../lambda/model/lists/pick-first.ts';

it('gives what sorting and cutting gives', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.integer({ min: -1, max: 20 }), (list, count) => {
      const byNumber = (a: number, b: number): number => a - b;
      expect(pickFirst(list, count, byNumber)).toEqual(list.toSorted(byNumber).slice(0, Math.max(0, count)));
    }),
  );
});
