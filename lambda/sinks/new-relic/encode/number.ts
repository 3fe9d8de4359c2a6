/** Writes numbers as New Relic reads them. */

/** From here on digits alone are more than a Java long, and the point is rejected (Metric API, "Maximum limits"). */
const beyondLong = 2 ** 63;

/** With an exponent it is a double, which takes every number that JavaScript has. */
export function writeNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= beyondLong ? value.toExponential() : JSON.stringify(value);
}
