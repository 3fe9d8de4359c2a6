/** What is remembered of the deployments of each repository between ticks. */
import * as z from 'zod';
import { mappingOf } from '../../../counters/state/mapping.ts';
import type { Ledger } from '../../../counters/ledger.ts';

const OfRepository = z.object({
  /** The page of the list on which the first end stood. */
  firstEndPage: z.number().optional(),
  /** When the names of environments were read. Epoch milliseconds. */
  namesMs: z.number().optional(),
  /** Names of environments by uuid. */
  names: z.array(z.tuple([z.string(), z.string()])).optional(),
});
export type DeploymentsMemory = z.infer<typeof OfRepository>;

const Memory = mappingOf(OfRepository);

const name = 'deployments';

export function recallDeployments(ledger: Ledger, repository: string): DeploymentsMemory {
  return ledger.recall(name, Memory)?.[repository] ?? {};
}

export function rememberDeployments(ledger: Ledger, repository: string, learnt: DeploymentsMemory): void {
  const all = ledger.recall(name, Memory) ?? {};
  ledger.remember(name, { ...all, [repository]: { ...all[repository], ...learnt } });
}

/** One entry a repository that is followed, so that it never holds more than there are. */
export function forgetDeployments(ledger: Ledger, repository: string): void {
  const all = ledger.recall(name, Memory);
  if (all?.[repository] === undefined) return;
  ledger.remember(name, Object.fromEntries(Object.entries(all).filter(([id]) => id !== repository)));
}
