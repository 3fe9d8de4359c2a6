/** Runs pieces of work one after the other, where an emulator cannot write under a condition in one step. */

/**
 * Runs one piece of work after the other. DynamoDB judges a condition and writes in one step; its emulators do so in two,
 * between which another thread writes on a busy machine, so that both of two conditional writes succeed.
 */
export function inTurn(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const working = last.then(work);
    last = working.catch(() => undefined);
    return working;
  };
}
