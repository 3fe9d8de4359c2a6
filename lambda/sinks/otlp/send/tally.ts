/** What a delivery came to, added up over its requests. */
import type { LabelSet } from '../../../series/label-set.ts';
import type { FailedRequest } from '../../../series/describe-losses.ts';
import type { Settled } from '../../../series/reception.ts';
import { isAddedUp, type Point, type Temporality } from '../encode/points/point.ts';
import { fateOf } from './fate.ts';

/** Some points that were not stored. */
export interface Failure extends FailedRequest {
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
  readonly failures: readonly Failure[];
  /** Increases that certainly were not stored. */
  readonly undelivered: readonly Point[];
  readonly unconfirmed: number;
  readonly dropped: number;
}

export interface Counting {
  readonly note: (settled: Settled<Point>) => void;
  readonly tally: () => Tally;
}

/** The points of one request are all increases, or none is. */
export function createCounting(temporality: Temporality): Counting {
  const counts = { total: 0, accepted: 0, unsent: 0, unconfirmed: 0, dropped: 0 };
  const failures: Failure[] = [];
  const undelivered: (readonly Point[])[] = [];
  const note = (settled: Settled<Point>): void => {
    const { series, verdict } = settled;
    const [first] = series;
    if (first === undefined) return;
    counts.total += series.length;
    if (!first.isStale) counts.accepted += acceptedOf(series.length, verdict);
    if (verdict.outcome === 'unsent') counts.unsent += series.length;
    else if (verdict.outcome !== 'stored') failures.push(failureOf(series, verdict));
    if (!isAddedUp(first.family, temporality)) return;
    const { isKept, unconfirmed, dropped } = fateOf(settled);
    if (isKept) undelivered.push(series);
    counts.unconfirmed += unconfirmed;
    counts.dropped += dropped;
  };
  return { note, tally: () => ({ ...counts, failures, undelivered: undelivered.flat() }) };
}

function acceptedOf(points: number, verdict: Settled<Point>['verdict']): number {
  if (verdict.outcome === 'stored') return points;
  return verdict.outcome === 'partial' ? verdict.stored : 0;
}

function failureOf(series: readonly Point[], verdict: Failure['verdict']): Failure {
  const stored = verdict.outcome === 'partial' ? verdict.stored : 0;
  const [first] = series;
  const isSingledOut = series.length === 1 && verdict.outcome !== 'undelivered' && first !== undefined;
  return {
    verdict,
    lost: series.length - stored,
    only: isSingledOut ? { name: first.family.name, labels: first.labels } : undefined,
    metrics: new Set(series.map(({ family }) => family.name)).size,
  };
}
