/** Tests of mapping a list with a limit to how many items are worked on at once. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapConcurrently } from '../../lambda/runtime/map-concurrently.ts';

describe('a pool', () => {
  it('gives results in the order of the items, whatever the order in which they end', async () => {
    const gates = [1, 2, 3].map(() => Promise.withResolvers<undefined>());

    const results = mapConcurrently(gates, 3, async (gate) => {
      await gate.promise;
      return gates.indexOf(gate);
    });
    for (const gate of gates.toReversed()) gate.resolve(undefined);

    expect(await results).toEqual([0, 1, 2]);
  });

  it('never has more at work than its limit, and as many as that while there is work', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 20 }), fc.integer({ min: 1, max: 6 }), async (turns, limit) => {
        let working = 0;
        let most = 0;

        const results = await mapConcurrently(turns, limit, async (count) => {
          working += 1;
          most = Math.max(most, working);
          for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
          working -= 1;
          return count;
        });

        expect(results).toEqual(turns);
        expect(most).toBeLessThanOrEqual(limit);
        if (turns.every((count) => count > 0)) expect(most).toBe(Math.min(limit, turns.length));
      }),
    );
  });

  it('has nothing to do without items', async () => {
    expect(await mapConcurrently([], 4, () => Promise.resolve(1))).toEqual([]);
  });

  it('passes a failure on', async () => {
    const failing = mapConcurrently([1, 2], 1, () => Promise.reject(new Error('no')));

    await expect(failing).rejects.toThrow('no');
  });
});
