/** Waits for the abort of a signal as a promise, and stops listening afterwards. */

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
