import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../model/problem.ts';
import { abortOf } from './abort.ts';
import { stopwatch, type Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';
import type { Logger } from './log.ts';

/** A well-behaved part needs a moment after the abort to hand over what it has; more is a part that does not stop. */
export const graceAfterDeadlineMs = 250;

export interface Part {
  /** `<kind>/<name in config>` */
  readonly id: string;
}

export type PartResult<Value> =
  { readonly value: Value; readonly durationMs: number } | { readonly problem: Problem; readonly durationMs: number };

/** Starts all parts at once; one that throws or outlives the deadline costs only its own result. */
export async function each<P extends Part, Value>(
  parts: readonly P[],
  deadline: Deadline,
  clock: Clock,
  log: Logger,
  work: (part: P) => Promise<Value>,
): Promise<readonly { readonly part: P; readonly result: PartResult<Value> }[]> {
  const attempt = async (part: P): Promise<PartResult<Value>> => {
    const durationMs = stopwatch(clock);
    try {
      const value = await beforeDeadline(work(part), deadline);
      return { value, durationMs: durationMs() };
    } catch (error) {
      if (!deadline.signal.aborted) log.error('a part failed unexpectedly', { part: part.id, error });
      return { problem: problemOf(part, deadline), durationMs: durationMs() };
    }
  };
  return Promise.all(parts.map(async (part) => ({ part, result: await attempt(part) })));
}

async function beforeDeadline<Value>(working: Promise<Value>, deadline: Deadline): Promise<Value> {
  using passing = abortOf(deadline.signal);
  const done = new AbortController();
  try {
    return await Promise.race([working, afterGrace(passing.happened, done.signal)]);
  } finally {
    done.abort();
  }
}

/** Rejects a grace after the deadline has passed; `done` frees its timer. */
async function afterGrace(passed: Promise<unknown>, done: AbortSignal): Promise<never> {
  await passed;
  await sleep(graceAfterDeadlineMs, undefined, { signal: done }).catch(() => undefined);
  throw new DOMException('the part did not stop at its deadline', 'TimeoutError');
}

function problemOf(part: Part, deadline: Deadline): Problem {
  if (deadline.signal.aborted) {
    return {
      kind: 'timeout',
      where: part.id,
      message: 'did not end before the deadline of the run; raise the function timeout or split the sources',
    };
  }
  return {
    kind: 'bug',
    where: part.id,
    message:
      'failed in a way that the collector does not know; the log line with this id has the stack, please report it',
  };
}
