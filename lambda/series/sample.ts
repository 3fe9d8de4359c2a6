/** A sample as remembering, cutting and sending need it, whatever the sink. */
import type { LabelSet } from './label-set.ts';

/** One sample of a series; `Family` is what a sink tells a receiver about the metric. */
export interface SeriesSample<Family> {
  readonly labels: LabelSet;
  readonly family: Family;
  /** Of a relayed sample that its own system dates; the others have the time of the run. Epoch milliseconds. */
  readonly timestampMs?: number;
  /** Says that the series ends here. */
  readonly isStale: boolean;
}

/** All samples of one name, sorted, each label set once. */
export interface NamedSamples<Sample> {
  readonly name: string;
  readonly series: readonly Sample[];
}
