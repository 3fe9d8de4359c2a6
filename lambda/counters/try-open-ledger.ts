/** Opens the ledger of a source, or says why it cannot: what needs no memory is still worth reading. */
import type { Problem } from '../model/problem.ts';
import type { Ledger } from './ledger.ts';
import { describeStateProblem } from './state/state-problem.ts';

export interface OpenedLedger {
  /** Absent where the state cannot be read: nothing is counted then. */
  readonly ledger: Ledger | undefined;
  readonly problems: readonly Problem[];
}

/**
 * `effect` says what is left out without the ledger.
 *
 * @throws TickTakenError when another invocation counts this tick, and whatever is a bug.
 */
export async function tryOpenLedger(
  { openLedger }: { readonly openLedger: () => Promise<Ledger> },
  where: string,
  effect?: string,
): Promise<OpenedLedger> {
  try {
    return { ledger: await openLedger(), problems: [] };
  } catch (error) {
    return { ledger: undefined, problems: [describeStateProblem(error, where, effect)] };
  }
}
