/** Adds many elements to a list without the limit that `push(...elements)` has. */

/**
 * Adds any number of elements to the end of a list. `list.push(...elements)` hands each element over as an argument of
 * its own, and fails where they are more than the stack can hold, at about 120,000.
 */
export function append<Element>(list: Element[], elements: Iterable<Element>): void {
  for (const element of elements) list.push(element);
}
