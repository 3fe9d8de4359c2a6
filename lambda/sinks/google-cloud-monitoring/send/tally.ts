/** What a delivery came to, added up over its requests. */
import type { FailedRequest } from '../../../series/describe-losses.ts';
import type { Settled } from '../../../series/reception.ts';
import type { Point } from '../encode/point.ts';

/** A request of which not everything was stored. */
export interface Failure extends FailedRequest {
  readonly points: readonly Point[];
}

export interface Tally {
  readonly total: number;
  readonly accepted: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly failures: readonly Failure[];
}

export interface Counting {
  readonly note: (settled: Settled<Point>) => void;
  readonly tally: () => Tally;
}

export function countPoints(): Counting {
  const counts = { total: 0, accepted: 0, unsent: 0 };
  const failures: Failure[] = [];
  return {
    note: ({ series: points, verdict }) => {
      counts.total += points.length;
      if (verdict.outcome === 'unsent') counts.unsent += points.length;
      else if (verdict.outcome === 'stored') counts.accepted += points.length;
      else {
        const stored = verdict.outcome === 'partial' ? verdict.stored : 0;
        counts.accepted += stored;
        const metrics = new Set(points.map(({ family }) => family.type)).size;
        failures.push({ verdict, points, lost: points.length - stored, metrics });
      }
    },
    tally: () => ({ ...counts, failures }),
  };
}
