/** Whether a running histogram can be written at all: one unsound histogram may cost a whole request. */
import type { RunningHistogram } from '../model/metric.ts';

/** Its bounds are finite and ascend, and it has one count more than bounds, none of them negative. */
export function isSoundHistogram({ bounds, counts }: Pick<RunningHistogram, 'bounds' | 'counts'>): boolean {
  const isAscending = bounds.every(
    (bound, index) => Number.isFinite(bound) && bound > (bounds[index - 1] ?? -Infinity),
  );
  return isAscending && counts.length === bounds.length + 1 && counts.every((count) => count >= 0);
}
