/** What a delivery came to, added up over its requests. */
import type { RequestLoss } from '../../../series/losses/describe-losses.ts';
import { countStored, type Settled } from '../../../series/delivery/reception.ts';
import type { Point } from '../encode/point.ts';

/** A request of which not everything was stored. */
export interface Loss extends RequestLoss {
  readonly points: readonly Point[];
}

export interface Tally {
  readonly total: number;
  readonly accepted: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly losses: readonly Loss[];
}

export interface RunningTally {
  readonly note: (settled: Settled<Point>) => void;
  readonly tally: () => Tally;
}

export function startTally(): RunningTally {
  const counts = { total: 0, accepted: 0, unsent: 0 };
  const losses: Loss[] = [];
  return {
    note: (settled) => {
      const { series: points, reception } = settled;
      const stored = countStored(settled);
      counts.total += points.length;
      counts.accepted += stored;
      if (reception.outcome === 'unsent') counts.unsent += points.length;
      else if (reception.outcome !== 'stored') {
        const metrics = new Set(points.map(({ family }) => family.type)).size;
        losses.push({ reception, points, lost: points.length - stored, metrics });
      }
    },
    tally: () => ({ ...counts, losses }),
  };
}
