/** Remembers when each series got its last point: Cloud Monitoring takes none that is older, and none that is too close. */
import type { Settled } from '../../../series/reception.ts';
import { shownSeries } from '../encode/format-points.ts';
import type { Point } from '../encode/point.ts';
import { minPointDistanceMs } from '../limits.ts';

export interface LastPoints {
  readonly startRun: (endMs: number) => RunOfPoints;
}

export interface RunOfPoints {
  /** Those that may be sent under the time of the run. */
  readonly sendable: (series: readonly Point[]) => readonly Point[];
  /** Points that were held back so far. */
  readonly heldBack: () => number;
  readonly note: (settled: Settled<Point>) => void;
  /** Makes what was stored the memory of the next run. */
  readonly commit: () => void;
}

/** Nothing is known after a cold start; what is refused then is told as the API tells it. */
export function rememberLastPoints(): LastPoints {
  let last: ReadonlyMap<string, number> = new Map();
  return {
    startRun: (endMs) => {
      // Runs are a minute apart: what matters is a run that is repeated, and a clock that was set back.
      const near = new Map([...last].filter(([, lastMs]) => lastMs > endMs - minPointDistanceMs));
      const next = new Map(near);
      let heldBack = 0;
      return {
        sendable: (series) => {
          if (near.size === 0) return series;
          const sendable = series.filter((point) => !near.has(keyOf(point)));
          heldBack += series.length - sendable.length;
          return sendable;
        },
        heldBack: () => heldBack,
        note: ({ series, verdict: { outcome } }) => {
          // An attempt without an answer may have been stored.
          if (outcome === 'refused' || outcome === 'unsent') return;
          for (const point of series) next.set(keyOf(point), endMs);
        },
        commit: () => {
          last = next;
        },
      };
    },
  };
}

function keyOf({ family, labels }: Point): string {
  return shownSeries(family.type, labels);
}
