/** Opens the ledger with the request budgets that it keeps, or with small ones for this run. */
import type { Ledger, RequestBudget } from '../../../counters/ledger.ts';
import { describeStateProblem } from '../../../counters/state/state-problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { CollectContext } from '../../source.ts';
import type { ApiSettings } from '../config.ts';
import type { Budgets } from './client.ts';

const minuteMs = 60_000;

/** Without a ledger it is unknown what earlier runs have used, so each run may use a fifth of the budget. */
const shareWithoutMemory = 0.2;

export interface OpenedLedger {
  /** Absent where the state cannot be read: nothing is counted then. */
  readonly ledger: Ledger | undefined;
  readonly budgets: Budgets;
  readonly problems: readonly Problem[];
}

/** @throws TickTakenError: another invocation counts this tick. */
export async function openLedgerAndBudgets(
  { openLedger }: CollectContext,
  settings: ApiSettings,
  where: string,
): Promise<OpenedLedger> {
  try {
    const ledger = await openLedger();
    return { ledger, budgets: createKeptBudgets(ledger, settings), problems: [] };
  } catch (error) {
    const problems = [describeStateProblem(error, `${where} state`)];
    return { ledger: undefined, budgets: createOneRunBudgets(settings), problems };
  }
}

/** Buildkite docs, portals: 200 requests a minute for an organization; half of them are left to its other portals. */
const portalRequestsPerMinute = 100;

function createKeptBudgets(ledger: Ledger, settings: ApiSettings): Budgets {
  const { requestsPerMinute, pointsPerFiveMinutes, portal } = settings;
  return {
    rest: ledger.openBudget('rest', { requests: requestsPerMinute, windowMs: minuteMs }),
    graphql:
      portal === undefined
        ? ledger.openBudget('graphql', { requests: pointsPerFiveMinutes, windowMs: 5 * minuteMs })
        : ledger.openBudget('portal', { requests: portalRequestsPerMinute, windowMs: minuteMs }),
  };
}

function createOneRunBudgets({ requestsPerMinute, pointsPerFiveMinutes, portal }: ApiSettings): Budgets {
  const queries = portal === undefined ? pointsPerFiveMinutes : portalRequestsPerMinute;
  return {
    rest: createOneRunBudget(Math.ceil(requestsPerMinute * shareWithoutMemory)),
    graphql: createOneRunBudget(Math.ceil(queries * shareWithoutMemory)),
  };
}

/** A budget for one run. */
function createOneRunBudget(requests: number): RequestBudget {
  let left = requests;
  return {
    take: (count = 1) => {
      if (count > left) return false;
      left -= count;
      return true;
    },
    remaining: () => left,
    noteRateLimit: ({ remaining }) => {
      left = Math.min(left, remaining);
    },
  };
}
