/** What a delivery came to, added up over its requests. */
import type { LabelSet } from '../../../series/label-set.ts';
import type { RequestLoss } from '../../../series/losses/describe-losses.ts';
import { countStored, type Settled } from '../../../series/delivery/reception.ts';
import { isAddedUp, type Point, type Temporality } from '../encode/points/point.ts';
import { decideFate } from './fate.ts';

/** Some points that were not stored. */
export interface Loss extends RequestLoss {
  /** The series, where it is known which one it was. */
  readonly only: { readonly name: string; readonly labels: LabelSet } | undefined;
}

export interface Tally {
  /** Points and ends of series, whatever became of them. */
  readonly total: number;
  /** Points that the receiver has taken; ends are not points of the batch. */
  readonly accepted: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly losses: readonly Loss[];
  /** Increases that certainly were not stored. */
  readonly undelivered: readonly Point[];
  readonly unconfirmed: number;
  readonly dropped: number;
}

export interface RunningTally {
  readonly note: (settled: Settled<Point>) => void;
  readonly tally: () => Tally;
}

/** The points of one request are all increases, or none is. */
export function startTally(temporality: Temporality): RunningTally {
  const counts = { total: 0, accepted: 0, unsent: 0, unconfirmed: 0, dropped: 0 };
  const losses: Loss[] = [];
  const undelivered: (readonly Point[])[] = [];
  const note = (settled: Settled<Point>): void => {
    const { series, reception } = settled;
    const [first] = series;
    if (first === undefined) return;
    const stored = countStored(settled);
    counts.total += series.length;
    if (!first.isStale) counts.accepted += stored;
    if (reception.outcome === 'unsent') counts.unsent += series.length;
    else if (reception.outcome !== 'stored') losses.push(buildLoss(series, reception, stored));
    if (!isAddedUp(first.family, temporality)) return;
    const { isKept, unconfirmed, dropped } = decideFate(settled);
    if (isKept) undelivered.push(series);
    counts.unconfirmed += unconfirmed;
    counts.dropped += dropped;
  };
  return { note, tally: () => ({ ...counts, losses, undelivered: undelivered.flat() }) };
}

function buildLoss(series: readonly Point[], reception: Loss['reception'], stored: number): Loss {
  const [first] = series;
  const isSingledOut = series.length === 1 && reception.outcome !== 'undelivered' && first !== undefined;
  return {
    reception,
    lost: series.length - stored,
    only: isSingledOut ? { name: first.family.name, labels: first.labels } : undefined,
    metrics: new Set(series.map(({ family }) => family.name)).size,
  };
}
