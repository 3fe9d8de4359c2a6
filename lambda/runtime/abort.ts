/** Waits for the abort of a signal as a promise, and says in words what it was: a deadline or an interruption. */

/** An abort that is waited for; dispose it to stop listening. */
export interface Abort extends Disposable {
  /** Stays pending when the signal never aborts. */
  readonly happened: Promise<unknown>;
}

/**
 * The abort of a signal as a promise. The listener is taken off by hand: of several that are added to one signal with
 * the option `signal`, Node 24 removes only the last for certain, because it keeps the others' removals weakly. One that
 * stays behind keeps a signal made by `AbortSignal.any`, and all that hangs on it, for the life of the process.
 */
export function watchAbort(signal: AbortSignal): Abort {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const resolveAbort = (): void => {
    resolve(undefined);
  };
  if (signal.aborted) resolveAbort();
  else signal.addEventListener('abort', resolveAbort, { once: true });
  return {
    happened: promise,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', resolveAbort);
    },
  };
}

/**
 * Whether Ctrl-C, SIGTERM or a closed pipe ended the run: they abort with a `DOMException` of this name, a deadline with
 * one named `TimeoutError`. An `AbortError` of the AWS SDK is no `DOMException` and tells no reason.
 */
export function isInterruption(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'AbortError';
}

/** What ended a run early, as parts of a sentence. */
export interface RunEnd {
  /** As in "before …". */
  readonly event: 'the deadline of the run' | 'the run was interrupted';
  /** As in "… before it was sent". */
  readonly past: 'the deadline of the run had passed' | 'the run was interrupted';
  readonly remedy: 'raise the function timeout' | 'start the run again';
}

/** @param signal that of the run; one that is not aborted yet ends at its deadline */
export function explainRunEnd({ reason }: Pick<AbortSignal, 'reason'>): RunEnd {
  return isInterruption(reason)
    ? { event: 'the run was interrupted', past: 'the run was interrupted', remedy: 'start the run again' }
    : {
        event: 'the deadline of the run',
        past: 'the deadline of the run had passed',
        remedy: 'raise the function timeout',
      };
}
