/** Pages through a list of the control plane, and says whether it came as a whole. */

/** A list as far as it was read, and how it ended. */
export interface Pages<Item> {
  /** Each element once, by its latest sight. */
  readonly items: readonly Item[];
  /** Elements that could not be read. */
  readonly unreadable: number;
  /** Elements that were probably left out: the server says that there are more, or has repeated some in place of others. */
  readonly lacking: number;
  /**
   * `budget`: there are more pages than may be read; `circle`: a cursor led back to where it came from, so that what
   * follows cannot be reached.
   */
  readonly end: 'complete' | 'budget' | 'circle' | 'failed';
  /** Why it failed. */
  readonly error?: unknown;
}

export interface Page<Item, Cursor> {
  readonly items: readonly Item[];
  readonly unreadable: number;
  /** Absent on the last page. */
  readonly next: Cursor | undefined;
  /** How many elements the list has, where the server says so. */
  readonly total?: number | undefined;
}

export interface Paging<Item, Cursor> {
  readonly read: (cursor: Cursor | undefined, pageSize: number) => Promise<Page<Item, Cursor>>;
  /** What tells one element from another. */
  readonly keyOf: (item: Item) => string;
  readonly maxPages: number;
  /** Told after each page; true when what follows is not needed. */
  readonly isEnough?: (items: readonly Item[]) => boolean;
}

/** The most that a page may have (protovalidate rules of the requests). */
const pageSize = 100;

/** No divisor of the other, so that hardly a page ends where it ended before. */
const otherPageSize = 83;

/**
 * Reads page after page. A server that orders by the time of creation alone may repeat or skip elements of equal time where
 * two pages meet; where that shows, the list is read once more with pages that meet elsewhere, and both readings count.
 * @throws what the first page throws; a later failure keeps the pages before it.
 */
export async function readPages<Item, Cursor>(paging: Paging<Item, Cursor>): Promise<Pages<Item>> {
  const first = await readOnce(paging, pageSize);
  if (first.end !== 'complete' || first.lacking === 0) return first;
  try {
    return mergePages(first, await readOnce(paging, otherPageSize), paging);
  } catch (error) {
    return { ...first, end: 'failed', error };
  }
}

async function readOnce<Item, Cursor>(paging: Paging<Item, Cursor>, size: number): Promise<Pages<Item>> {
  const { read, keyOf, maxPages, isEnough = () => false } = paging;
  const items = new Map<string, Item>();
  const cursors = new Set<Cursor>();
  let cursor: Cursor | undefined;
  let came = 0;
  let unreadable = 0;
  let total: number | undefined;
  const countLacking = (): number =>
    total === undefined ? came - items.size : Math.max(0, total - items.size - unreadable);
  const makePages = (end: Pages<Item>['end'], error?: unknown): Pages<Item> => ({
    items: [...items.values()],
    unreadable,
    // Only a list that was read to its end can lack elements.
    lacking: end === 'complete' ? countLacking() : 0,
    end,
    ...(error === undefined ? {} : { error }),
  });
  for (let count = 0; count < maxPages; count += 1) {
    try {
      const page = await read(cursor, size);
      for (const item of page.items) items.set(keyOf(item), item);
      came += page.items.length;
      unreadable += page.unreadable;
      total = page.total;
      if (page.next === undefined || isEnough(page.items)) return makePages('complete');
      if (cursors.has(page.next)) return makePages('circle');
      cursors.add(page.next);
      cursor = page.next;
    } catch (error) {
      if (count === 0) throw error;
      return makePages('failed', error);
    }
  }
  return makePages('budget');
}

function mergePages<Item>(
  first: Pages<Item>,
  second: Pages<Item>,
  { keyOf }: Pick<Paging<Item, unknown>, 'keyOf'>,
): Pages<Item> {
  const items = new Map([...first.items, ...second.items].map((item) => [keyOf(item), item]));
  // What the second reading lacks may have been in the first.
  const found = items.size - second.items.length;
  return { ...second, items: [...items.values()], lacking: Math.max(0, second.lacking - found) };
}
