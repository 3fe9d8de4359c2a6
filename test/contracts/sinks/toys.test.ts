/** The contract of sinks holds what it promises: a sink that breaks a rule fails that rule's case, and no other. */
import { describe, expect, it } from 'vitest';
import { sinkRules } from './rules.ts';
import { goodAddingSink, goodTotallingSink, toys } from './toys.ts';
import type { TriedSubject } from './try-sink.ts';

/** The rules that a sink breaks, with what their cases say. */
async function brokenBy(subject: TriedSubject): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { name, check } of sinkRules.filter(({ appliesTo }) => appliesTo(subject.facts))) {
    try {
      await check(subject);
    } catch {
      broken.push(name);
    }
  }
  return broken;
}

describe('the contract of sinks', () => {
  it('has a toy for each of its rules', () => {
    const tried = new Set<string>(toys.flatMap(({ breaks }) => breaks));

    expect(sinkRules.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });

  it.each([
    ['adds', goodAddingSink],
    ['sends totals', goodTotallingSink],
  ])('is kept by a good sink that %s', async (_, subject) => {
    expect(await brokenBy(subject)).toEqual([]);
  });

  it.each(toys.map((toy) => [`${toy.subject.facts.takes}: ${toy.name}`, toy] as const))(
    'finds a toy of %s',
    async (_, { breaks, subject }) => {
      expect([...(await brokenBy(subject))].sort()).toEqual([...breaks].sort());
    },
  );
});
