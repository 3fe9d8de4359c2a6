import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEnd } from './end-rules.ts';
import { historyOf } from './history.ts';
import { simulate } from './simulate.ts';

/** Of each kind of list; `npm run simulate -- --histories N` runs more. */
const histories = Number(process.env['SIMULATE'] ?? 1000);

describe.each(['finish', 'created'] as const)('any history over a list by time of %s', (kind) => {
  it(`keeps every promise of the counters (${String(histories)} histories)`, { timeout: 300_000 }, async () => {
    let simulated = 0;
    await fc.assert(
      fc.asyncProperty(historyOf(kind), async (history) => {
        checkEnd(await simulate(history));
        simulated += 1;
      }),
      { numRuns: histories },
    );
    expect(simulated).toBe(histories);
  });
});
