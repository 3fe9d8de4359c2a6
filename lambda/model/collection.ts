/** What one run of a source gives: what was read, and what was not. */
import type { Folding } from './limits/cap.ts';
import type { MetricFamily } from './metric.ts';
import type { Problem } from './problem.ts';
import type { RelayedFamily } from './relayed.ts';

/** What a source could read, and what it could not; the good half is never lost. */
export interface Collection {
  readonly families: readonly MetricFamily[];
  /** Series that are passed on as they were read, of a source that relays. */
  readonly relayed?: readonly RelayedFamily[];
  readonly problems: readonly Problem[];
  /** What the source itself has made one series, because the run had no room for more. */
  readonly folded?: readonly Folding[];
}
