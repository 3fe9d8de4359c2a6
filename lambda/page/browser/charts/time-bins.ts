/** Adds builds up in stretches of equal length, whose borders stay where they are while time goes on. */
import type { Figure } from '../../messages.ts';

/** Bars that can be told apart in a narrow chart. */
const mostBins = 36;

export interface Bins {
  /** Middle of each stretch. Unix time in seconds. */
  readonly starts: readonly number[];
  readonly passed: readonly Figure[];
  readonly failed: readonly Figure[];
}

interface Builds {
  readonly passed: readonly Figure[];
  readonly failed: readonly Figure[];
}

/** Stretches are one interval long, or two, four, eight … of them. */
export function collectBuilds(times: readonly number[], { passed, failed }: Builds, intervalMs: number): Bins {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return { starts: [], passed: [], failed: [] };
  let lengthMs = intervalMs;
  while ((last - first) / lengthMs >= mostBins - 1) lengthMs *= 2;
  const indexOf = (time: number): number => Math.floor(time / lengthMs);
  const begin = indexOf(first);
  const count = indexOf(last) - begin + 1;
  const sums = { passed: Array<number>(count).fill(0), failed: Array<number>(count).fill(0) };
  for (const [index, time] of times.entries()) {
    const bin = indexOf(time) - begin;
    sums.passed[bin] = (sums.passed[bin] ?? 0) + (passed[index] ?? 0);
    sums.failed[bin] = (sums.failed[bin] ?? 0) + (failed[index] ?? 0);
  }
  const starts = Array.from({ length: count }, (_, bin) => ((begin + bin + 0.5) * lengthMs) / 1000);
  return { starts, ...sums };
}
