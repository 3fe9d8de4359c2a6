/** Keeps the state that a list in pages began with, until etcd would have compacted it. */
import type { Plural, RunObject, RunStore } from './objects.ts';
import { minuteMs } from '../../../model/time.ts';

export interface Snapshot {
  readonly version: number;
  readonly runs: readonly RunObject[];
}

export interface Snapshots {
  readonly take: (plural: Plural, nowMs: number) => Snapshot;
  /** Undefined once it is too old. */
  readonly at: (plural: Plural, version: number, nowMs: number) => Snapshot | undefined;
}

/** What the API server asks etcd to compact by default (--etcd-compaction-interval). */
const compactionMs = 5 * minuteMs;

export function createSnapshots(store: RunStore): Snapshots {
  const taken = new Map<string, Snapshot & { readonly takenMs: number }>();
  const dropCompacted = (nowMs: number): void => {
    for (const [key, { takenMs }] of taken) if (nowMs - takenMs >= compactionMs) taken.delete(key);
  };
  return {
    take: (plural, nowMs) => {
      dropCompacted(nowMs);
      const version = store.version();
      const key = `${plural} ${String(version)}`;
      const snapshot = taken.get(key) ?? { version, runs: store.list(plural), takenMs: nowMs };
      taken.set(key, snapshot);
      return snapshot;
    },
    at: (plural, version, nowMs) => {
      dropCompacted(nowMs);
      return taken.get(`${plural} ${String(version)}`);
    },
  };
}
