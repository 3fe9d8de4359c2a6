/** What is remembered of the deployments of each repository between ticks. */
import * as z from 'zod';
import { defineMapping } from '../../../counters/state/mapping.ts';
import type { Ledger } from '../../../counters/ledger.ts';

const Remembered = z.object({
  /** The page of the list on which the first end stood. */
  firstEndPage: z.number().optional(),
  /** When the names of environments were read. Epoch milliseconds. */
  namesMs: z.number().optional(),
  /** Names of environments by uuid. */
  names: z.array(z.tuple([z.string(), z.string()])).optional(),
});
export type RememberedDeployments = z.infer<typeof Remembered>;

const Memory = defineMapping(Remembered);

const name = 'deployments';

export function recallDeployments(ledger: Ledger, repository: string): RememberedDeployments {
  return ledger.recall(name, Memory)?.[repository] ?? {};
}

export function rememberDeployments(ledger: Ledger, repository: string, learnt: RememberedDeployments): void {
  const all = ledger.recall(name, Memory) ?? {};
  ledger.remember(name, { ...all, [repository]: { ...all[repository], ...learnt } });
}

/** One entry for each repository that is followed, so that there are never more than repositories. */
export function forgetDeployments(ledger: Ledger, repository: string): void {
  const all = ledger.recall(name, Memory);
  if (all?.[repository] === undefined) return;
  ledger.remember(name, Object.fromEntries(Object.entries(all).filter(([id]) => id !== repository)));
}
