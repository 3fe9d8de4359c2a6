/** Simulates many random histories of one kind, and reports the smallest that breaks a promise of the counters. */
import fc from 'fast-check';
import { checkEnd } from './rules/end-rules.ts';
import type { Kind } from './histories/fleet.ts';
import { historyOf } from './histories/any-history.ts';
import { simulate } from './simulate.ts';

export interface Wanted {
  readonly histories: number;
  readonly seed: number;
  /** Of a counterexample that is to be seen again. */
  readonly path?: string | undefined;
  /** Called after each history that kept every promise. */
  readonly onHistory?: (simulated: number) => void;
}

export interface Checked {
  readonly simulated: number;
  /** In how many histories each thing went wrong that a history can have. */
  readonly events: ReadonlyMap<string, number>;
  /** The smallest history that breaks a promise, which one, and how to see it again; undefined when all are kept. */
  readonly failure: string | undefined;
}

/** Simulates random histories of one kind and checks every promise of the counters in each. */
export async function checkHistories(kind: Kind, { histories, seed, path, onHistory }: Wanted): Promise<Checked> {
  let simulated = 0;
  const events = new Map<string, number>();
  const property = fc.asyncProperty(historyOf(kind), async (history) => {
    const world = await simulate(history);
    checkEnd(world);
    simulated += 1;
    for (const event of world.events) events.set(event, (events.get(event) ?? 0) + 1);
    onHistory?.(simulated);
  });
  const details = await fc.check(property, { numRuns: histories, seed, ...(path === undefined ? {} : { path }) });
  if (!details.failed) return { simulated, events, failure: undefined };
  const found = details.counterexamplePath ?? '';
  const again = `again: npm run simulate -- --kind ${kind} --seed ${String(seed)} --path ${found}`;
  const reason = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return { simulated, events, failure: [reason, fc.defaultReportMessage(details), again].join('\n') };
}
