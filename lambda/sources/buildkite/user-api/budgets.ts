/** Opens the ledger with the request budgets that it keeps, or with small ones for this run. */
import { type OpenedLedger, tryOpenLedger } from '../../../counters/try-open-ledger.ts';
import type { Ledger, RequestBudget } from '../../../counters/ledger.ts';
import type { CollectContext } from '../../source.ts';
import type { ApiSettings } from '../config.ts';
import type { Budgets } from './client.ts';
import { minuteMs } from '../../../model/time.ts';

/** Without a ledger it is unknown what earlier runs have used, so each run may use a fifth of the budget. */
const shareWithoutMemory = 0.2;

export interface OpenedLedgerAndBudgets extends OpenedLedger {
  readonly budgets: Budgets;
}

/** @throws TickTakenError: another invocation counts this tick. */
export async function openLedgerAndBudgets(
  context: CollectContext,
  settings: ApiSettings,
  where: string,
): Promise<OpenedLedgerAndBudgets> {
  const opened = await tryOpenLedger(context, `${where} state`);
  const { ledger } = opened;
  const budgets = ledger === undefined ? createOneRunBudgets(settings) : createKeptBudgets(ledger, settings);
  return { ...opened, budgets };
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
