/** Runs all sources or all sinks at once, so that one that fails or hangs costs only its own result. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../model/problem.ts';
import { explainRunEnd, isInterruption, watchAbort } from './abort.ts';
import { startStopwatch, type Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';
import type { Logger } from './log.ts';

/** A source or sink may take this long after the abort to hand over what it has; then it is given up. */
export const graceAfterDeadlineMs = 250;

export interface Component {
  /** `<kind>/<name in config>` */
  readonly id: string;
}

export type ComponentResult<Value> =
  { readonly value: Value; readonly durationMs: number } | { readonly problem: Problem; readonly durationMs: number };

/** Starts all components at once; one that throws or outlives the deadline costs only its own result. */
export async function runEach<P extends Component, Value>(
  components: readonly P[],
  deadline: Deadline,
  clock: Clock,
  log: Logger,
  work: (component: P) => Promise<Value>,
): Promise<readonly { readonly component: P; readonly result: ComponentResult<Value> }[]> {
  const runOne = async (component: P): Promise<ComponentResult<Value>> => {
    const durationMs = startStopwatch(clock);
    try {
      const value = await awaitBeforeDeadline(work(component), deadline);
      return { value, durationMs: durationMs() };
    } catch (error) {
      if (!deadline.signal.aborted) log.error('a part failed unexpectedly', { part: component.id, error });
      return { problem: describeComponentProblem(component, deadline), durationMs: durationMs() };
    }
  };
  return Promise.all(components.map(async (component) => ({ component, result: await runOne(component) })));
}

async function awaitBeforeDeadline<Value>(working: Promise<Value>, deadline: Deadline): Promise<Value> {
  using passing = watchAbort(deadline.signal);
  const done = new AbortController();
  try {
    return await Promise.race([working, rejectAfterGrace(passing.happened, done.signal)]);
  } finally {
    done.abort();
  }
}

/** Rejects a grace after the deadline has passed; `done` frees its timer. */
async function rejectAfterGrace(passed: Promise<unknown>, done: AbortSignal): Promise<never> {
  await passed;
  await sleep(graceAfterDeadlineMs, undefined, { signal: done }).catch(() => undefined);
  throw new DOMException('the part did not stop at its deadline', 'TimeoutError');
}

function describeComponentProblem(component: Component, deadline: Deadline): Problem {
  if (deadline.signal.aborted) {
    const { event, remedy } = explainRunEnd(deadline.signal);
    const orSplit = isInterruption(deadline.signal.reason) ? '' : ' or split the sources';
    return { kind: 'timeout', where: component.id, message: `did not end before ${event}; ${remedy}${orSplit}` };
  }
  return {
    kind: 'bug',
    where: component.id,
    message:
      'failed in a way that the collector does not know; the log line with this id has the stack, please report it',
  };
}
