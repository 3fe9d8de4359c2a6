/** Tests that the simulator finds deliberate mistakes in a source or a store. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { historyOf } from './histories/any-history.ts';
import { checkEnd } from './rules/end-rules.ts';
import type { History } from './histories/history.ts';
import { memoryMutations, type Mutation, mutations } from './histories/mutations.ts';
import { BrokenRuleError } from './rules/rules.ts';
import { simulate } from './simulate.ts';
import { skippingHistoryOf } from './histories/skipping-history.ts';

/** Rare mistakes need many histories; each is found in far fewer. */
const histories = 3000;

/** A fixed seed: that a mistake is found must not depend on the day. */
const seed = 20_260_105;

/** The kinds whose source is part of the simulator, and can be written wrongly. */
const simulatedHistory = fc.oneof(historyOf('finish'), historyOf('created'));

/** For a wait that ends when a history breaks the promise; a busy machine takes longer, and that is no failure. */
const timeout = 300_000;

/** The first history in which a mutation breaks the promise that it is expected to break; 0 if there is none. */
async function firstFinding(mutation: Mutation, arbitrary: fc.Arbitrary<History>): Promise<number> {
  for (const [index, history] of fc.sample(arbitrary, { seed, numRuns: histories }).entries()) {
    try {
      checkEnd(await simulate(history, mutation));
    } catch (error) {
      if (!(error instanceof BrokenRuleError)) throw error;
      if (error.message.startsWith(mutation.finding)) return index + 1;
    }
  }
  return 0;
}

describe('the simulator', () => {
  it.each(mutations)('finds the mistake: $name', { timeout }, async (mutation) => {
    expect(await firstFinding(mutation, mutation.histories ?? simulatedHistory)).toBeGreaterThan(0);
  });
});

describe('the simulator over the source bitbucket-pipelines', () => {
  it.each(memoryMutations)('finds the mistake: $name', { timeout }, async (mutation) => {
    expect(await firstFinding(mutation, historyOf('bitbucket'))).toBeGreaterThan(0);
  });
});

/**
 * That lost runs are forgotten cannot show over this source: an attempt that is not known and began before the window is
 * old to it, and is never opened again. The mistake is found over the other source.
 */
const foundOverGithub = memoryMutations.filter(({ name }) => name !== 'lost runs are forgotten');

describe('the simulator over the source github-actions', () => {
  it.each(foundOverGithub)('finds the mistake: $name', { timeout }, async (mutation) => {
    expect(await firstFinding(mutation, historyOf('github'))).toBeGreaterThan(0);
  });
});

describe.each(['finish', 'created'] as const)('histories in which a list of the kind %s skips elements', (kind) => {
  it('break no promise of a source that counts what it was shown', { timeout }, async () => {
    for (const history of fc.sample(skippingHistoryOf(kind), { seed, numRuns: 100 })) checkEnd(await simulate(history));
  });
});
