/** The contract of sources holds what it promises: a source that breaks a rule fails that rule's case, and no other. */
import { describe, expect, it } from 'vitest';
import { sourceRules } from './rules.ts';
import { goodCountingSource, goodReadingSource, toys } from './toys.ts';
import type { TriedSource } from './try-source.ts';

/** The rules that a source breaks. */
async function brokenBy(subject: TriedSource): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { name, check } of sourceRules.filter(({ appliesTo }) => appliesTo(subject.facts))) {
    try {
      await check(subject);
    } catch {
      broken.push(name);
    }
  }
  return broken;
}

describe('the contract of sources', () => {
  it('has a toy for each of its rules', () => {
    const tried = new Set<string>(toys.flatMap(({ breaks }) => breaks));

    expect(sourceRules.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  it.each([
    ['reads levels', goodReadingSource],
    ['counts', goodCountingSource],
  ])('is kept by a good source that %s', async (_, subject) => {
    expect(await brokenBy(subject)).toEqual([]);
  });

  it.each(toys.map((toy) => [toy.name, toy] as const))('finds a toy that %s', async (_, { breaks, subject }) => {
    expect([...(await brokenBy(subject))].sort()).toEqual([...breaks].sort());
  });
});
