import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEnd } from './end-rules.ts';
import { anyHistory } from './history.ts';
import { type Mutation, mutations } from './mutations.ts';
import { BrokenRuleError } from './rules.ts';
import { simulate } from './simulate.ts';

/** Rare mistakes need many histories; each is found in far fewer. */
const histories = 3000;

/** A fixed seed: that a mistake is found must not depend on the day. */
const seed = 20_260_105;

/** Whether a history exists in which a mutation breaks the promise that it is expected to break. */
async function isFound(mutation: Mutation): Promise<boolean> {
  for (const history of fc.sample(anyHistory, { seed, numRuns: histories })) {
    try {
      checkEnd(await simulate(history, mutation));
    } catch (error) {
      if (!(error instanceof BrokenRuleError)) throw error;
      if (error.message.startsWith(mutation.finding)) return true;
    }
  }
  return false;
}

describe('the simulator', () => {
  it.each(mutations)('finds the mistake: $name', { timeout: 300_000 }, async (mutation) => {
    expect(await isFound(mutation)).toBe(true);
  });
});
