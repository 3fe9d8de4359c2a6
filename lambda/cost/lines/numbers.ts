/** Formats the numbers that the basis of a price shows. */

/** Numbers as a basis shows them. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
