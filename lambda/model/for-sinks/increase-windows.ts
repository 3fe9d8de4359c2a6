/** Finds when the increases of a batch began to add up, so that windows of one source neither overlap nor leave a gap. */
import type { Batch, SourceOutput } from '../batch.ts';
import { findGreatest } from '../lists/extremes.ts';
import type { MetricFamily } from '../metric.ts';
import { hourMs } from '../time.ts';

/**
 * After a longer pause the increases are told for its last hour: Datadog takes no point that is older, and New Relic
 * shows a window where it begins. Milliseconds.
 */
const longestWindowMs = hourMs;

type Counted = Pick<Batch, 'sources' | 'tickMs'>;

/**
 * When the increases of a family began to add up, in epoch milliseconds: at the end of the window before. Where no
 * earlier run is known, that is one interval before the tick.
 */
export function createWindowFinder(batch: Counted, intervalMs: number): (family: MetricFamily) => number {
  const known = new Map<MetricFamily, number>();
  for (const output of batch.sources) {
    const startMs = findStart(output, batch.tickMs, intervalMs);
    if (startMs !== undefined) for (const family of output.families) known.set(family, startMs);
  }
  return (family) => known.get(family) ?? batch.tickMs - intervalMs;
}

/** The same for what a run adds of its own: the latest beginning of all its sources. */
export function findRunStart({ sources, tickMs }: Counted, intervalMs: number): number {
  const starts = sources.map((output) => findStart(output, tickMs, intervalMs));
  return findGreatest(starts.filter((startMs) => startMs !== undefined)) ?? tickMs - intervalMs;
}

/** Undefined where no run before is known, or where its clock was ahead. */
function findStart({ countedSinceMs }: SourceOutput, tickMs: number, intervalMs: number): number | undefined {
  if (countedSinceMs === undefined || countedSinceMs >= tickMs) return undefined;
  return Math.max(countedSinceMs, tickMs - Math.max(longestWindowMs, intervalMs));
}
