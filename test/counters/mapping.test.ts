/** What is remembered by names from outside is found again whatever the name is. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { mappingOf } from '../../lambda/counters/state/mapping.ts';

describe('a mapping by names from outside', () => {
  it.each(['__proto__', 'constructor', 'hasOwnProperty', ''])('keeps what is named "%s"', (name) => {
    const text = JSON.stringify(Object.fromEntries([[name, 1]]));

    const read = mappingOf(z.number()).parse(JSON.parse(text));

    expect(JSON.stringify(read)).toBe(text);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('says at which name something does not fit', () => {
    const { error } = mappingOf(mappingOf(z.number())).safeParse({ a: { b: 'c' } });

    expect(error?.issues).toMatchObject([{ path: ['a', 'b'] }]);
  });

  it.each([null, [], 'text', 1])('is none of %s', (value) => {
    expect(mappingOf(z.number()).safeParse(value).success).toBe(false);
  });
});
