/** The batch that a run hands to every sink: what each source gave, and the collector's own metrics. */
import type { MetricFamily } from './metric.ts';
import type { RelayedFamily } from './relayed.ts';
import type { Span } from './span.ts';

/** What one source gave in this run. */
export interface SourceOutput {
  readonly system: string;
  readonly source: string;
  /**
   * `partial`: some of its parts are missing, so a sum over the source would be too low; `failed`: nothing is known;
   * `skipped`: another invocation publishes this tick, and what it published must be left alone.
   */
  readonly status: 'complete' | 'partial' | 'failed' | 'skipped';
  readonly families: readonly MetricFamily[];
  /** Series of another system, for sinks that keep series as they are. */
  readonly relayed?: readonly RelayedFamily[];
  /**
   * The tick of the run before, whose increases ended then; absent in the first one, and where nothing is counted. Epoch
   * milliseconds.
   */
  readonly countedSinceMs?: number;
  /** Runs and jobs whose end was counted and saved in this run; absent unless a sink asks for them (`takesSpans`). */
  readonly spans?: readonly Span[];
}

/** Everything that a run hands to every sink; immutable and in canonical order. */
export interface Batch {
  /** Scheduled time of the run, floored to the interval: a repeated tick stamps the same minute. Epoch milliseconds. */
  readonly tickMs: number;
  /** When the answers were read; never reused by a later attempt. Epoch milliseconds. */
  readonly collectedAtMs: number;
  readonly sources: readonly SourceOutput[];
  /** The collector's own `ci_collector_*` families, present even when every source failed. */
  readonly health: readonly MetricFamily[];
}

/** Sources that another invocation publishes at this tick; what it published of them is not known here. */
export function findSkippedSources({ sources }: Pick<Batch, 'sources'>): readonly string[] {
  return sources.filter(({ status }) => status === 'skipped').map(({ source }) => source);
}
