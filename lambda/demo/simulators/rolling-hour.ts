/** Counts the requests of a simulated credential in a rolling hour. */
import { hourMs } from '../../model/time.ts';

/** Requests of a credential in a rolling hour. */
export interface RollingHour {
  /** False when the request is one too many; those do not count. */
  take(nowMs: number): boolean;
  /** Requests in the hour until now. */
  used(nowMs: number): number;
}

export function createRollingHour(limit: number): RollingHour {
  let times: number[] = [];
  const measureUsed = (nowMs: number): number => {
    times = times.filter((ms) => ms > nowMs - hourMs);
    return times.length;
  };
  return {
    take: (nowMs) => {
      if (measureUsed(nowMs) >= limit) return false;
      times.push(nowMs);
      return true;
    },
    used: measureUsed,
  };
}
