/** The clock that everything gets as an argument, and a stopwatch that runs by it. */

/** Time as an argument, so that nothing below the edge reads the machine's clock. Epoch milliseconds. */
export type Clock = () => number;

/** Milliseconds since the call; never negative, though a clock may be set back. */
export function startStopwatch(clock: Clock): () => number {
  const startedMs = clock();
  return () => Math.max(0, clock() - startedMs);
}
