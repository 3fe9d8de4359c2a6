/** Histories in which a list that shows fewer elements than it has costs finishes, unless it is taken for cut short. */
import fc from 'fast-check';
import type { CrawledKind, Kind, RunSpec } from './fleet.ts';
import { calmInvocation, type History, type TickSpec } from './history.ts';

/** Longer than the overlap: once a list has passed for whole, what it has skipped is not looked for any more. */
const missedTicks = 15;

const calm: TickSpec = { invocations: [calmInvocation] };
const missed: TickSpec = { invocations: [] };
const mixing: TickSpec = { invocations: [{ ...calmInvocation, mixesEqual: true }] };

/** Several pages of runs that were created at once, as a nightly schedule does it, and end while no tick comes. */
function runs(): fc.Arbitrary<readonly RunSpec[]> {
  const durationS = fc.integer({ min: 60, max: 180 });
  const run = durationS.map((seconds): RunSpec => ({
    createdS: 10,
    attempts: [{ afterS: 0, waitS: 0, durationS: seconds }],
    listLagS: 0,
    recordLagS: 0,
    prunedAfterS: undefined,
  }));
  return fc.array(run, { minLength: 4, maxLength: 12 });
}

export function skippingHistoryOf(kind: Exclude<Kind, CrawledKind>): fc.Arbitrary<History> {
  return fc.record({
    kind: fc.constant(kind),
    habits: fc.record({
      bound: fc.constantFrom('client' as const, 'vendor' as const),
      paging:
        kind === 'created' ? fc.constant('cursor' as const) : fc.constantFrom('number' as const, 'cursor' as const),
      order: fc.constantFrom('open-first' as const, 'list-first' as const),
      onError: fc.constantFrom('throws' as const, 'keeps' as const),
    }),
    runs: runs(),
    ticks: fc.constant([calm, ...Array.from({ length: missedTicks }, () => missed), mixing]),
    choices: fc.nat(),
  });
}
