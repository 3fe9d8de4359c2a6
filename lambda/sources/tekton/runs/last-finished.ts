/** Keeps the last result and the last success of each pipeline, so that they are known from the first tick on. */
import type { Result } from '../../../model/catalogue/results.ts';
import { computeMiddle } from '../cluster/age.ts';
import type { Naming } from '../naming.ts';
import type { RunRow } from '../cluster/table-rows.ts';

export interface LastFinished {
  readonly add: (row: RunRow, result: Result) => void;
  readonly rows: () => readonly RunRow[];
}

interface Last {
  readonly row: RunRow;
  readonly endMs: number;
}

/** The last result is that of the run that was created last; a row has its time to the second, so many are alike. */
function isNewer({ row, endMs }: Last, than: Last | undefined): boolean {
  if (than === undefined) return true;
  return row.createdMs === than.row.createdMs ? endMs > than.endMs : row.createdMs > than.row.createdMs;
}

export function createLastFinished(naming: Naming): LastFinished {
  const last = new Map<string, Last>();
  const keepNewer = (key: string, candidate: Last): void => {
    if (isNewer(candidate, last.get(key))) last.set(key, candidate);
  };
  return {
    add: (row, result) => {
      if (row.completed === undefined || result === 'cancellation') return;
      const key = [row.namespace, naming.pipeline(row), naming.branch(row)].join('\n');
      const candidate = { row, endMs: computeMiddle(row.completed) };
      keepNewer(`${key}\nresult`, candidate);
      if (result === 'success') keepNewer(`${key}\nsuccess`, candidate);
    },
    rows: () => [...new Set([...last.values()].sort((a, b) => a.endMs - b.endMs).map(({ row }) => row))],
  };
}
