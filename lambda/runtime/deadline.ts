/** Deadlines: the moment by which work has to end, and shares of the time until then. */
import type { Clock } from './clock.ts';

/** The moment by which work must end, as a signal and as a number; dispose it to free its timer. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** A nested deadline that ends after this share (0 to 1) of the time that is left. */
  slice(share: number): Deadline;
  /** The same moment, or a later one that leaves so many milliseconds from now; ends with Ctrl-C as this one does. */
  extendTo(leastMs: number): Deadline;
}

/**
 * A deadline `budgetMs` from now. The timer is a real one: `AbortSignal.timeout` does not keep Node alive, so a stuck
 * run would end silently.
 */
export function createDeadline(budgetMs: number, now: Clock, parent?: AbortSignal): Deadline {
  const endsAtMs = now() + budgetMs;
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));
  }, budgetMs);
  const signal = parent === undefined ? controller.signal : AbortSignal.any([parent, controller.signal]);
  const remainingMs = (): number => {
    // A clock that is set back must not add to the time: the timer does not follow it.
    return signal.aborted ? 0 : Math.min(Math.max(0, endsAtMs - now()), Math.max(0, budgetMs));
  };
  return {
    signal,
    remainingMs,
    slice: (share) => createDeadline(remainingMs() * share, now, signal),
    extendTo: (leastMs) => createDeadline(Math.max(remainingMs(), leastMs), now, parent),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}

export interface Grace extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborts so long after the deadline: for writing down how far something came that the deadline, or Ctrl-C, has ended. */
export function graceAfter({ signal: passing }: Pick<Deadline, 'signal'>, graceMs: number): Grace {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => {
      controller.abort(passing.reason);
    }, graceMs);
  };
  if (passing.aborted) begin();
  else passing.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      passing.removeEventListener('abort', begin);
    },
  };
}

/**
 * Whether the time is over by the clock, for loops that keep the timer of the signal from firing while they are at work.
 */
export function isOver(deadline: Pick<Deadline, 'remainingMs'>): boolean {
  return deadline.remainingMs() <= 0;
}
