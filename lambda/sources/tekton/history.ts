import type { Result } from '../../model/run-metrics.ts';
import { middleOf } from './age.ts';
import type { Naming } from './naming.ts';
import type { RunRow } from './rows.ts';

/** Keeps the last verdict and the last success of each pipeline, so that they are known from the first tick on. */
export interface History {
  readonly add: (row: RunRow, result: Result) => void;
  readonly rows: () => readonly RunRow[];
}

interface Last {
  readonly row: RunRow;
  readonly endMs: number;
}

export function createHistory(naming: Naming): History {
  const last = new Map<string, Last>();
  const keepLater = (key: string, candidate: Last): void => {
    if (candidate.endMs > (last.get(key)?.endMs ?? 0)) last.set(key, candidate);
  };
  return {
    add: (row, result) => {
      if (row.completed === undefined || result === 'cancellation') return;
      const key = [row.namespace, naming.pipeline(row), naming.branch(row)].join('\n');
      const candidate = { row, endMs: middleOf(row.completed) };
      keepLater(`${key}\nverdict`, candidate);
      if (result === 'success') keepLater(`${key}\nsuccess`, candidate);
    },
    rows: () => [...new Set([...last.values()].sort((a, b) => a.endMs - b.endMs).map(({ row }) => row))],
  };
}
