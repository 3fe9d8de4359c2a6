/** Finds a quantile of observed values: one of them, never a value in between. */
import type { Figure } from '../messages.ts';

/** By the nearest rank. `ratio`: 0 to 1. Null without values. */
export function findQuantile(values: readonly number[], ratio: number): Figure {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(ratio * sorted.length) - 1)] ?? null;
}
