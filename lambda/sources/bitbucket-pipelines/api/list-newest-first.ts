/**
 * Walks down a list that shows the latest first, and goes on in a later look where it was cut short: a list that is
 * longer than what one look may read would otherwise be begun anew each time and never come to its end.
 */
import * as z from 'zod';
import { mappingOf } from '../../../counters/state/mapping.ts';
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import { append } from '../../../model/lists/append.ts';
import { BudgetSpentError } from './client.ts';

/** Where a walk was cut short. */
export interface Cut {
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

export interface WalkRequest {
  readonly firstPage?: number;
  /** Rows since then are wanted. Epoch milliseconds. */
  readonly untilMs: number;
  /** At least as many pages, however old what they show. */
  readonly leastPages?: number;
  readonly mostPages: number;
  /** Of the last walk, where it was cut short. */
  readonly cut: Cut | undefined;
}

export interface Walked<Row> {
  readonly rows: readonly Row[];
  readonly pages: number;
  /** Whether the list has no further page, however old. */
  readonly isWhole: boolean;
  /** Absent when everything that was wanted was read. */
  readonly cut: Cut | undefined;
  /** Why it was cut short: by the pages that one look may read, or by the requests of the tick. */
  readonly reason: 'pages' | 'requests' | undefined;
}

/**
 * A row that a list shows late may stand below one that was read before it. A minute is a page or two at most, so that
 * even a look of a few pages comes to what was left; a longer span could be all that it ever reads.
 */
const lateRowsMs = 60_000;

/** @throws what `readPage` throws, but for a spent budget */
export async function walkDown<Row>(
  readPage: (page: number) => Promise<ListPage<Row>>,
  request: WalkRequest,
): Promise<Walked<Row>> {
  const { firstPage = 1, mostPages, cut } = request;
  const rows: Row[] = [];
  let position: Position = { page: firstPage, topMs: undefined, isAboveTop: cut !== undefined };
  for (let pages = 0; pages < mostPages; pages += 1) {
    const read = await readUnlessSpent(readPage, position.page);
    if (read === 'spent') return { rows, pages, isWhole: false, cut: cutAt(position, cut), reason: 'requests' };
    append(rows, read.rows);
    if (isLast(read, pages + 1, request))
      return { rows, pages: pages + 1, isWhole: !read.hasNext, cut: undefined, reason: undefined };
    position = advance(position, read, cut);
  }
  return { rows, pages: mostPages, isWhole: false, cut: cutAt(position, cut), reason: 'pages' };
}

interface Position {
  readonly page: number;
  /** Of this walk; undefined before its first page. */
  readonly topMs: number | undefined;
  /** Above the top of the walk that was cut short is what came since; it has to be read before what was left. */
  readonly isAboveTop: boolean;
}

function isLast<Row>({ times, hasNext }: ListPage<Row>, pages: number, request: WalkRequest): boolean {
  const { untilMs, leastPages = 1 } = request;
  const oldestMs = times.at(-1);
  return !hasNext || (oldestMs !== undefined && oldestMs < untilMs && pages >= leastPages);
}

function advance<Row>(position: Position, { times }: ListPage<Row>, cut: Cut | undefined): Position {
  const page = position.page + 1;
  const topMs = position.topMs ?? latestOf(times);
  const oldestMs = times.at(-1);
  if (!position.isAboveTop || cut === undefined || oldestMs === undefined) return { ...position, page, topMs };
  const hasReachedTop = oldestMs <= cut.topMs - lateRowsMs;
  return hasReachedTop
    ? { page: Math.max(page, cut.page), topMs, isAboveTop: false }
    : { page, topMs, isAboveTop: true };
}

function cutAt({ page, topMs, isAboveTop }: Position, before: Cut | undefined): Cut | undefined {
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

function latestOf(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((latest, ms) => Math.max(latest, ms));
}

const Cuts = mappingOf(z.object({ page: z.number(), topMs: z.number() }));

const name = 'cut lists';

/** Where the list of a stream was cut short; absent for one that was read to its end. */
export function recallCut(ledger: Ledger, stream: Stream): Cut | undefined {
  return ledger.recall(name, Cuts)?.[stream.name];
}

export function rememberCut(ledger: Ledger, stream: Stream, cut: Cut | undefined): void {
  const cuts = ledger.recall(name, Cuts) ?? {};
  if (cut === undefined && cuts[stream.name] === undefined) return;
  const others = Object.entries(cuts).filter(([other]) => other !== stream.name);
  ledger.remember(name, Object.fromEntries([...others, ...(cut === undefined ? [] : [[stream.name, cut]])]));
}
