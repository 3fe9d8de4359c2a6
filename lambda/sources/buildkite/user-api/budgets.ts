import type { Ledger, Quota } from '../../../counters/ledger.ts';
import { stateProblem } from '../../../counters/state/state-problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { CollectContext } from '../../source.ts';
import type { ApiSettings } from '../config.ts';
import type { Budgets } from './client.ts';

const minuteMs = 60_000;

/** Without a ledger nobody knows what earlier runs have used: a fifth of the budget is left to each. */
const shareWithoutMemory = 0.2;

export interface Memory {
  /** Absent where the state cannot be read: nothing is counted then. */
  readonly ledger: Ledger | undefined;
  readonly budgets: Budgets;
  readonly problems: readonly Problem[];
}

/** @throws TickTakenError: another invocation counts this tick. */
export async function openMemory(
  { openLedger }: CollectContext,
  settings: ApiSettings,
  where: string,
): Promise<Memory> {
  try {
    const ledger = await openLedger();
    return { ledger, budgets: keptBudgets(ledger, settings), problems: [] };
  } catch (error) {
    const problems = [stateProblem(error, `${where} state`)];
    return { ledger: undefined, budgets: passingBudgets(settings), problems };
  }
}

/** Buildkite docs, portals: 200 requests a minute for an organization; half of them are left to its other portals. */
const portalRequestsPerMinute = 100;

function keptBudgets(ledger: Ledger, settings: ApiSettings): Budgets {
  const { requestsPerMinute, pointsPerFiveMinutes, portal } = settings;
  return {
    rest: ledger.quota('rest', { requests: requestsPerMinute, windowMs: minuteMs }),
    graphql:
      portal === undefined
        ? ledger.quota('graphql', { requests: pointsPerFiveMinutes, windowMs: 5 * minuteMs })
        : ledger.quota('portal', { requests: portalRequestsPerMinute, windowMs: minuteMs }),
  };
}

function passingBudgets({ requestsPerMinute, pointsPerFiveMinutes, portal }: ApiSettings): Budgets {
  const queries = portal === undefined ? pointsPerFiveMinutes : portalRequestsPerMinute;
  return {
    rest: allowance(Math.ceil(requestsPerMinute * shareWithoutMemory)),
    graphql: allowance(Math.ceil(queries * shareWithoutMemory)),
  };
}

/** A budget for one run. */
function allowance(requests: number): Quota {
  let left = requests;
  return {
    take: (count = 1) => {
      if (count > left) return false;
      left -= count;
      return true;
    },
    remaining: () => left,
    observe: ({ remaining }) => {
      left = Math.min(left, remaining);
    },
  };
}
