/** A series of remote write with its sample, and what a receiver is told about its metric. */
import type { RelayedExemplar, RelayedOnlyType } from '../../../model/relayed.ts';
import { compareSets, findLabel, type LabelSet } from '../../../series/label-set.ts';
import type { NamedSamples } from '../../../series/sample.ts';

/** The description of a metric that is sent with its samples. */
export interface SeriesFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'unknown' | RelayedOnlyType;
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
  /** A name of it has characters that remote write 1.0 does not allow. */
  readonly hasUtf8Names?: boolean;
  /** Says that the series ends here: a flag, since a JavaScript number does not carry the marker's NaN reliably. */
  readonly isStale: boolean;
}

/** All series of one name, sorted, each label set once. */
export type NamedSeries = NamedSamples<Series>;

export function nameOf({ labels }: Series): string {
  return findLabel(labels, '__name__');
}

/** Ends a series that an earlier run has written. */
export function createStaleMarker(labels: LabelSet, family: SeriesFamily): Series {
  return { labels, family, value: 0, startMs: undefined, isStale: true };
}

/** Where the samples of the series at `from` end, which stand side by side; only those that date themselves are several. */
export function findSeriesEnd(sorted: readonly Series[], from: number): number {
  const labels = sorted[from]?.labels ?? [];
  let end = from + 1;
  for (let next = sorted[end]; next?.timestampMs !== undefined; next = sorted[end]) {
    if (compareSets(labels, next.labels) !== 0) break;
    end += 1;
  }
  return end;
}
