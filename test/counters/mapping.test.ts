/** What is remembered by names from outside is found again whatever the name is. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineMapping } from '../../lambda/counters/state/mapping.ts';

describe('a mapping by names from outside', () => {
  it.each(['__proto__', 'constructor', 'hasOwnProperty', ''])('keeps what is named "%s"', (name) => {
    const text = JSON.stringify(Object.fromEntries([[name, 1]]));

    const read = defineMapping(z.number()).parse(JSON.parse(text));

    expect(JSON.stringify(read)).toBe(text);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('says at which name something does not fit', () => {
    const { error } = defineMapping(defineMapping(z.number())).safeParse({ a: { b: 'c' } });

    expect(error?.issues).toMatchObject([{ path: ['a', 'b'] }]);
  });

  it.each([null, [], 'text', 1])('is none of %s', (value) => {
    expect(defineMapping(z.number()).safeParse(value).success).toBe(false);
  });
});
