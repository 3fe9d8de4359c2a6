import type { RelayedExemplar } from '../../model/relayed.ts';
import type { LabelSet } from './labels.ts';

/** What a receiver is told about a metric besides its samples. */
export interface SeriesFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'unknown';
  readonly help: string;
  /** Empty where the name holds no base unit. */
  readonly unit: string;
}

/** One time series and its sample of this run; the timestamp is the run's, the same for all that have none. */
export interface Series {
  readonly labels: LabelSet;
  readonly family: SeriesFamily;
  /** NaN and infinities are values as any other. Ignored in a stale marker. */
  readonly value: number;
  /** When a running total began, for counters and histograms. Epoch milliseconds. */
  readonly startMs: number | undefined;
  /** Of a relayed sample that its own system dates. Epoch milliseconds. */
  readonly timestampMs?: number;
  readonly exemplar?: RelayedExemplar;
  /** Says that the series ends here: a flag, since a JavaScript number does not carry the marker's NaN reliably. */
  readonly isStale: boolean;
}

/** All series of one name, sorted, each label set once. */
export interface NamedSeries {
  readonly name: string;
  readonly series: readonly Series[];
}

/** Ends a series that an earlier run has written. */
export function staleMarker(labels: LabelSet, family: SeriesFamily): Series {
  return { labels, family, value: 0, startMs: undefined, isStale: true };
}
