/** Tests of splitting a list where a server takes only so many elements at a time. */
import { describe, expect, it } from 'vitest';
import { splitChunks } from '../../../lambda/model/lists/split-chunks.ts';

describe('a list', () => {
  it.each([
    [[], []],
    [[1], [[1]]],
    [[1, 2], [[1, 2]]],
    [
      [1, 2, 3],
      [[1, 2], [3]],
    ],
  ])('%j is split in pairs as %j', (items, chunks) => {
    expect(splitChunks(items, 2)).toEqual(chunks);
  });
});
