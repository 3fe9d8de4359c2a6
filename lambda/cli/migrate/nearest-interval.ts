/** Finds the interval of the collector that comes next to one of buildkite-agent-metrics. */
import { secondSteps } from '../../settings/interval.ts';
import { minuteMs } from '../../model/time.ts';

/** The collector's longest interval (`settings/interval.ts`). */
const longestMinutes = 60;

/** The shortest allowed interval that is not shorter, so that no more requests are sent than before. */
export function findNearestInterval(milliseconds: number): string {
  const seconds = secondSteps.find((step) => step * 1000 >= milliseconds);
  if (seconds !== undefined) return `${String(seconds)} seconds`;
  const minutes = Math.min(Math.max(Math.ceil(milliseconds / minuteMs), 1), longestMinutes);
  return minutes === 1 ? '1 minute' : `${String(minutes)} minutes`;
}
