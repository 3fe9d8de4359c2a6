/** Keeps the histogram of how long the collections from Buildkite took, as its own tool does for its process. */
import { sourceDuration } from '../../../../model/catalogue/collector-metrics.ts';
import type { Batch } from '../../../../model/batch.ts';
import type { RunningHistogram } from '../../../../model/metric.ts';

/** OpenTelemetry SDK specification, default bounds of a histogram. */
const bounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000] as const;

export interface CollectionDurations {
  /** Of this run alone. Seconds. */
  readonly observations: readonly number[];
  /** With those of the runs before. */
  readonly total: RunningHistogram;
}

export interface CollectionClock {
  readonly with: (batch: Batch) => CollectionDurations;
  /** Makes them part of the next total. */
  readonly keep: (durations: CollectionDurations) => void;
}

export function createCollectionClock(): CollectionClock {
  let kept: RunningHistogram | undefined;
  return {
    with: (batch) => {
      const observations = findDurations(batch);
      const before = kept ?? {
        bounds,
        counts: new Array<number>(bounds.length + 1).fill(0),
        sum: 0,
        startMs: batch.tickMs,
      };
      return { observations, total: addDurations(before, observations) };
    },
    keep: ({ total }) => {
      kept = total;
    },
  };
}

function findDurations({ health }: Batch): readonly number[] {
  return health.flatMap((family) => {
    if (family.type !== 'gauge' || family.definition.name !== sourceDuration.name) return [];
    return family.samples.filter(({ labels }) => labels['system'] === 'buildkite').map(({ value }) => value);
  });
}

function addDurations(before: RunningHistogram, observations: readonly number[]): RunningHistogram {
  const counts = [...before.counts];
  for (const value of observations) {
    const at = before.bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? before.bounds.length : at;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { ...before, counts, sum: observations.reduce((sum, value) => sum + value, before.sum) };
}
