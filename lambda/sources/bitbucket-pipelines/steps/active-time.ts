/** How long a run took without what it waited for people: a manual step may be started days later. */
import { isAutomatic, isBad, extractTimes } from './step-times.ts';
import type { StepRecord } from '../api/schema.ts';

/** What a step waits for a runner, or for another run's deployment, is a machine's delay and counts. Milliseconds. */
export function sumActiveMs(steps: readonly StepRecord[], finishedMs: number): number | undefined {
  const ran = steps
    .flatMap((step) => {
      const times = extractTimes(step);
      return times === undefined ? [] : [{ step, ...times }];
    })
    .toSorted((a, b) => a.startedMs - b.startedMs);
  const [first] = ran;
  if (first === undefined) return undefined;
  let activeMs = 0;
  let untilMs = first.startedMs;
  for (const { step, startedMs, endedMs } of ran) {
    const isHeldBack = startedMs > untilMs && !isAutomatic(step);
    activeMs += Math.max(0, endedMs - (isHeldBack ? startedMs : untilMs));
    untilMs = Math.max(untilMs, endedMs);
  }
  return isEndHeldBack(steps) ? activeMs : activeMs + Math.max(0, finishedMs - untilMs);
}

/** Whether a person ended what waited for one: the next step was to be started by hand, or came after a failed one. */
function isEndHeldBack(steps: readonly StepRecord[]): boolean {
  const next = steps.find((step) => extractTimes(step) === undefined);
  if (next === undefined) return false;
  return !isAutomatic(next) || steps.some((step) => extractTimes(step) !== undefined && isBad(step.state));
}
