import type { Quota } from '../ledger.ts';
import type { QuotaState } from '../state/state.ts';

export interface QuotaBook {
  readonly quota: (pool: string, rate: { readonly requests: number; readonly windowMs: number }) => Quota;
  /** Whether anything was taken or told, so that even a failed tick has something to save. */
  readonly isChanged: () => boolean;
}

/**
 * Requests that may still be sent, by pool. A window starts with its first request and lasts for `windowMs`. One that
 * starts later than any run at the same time can be was noted by a clock that was ahead, and is void.
 * @param apartMs how far the ticks of runs at the same time can lie apart
 */
export function quotaBook(quotas: Map<string, QuotaState>, tickMs: number, apartMs: number): QuotaBook {
  let isChanged = false;
  return {
    quota: (pool, { requests, windowMs }) => {
      const kept = quotas.get(pool);
      const found = kept !== undefined && kept.startMs - tickMs <= apartMs ? kept : undefined;
      const isRunning = found !== undefined && tickMs < found.startMs + windowMs;
      const state: QuotaState = isRunning ? found : { startMs: tickMs, used: 0, told: undefined };
      state.told = stillTold(found, tickMs);
      quotas.set(pool, state);
      const remaining = (): number => {
        const own = requests - state.used;
        return Math.max(0, state.told === undefined ? own : Math.min(own, state.told.remaining));
      };
      return {
        remaining,
        take: (wanted = 1) => {
          if (remaining() < wanted) return false;
          isChanged = true;
          state.used += wanted;
          if (state.told !== undefined) state.told.remaining -= wanted;
          return true;
        },
        observe: (seen) => {
          isChanged = true;
          state.told = seen.resetMs > tickMs ? { ...seen } : undefined;
        },
      };
    },
    isChanged: () => isChanged,
  };
}

/** What the vendor said may outlive our own window or end within it: it holds until the time that the vendor named. */
function stillTold(state: QuotaState | undefined, tickMs: number): QuotaState['told'] {
  return state?.told !== undefined && state.told.resetMs > tickMs ? state.told : undefined;
}
