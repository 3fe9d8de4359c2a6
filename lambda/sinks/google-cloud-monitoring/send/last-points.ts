/** Remembers when each series got its last point: Cloud Monitoring takes no older and no closer one. */
import type { Settled } from '../../../series/delivery/reception.ts';
import { formatSeries } from '../encode/format-points.ts';
import type { Point } from '../encode/point.ts';
import { minPointDistanceMs } from '../limits.ts';

export interface LastPoints {
  readonly startRun: (endMs: number) => PointsOfRun;
}

export interface PointsOfRun {
  /** Those that may be sent under the time of the run. */
  readonly selectSendable: (series: readonly Point[]) => readonly Point[];
  /** Points that were held back so far. */
  readonly countHeldBack: () => number;
  readonly note: (settled: Settled<Point>) => void;
  /** Makes what was stored the memory of the next run. */
  readonly commit: () => void;
}

/** Nothing is known after a cold start; a refusal is then reported in the words of the API. */
export function rememberLastPoints(): LastPoints {
  let last: ReadonlyMap<string, number> = new Map();
  return {
    startRun: (endMs) => {
      // Runs are a minute apart: what matters is a run that is repeated, and a clock that was set back.
      const near = new Map([...last].filter(([, lastMs]) => lastMs > endMs - minPointDistanceMs));
      const next = new Map(near);
      let heldBack = 0;
      return {
        selectSendable: (series) => {
          if (near.size === 0) return series;
          const sendable = series.filter((point) => !near.has(formatKey(point)));
          heldBack += series.length - sendable.length;
          return sendable;
        },
        countHeldBack: () => heldBack,
        note: ({ series, reception: { outcome } }) => {
          // An attempt without an answer may have been stored.
          if (outcome === 'refused' || outcome === 'unsent') return;
          for (const point of series) next.set(formatKey(point), endMs);
        },
        commit: () => {
          last = next;
        },
      };
    },
  };
}

function formatKey({ family, labels }: Point): string {
  return formatSeries(family.type, labels);
}
