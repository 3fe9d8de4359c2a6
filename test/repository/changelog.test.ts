/** Each change stands in the changelog once: a merge can leave an older version of a line beside the new one. */
import { describe, expect, it } from 'vitest';
import { textOf } from './files.ts';

/** By which two entries are told apart; those of one subject share fewer characters than that. */
const beginning = 60;

describe('the changelog', () => {
  it('says nothing twice', () => {
    const sections = textOf('CHANGELOG.md').split(/^#+ /m);
    const entries = sections.map((section) => section.split('\n').filter((line) => line.startsWith('- ')));
    const repeated = entries.flatMap((lines) => {
      const groups = Map.groupBy(lines, (line) => line.slice(0, beginning));
      return [...groups].filter(([, alike]) => alike.length > 1).map(([begin]) => begin);
    });

    expect(entries.flat().length).toBeGreaterThan(20);
    expect(repeated).toEqual([]);
  });
});
