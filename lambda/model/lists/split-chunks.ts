/** Splits a list where a server takes only so many elements at a time. */

/** The elements in order, in lists of at most `size`; none of an empty list. */
export function splitChunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
