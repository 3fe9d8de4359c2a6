/** Requests of a credential in a rolling hour. */
export interface RollingHour {
  /** False when the request is one too many; those do not count. */
  take(nowMs: number): boolean;
  /** Requests in the hour until now. */
  used(nowMs: number): number;
}

const hourMs = 3_600_000;

export function rollingHour(limit: number): RollingHour {
  let times: number[] = [];
  const used = (nowMs: number): number => {
    times = times.filter((ms) => ms > nowMs - hourMs);
    return times.length;
  };
  return {
    take: (nowMs) => {
      if (used(nowMs) >= limit) return false;
      times.push(nowMs);
      return true;
    },
    used,
  };
}
