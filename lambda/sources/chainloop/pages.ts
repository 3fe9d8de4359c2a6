import { append } from '../../model/append.ts';
/** Pages of a list, as far as they could be read. */
export interface Pages<Item> {
  readonly items: readonly Item[];
  /** Elements that could not be read. */
  readonly unreadable: number;
  /** `budget`: there are more pages than may be read. */
  readonly end: 'complete' | 'budget' | 'failed';
  /** Why it failed. */
  readonly error?: unknown;
}

export interface Page<Item, Cursor> {
  readonly items: readonly Item[];
  readonly unreadable: number;
  /** Absent on the last page. */
  readonly next: Cursor | undefined;
}

export interface Paging<Item, Cursor> {
  readonly read: (cursor: Cursor | undefined) => Promise<Page<Item, Cursor>>;
  readonly maxPages: number;
  /** Told after each page; true when what follows is not needed. */
  readonly isEnough?: (items: readonly Item[]) => boolean;
}

/** Reads page after page. @throws what the first page throws; a later failure keeps the pages before it. */
export async function readPages<Item, Cursor>(paging: Paging<Item, Cursor>): Promise<Pages<Item>> {
  const { read, maxPages, isEnough = () => false } = paging;
  const items: Item[] = [];
  let unreadable = 0;
  let cursor: Cursor | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    try {
      const page = await read(cursor);
      append(items, page.items);
      unreadable += page.unreadable;
      // A cursor that leads back to its own page would never end.
      if (page.next === undefined || page.next === cursor || isEnough(page.items)) {
        return { items, unreadable, end: 'complete' };
      }
      cursor = page.next;
    } catch (error) {
      if (pages === 0) throw error;
      return { items, unreadable, end: 'failed', error };
    }
  }
  return { items, unreadable, end: 'budget' };
}
