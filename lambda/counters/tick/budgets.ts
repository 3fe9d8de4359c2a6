/** The request budgets of a source during one tick: how many requests it may still send, by pool. */
import type { RequestBudget } from '../ledger.ts';
import type { BudgetState } from '../state/state.ts';

export interface TickBudgets {
  readonly openBudget: (pool: string, rate: { readonly requests: number; readonly windowMs: number }) => RequestBudget;
  /** Whether a request was taken or a rate limit was noted, so that even a failed tick has something to save. */
  readonly isChanged: () => boolean;
}

/**
 * Requests that may still be sent, by pool. A window starts with its first request and lasts for `windowMs`. One that
 * starts later than any run at the same time can be was noted by a clock that was ahead, and is void.
 * @param apartMs how far the ticks of runs at the same time can lie apart
 */
export function openBudgets(budgets: Map<string, BudgetState>, tickMs: number, apartMs: number): TickBudgets {
  let isChanged = false;
  return {
    openBudget: (pool, { requests, windowMs }) => {
      const kept = budgets.get(pool);
      const found = kept !== undefined && kept.startMs - tickMs <= apartMs ? kept : undefined;
      const isRunning = found !== undefined && tickMs < found.startMs + windowMs;
      const state: BudgetState = isRunning ? found : { startMs: tickMs, used: 0, rateLimit: undefined };
      state.rateLimit = keepRateLimit(found, tickMs);
      budgets.set(pool, state);
      const countRemaining = (): number => {
        const own = requests - state.used;
        return Math.max(0, state.rateLimit === undefined ? own : Math.min(own, state.rateLimit.remaining));
      };
      return {
        remaining: countRemaining,
        take: (wanted = 1) => {
          if (countRemaining() < wanted) return false;
          isChanged = true;
          state.used += wanted;
          if (state.rateLimit !== undefined) state.rateLimit.remaining -= wanted;
          return true;
        },
        noteRateLimit: (seen) => {
          isChanged = true;
          state.rateLimit = seen.resetMs > tickMs ? { ...seen } : undefined;
        },
      };
    },
    isChanged: () => isChanged,
  };
}

/** What the vendor said may outlive our own window or end within it: it holds until the time that the vendor named. */
function keepRateLimit(state: BudgetState | undefined, tickMs: number): BudgetState['rateLimit'] {
  return state?.rateLimit !== undefined && state.rateLimit.resetMs > tickMs ? state.rateLimit : undefined;
}
