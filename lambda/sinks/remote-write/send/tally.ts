/** Adds up what became of the samples of one delivery. */
import { findLabel, type LabelSet } from '../../../series/label-set.ts';
import type { RequestLoss } from '../../../series/losses/describe-losses.ts';
import { countStored, type Settled } from '../../../series/delivery/reception.ts';
import { nameOf, type Series } from '../encode/series.ts';

/** Some series that were not stored. */
export interface Loss extends RequestLoss {
  /** The series, where it is known which one it was. */
  readonly only: LabelSet | undefined;
  /** Where samples have times of their own: `instance` of the page that they are from. */
  readonly datedBy: string | undefined;
}

/** What a delivery came to, in numbers: the series themselves are gone by then. */
export interface Tally {
  /** Samples and markers, whatever became of them. */
  readonly total: number;
  /** Samples that the receiver has taken; markers are not samples of the batch. */
  readonly accepted: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly losses: readonly Loss[];
}

export interface RunningTally {
  readonly note: (settled: Settled<Series>) => void;
  /** Samples of which no series was made, because nothing more was sent. */
  readonly leave: (samples: number) => void;
  readonly tally: () => Tally;
}

export function startTally(): RunningTally {
  const counts = { total: 0, accepted: 0, unsent: 0 };
  const losses: Loss[] = [];
  const note = (settled: Settled<Series>): void => {
    const { series, reception } = settled;
    const stored = countStored(settled);
    counts.total += series.length;
    if (series[0]?.isStale === false) counts.accepted += stored;
    if (reception.outcome === 'unsent') counts.unsent += series.length;
    else if (reception.outcome !== 'stored') losses.push(buildLoss(series, reception, stored));
  };
  const leave = (samples: number): void => {
    counts.total += samples;
    counts.unsent += samples;
  };
  return { note, leave, tally: () => ({ ...counts, losses }) };
}

function buildLoss(series: readonly Series[], reception: Loss['reception'], stored: number): Loss {
  const isSingledOut = reception.outcome === 'refused' && series.length === 1;
  return {
    reception,
    lost: series.length - stored,
    only: isSingledOut ? series[0]?.labels : undefined,
    metrics: new Set(series.map(nameOf)).size,
    datedBy: series[0]?.timestampMs === undefined ? undefined : findLabel(series[0].labels, 'instance'),
  };
}
