/** Adds up running histograms. */
import type { RunningHistogram } from '../metric.ts';

/** Undefined of none, and where the bounds differ: such histograms have no sum. */
export function addHistograms(histograms: readonly RunningHistogram[]): RunningHistogram | undefined {
  const [first] = histograms;
  if (first === undefined) return undefined;
  if (histograms.some(({ bounds }) => bounds.join() !== first.bounds.join())) return undefined;
  return {
    bounds: first.bounds,
    counts: first.counts.map((_, index) => histograms.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0)),
    sum: histograms.reduce((total, { sum }) => total + sum, 0),
    startMs: histograms.reduce((latest, { startMs }) => Math.max(latest, startMs), 0),
  };
}
