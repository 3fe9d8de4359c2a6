/** Runs the ticks of one invocation: one, or each tick of a minute where the interval is shorter. */
import type { RunReport } from './report/report.ts';
import { run } from './run.ts';
import { createDeadline } from './runtime/deadline.ts';
import { findScheduledTime, determineTick } from './runtime/scheduled-tick.ts';
import { generateTicks } from './runtime/tick-loop.ts';
import type { BuiltPipeline } from './wiring.ts';
import { minuteMs } from './model/time.ts';

/** Kept for the report line and the answer after the last delivery; both take milliseconds. */
const reportReserveMs = 2000;

export interface Invocation {
  readonly built: BuiltPipeline;
  readonly event: unknown;
  /** Time until the function is killed. Milliseconds. */
  readonly remainingMs: number;
  /** The last run of this process, which may have been another invocation's. */
  readonly before: RunReport | undefined;
}

/**
 * The runs of one invocation, one by one: a single one, or one for each tick of a minute where the interval is shorter
 * than the schedule can be. Ends before the function is killed.
 */
export async function* runInvocation({ built, event, remainingMs, before }: Invocation): AsyncGenerator<RunReport> {
  const { pipeline, intervalMs } = built;
  const { clock } = pipeline;
  using whole = createDeadline(remainingMs - reportReserveMs, clock);
  const first = determineTick(event, clock(), intervalMs);
  if (intervalMs >= minuteMs) {
    yield await run(pipeline, {
      deadline: whole,
      tickMs: first,
      scheduledMs: findScheduledTime(event, clock()),
      before,
    });
    return;
  }
  // The next invocation takes over a minute later; the last tick must not overlap it.
  const untilMs = determineTick(event, clock(), minuteMs) + minuteMs - intervalMs;
  let last = before;
  for await (const tickMs of generateTicks({ intervalMs, clock, signal: whole.signal, startMs: first })) {
    using deadline = createDeadline(Math.min(intervalMs, whole.remainingMs()), clock, whole.signal);
    last = await run(pipeline, { deadline, tickMs, scheduledMs: tickMs, before: last });
    yield last;
    if (tickMs >= untilMs) return;
  }
}
