/** Remembers the newest observations of many series, a bounded number of each. */

/** Enough for a 95th percentile of which three values lie above. */
const keptOfEach = 64;

export interface Newest {
  /** Adds what was observed in a run. */
  readonly add: (key: string, observations: readonly number[]) => void;
  readonly list: (key: string) => readonly number[];
  /** Forgets all series but these. */
  readonly keepOnly: (keys: ReadonlySet<string>) => void;
}

export function rememberNewest(): Newest {
  const byKey = new Map<string, readonly number[]>();
  return {
    add: (key, observations) => {
      if (observations.length === 0) return;
      byKey.set(key, [...(byKey.get(key) ?? []), ...observations.slice(-keptOfEach)].slice(-keptOfEach));
    },
    list: (key) => byKey.get(key) ?? [],
    keepOnly: (keys) => {
      for (const key of byKey.keys()) if (!keys.has(key)) byKey.delete(key);
    },
  };
}
