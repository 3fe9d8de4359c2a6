/** Pages through a list that shows the latest first, and goes on in a later tick where it was cut short. */

/**
 * Pages through a list that shows the latest first, and goes on at a later visit where it was cut short: a list that is
 * longer than what one visit may read would otherwise be begun anew each time and never come to its end.
 */
import * as z from 'zod';
import { defineMapping } from '../counters/state/mapping.ts';
import type { Ledger, Stream } from '../counters/ledger.ts';
import { append } from '../model/lists/append.ts';
import { BudgetSpentError } from './budget-spent-error.ts';
import { minuteMs } from '../model/time.ts';

/** Where a walk was cut short. */
export interface Cursor {
  /** The first page that was not read. Rows only ever move down, so what stood there stands there or below. */
  readonly page: number;
  /** The latest row of that walk: everything from there down to the page was read. Epoch milliseconds. */
  readonly topMs: number;
}

/** A page, with the times that the list is ordered by; rows that have none are not among them. */
export interface ListPage<Row> {
  readonly rows: readonly Row[];
  readonly times: readonly number[];
  readonly hasNext: boolean;
}

export interface NewestFirstOptions {
  readonly firstPage?: number;
  /** Rows since then are wanted. Epoch milliseconds. */
  readonly untilMs: number;
  /** At least as many pages, however old what they show. */
  readonly leastPages?: number;
  readonly mostPages: number;
  /** Of the last walk, where it was cut short. */
  readonly cursor: Cursor | undefined;
}

export interface NewestFirstList<Row> {
  readonly rows: readonly Row[];
  readonly pages: number;
  /** Whether the list has no further page, however old. */
  readonly isWhole: boolean;
  /** Absent when everything that was wanted was read. */
  readonly cursor: Cursor | undefined;
  /** Why it was cut short: by the pages that one visit may read, or by the requests of the tick. */
  readonly reason: 'pages' | 'requests' | undefined;
}

/**
 * A row that a list shows late may stand below one that was read before it. A minute is a page or two at most, so that
 * even a visit of a few pages comes to what was left; a longer span could be all that it ever reads.
 */
const lateRowsMs = minuteMs;

/** @throws what `readPage` throws, but for a spent budget */
export async function listNewestFirst<Row>(
  readPage: (page: number) => Promise<ListPage<Row>>,
  options: NewestFirstOptions,
): Promise<NewestFirstList<Row>> {
  const { firstPage = 1, mostPages, cursor } = options;
  const rows: Row[] = [];
  let position: Position = { page: firstPage, topMs: undefined, isAboveTop: cursor !== undefined };
  for (let pages = 0; pages < mostPages; pages += 1) {
    const read = await readUnlessSpent(readPage, position.page);
    if (read === 'spent')
      return { rows, pages, isWhole: false, cursor: deriveCursor(position, cursor), reason: 'requests' };
    append(rows, read.rows);
    if (isLast(read, pages + 1, options))
      return { rows, pages: pages + 1, isWhole: !read.hasNext, cursor: undefined, reason: undefined };
    position = advance(position, read, cursor);
  }
  return { rows, pages: mostPages, isWhole: false, cursor: deriveCursor(position, cursor), reason: 'pages' };
}

interface Position {
  readonly page: number;
  /** Of this walk; undefined before its first page. */
  readonly topMs: number | undefined;
  /** Above the top of the walk that was cut short is what came since; it has to be read before what was left. */
  readonly isAboveTop: boolean;
}

function isLast<Row>({ times, hasNext }: ListPage<Row>, pages: number, options: NewestFirstOptions): boolean {
  const { untilMs, leastPages = 1 } = options;
  const oldestMs = times.at(-1);
  return !hasNext || (oldestMs !== undefined && oldestMs < untilMs && pages >= leastPages);
}

function advance<Row>(position: Position, { times }: ListPage<Row>, cursor: Cursor | undefined): Position {
  const page = position.page + 1;
  const topMs = position.topMs ?? findLatest(times);
  const oldestMs = times.at(-1);
  if (!position.isAboveTop || cursor === undefined || oldestMs === undefined) return { ...position, page, topMs };
  const hasReachedTop = oldestMs <= cursor.topMs - lateRowsMs;
  return hasReachedTop
    ? { page: Math.max(page, cursor.page), topMs, isAboveTop: false }
    : { page, topMs, isAboveTop: true };
}

function deriveCursor({ page, topMs, isAboveTop }: Position, before: Cursor | undefined): Cursor | undefined {
  return isAboveTop || topMs === undefined ? before : { page, topMs };
}

async function readUnlessSpent<Row>(
  readPage: (page: number) => Promise<ListPage<Row>>,
  page: number,
): Promise<ListPage<Row> | 'spent'> {
  try {
    return await readPage(page);
  } catch (error) {
    if (error instanceof BudgetSpentError) return 'spent';
    throw error;
  }
}

function findLatest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((latest, ms) => Math.max(latest, ms));
}

const Cursors = defineMapping(z.object({ page: z.number(), topMs: z.number() }));

const name = 'cut lists';

/** Where the list of a stream was cut short; absent for one that was read to its end. */
export function recallCursor(ledger: Ledger, stream: Stream): Cursor | undefined {
  return ledger.recall(name, Cursors)?.[stream.name];
}

export function rememberCursor(ledger: Ledger, stream: Stream, cursor: Cursor | undefined): void {
  const cursors = ledger.recall(name, Cursors) ?? {};
  if (cursor === undefined && cursors[stream.name] === undefined) return;
  const others = Object.entries(cursors).filter(([other]) => other !== stream.name);
  ledger.remember(name, Object.fromEntries([...others, ...(cursor === undefined ? [] : [[stream.name, cursor]])]));
}
