/** Remembers which names were shown, so that what was open a while ago is shown as 0 and alarms resolve. */
import * as z from 'zod';
import type { Ledger } from '../counters/ledger.ts';

const Shown = z.array(z.tuple([z.string(), z.string(), z.number()]));

/** Names that were in use, with those that are now; those that have not been for long are forgotten. */
export function rememberShown(
  ledger: Ledger,
  name: string,
  now: readonly (readonly [string, string])[],
  forMs: number,
): readonly (readonly [string, string])[] {
  const joinKey = (a: string, b: string): string => JSON.stringify([a, b]);
  const kept = new Map<string, [string, string, number]>();
  for (const [a, b, lastMs] of ledger.recall(name, Shown) ?? [])
    if (ledger.tickMs - lastMs <= forMs) kept.set(joinKey(a, b), [a, b, lastMs]);
  for (const [a, b] of now) kept.set(joinKey(a, b), [a, b, ledger.tickMs]);
  ledger.remember(name, [...kept.values()]);
  return [...kept.values()].map(([a, b]) => [a, b] as const);
}
