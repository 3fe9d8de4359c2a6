/** Where runs that have ended are kept after the cluster has forgotten them, as counting needs it. */
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import type { Problem } from '../../../model/problem.ts';
import type { ListTarget } from '../cluster/list-runs.ts';
import type { FinishedRun } from './finish.ts';

export interface Archive {
  readonly readFinished: (target: ListTarget, stream: Stream, ledger: Ledger) => Promise<Archived>;
}

export interface Archived {
  readonly runs: readonly FinishedRun[];
  /** How far the stream was read; undefined where it could not be. Epoch milliseconds. */
  readonly readToMs: number | undefined;
  readonly problems: readonly Problem[];
}
