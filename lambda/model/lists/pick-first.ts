/** The first few of a long list in some order, without putting the whole list in order. */

/** As `list.toSorted(compare).slice(0, count)`, for an order without ties. */
export function pickFirst<Item>(
  list: readonly Item[],
  count: number,
  compare: (a: Item, b: Item) => number,
): readonly Item[] {
  if (count <= 0) return [];
  const first: Item[] = [];
  for (const item of list) {
    const last = first[count - 1];
    if (last !== undefined && compare(item, last) >= 0) continue;
    first.splice(findPosition(item, first, compare), 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}

/** By halving: behind all that come before it. */
function findPosition<Item>(item: Item, sorted: readonly Item[], compare: (a: Item, b: Item) => number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = sorted[middle];
    if (there !== undefined && compare(there, item) <= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
