/** Finds the least and the greatest of any number of values. */

/**
 * `Math.min(...values)` hands each value over as an argument of its own, and fails where they are more than the stack
 * can hold, at about 120,000.
 */

/** Undefined where there is no value. */
export function findLeast(values: Iterable<number>): number | undefined {
  let found: number | undefined;
  for (const value of values) found = found === undefined ? value : Math.min(found, value);
  return found;
}

/** Undefined where there is no value. */
export function findGreatest(values: Iterable<number>): number | undefined {
  let found: number | undefined;
  for (const value of values) found = found === undefined ? value : Math.max(found, value);
  return found;
}
