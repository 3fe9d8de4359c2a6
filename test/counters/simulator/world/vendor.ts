/** A simulated CI system: runs that begin, end and are repeated, and the lists that show them. */
import { hashKey } from '../../../../lambda/counters/tick/hash.ts';
import { attemptAt, type Attempt, type Kind, type Run } from '../histories/fleet.ts';

/** A row of a list, or a run by its id. */
export interface Record {
  readonly runId: string;
  readonly attempt: Attempt;
  readonly isFinished: boolean;
}

export interface Page {
  readonly records: readonly Record[];
  readonly next: string | undefined;
  /** Of the whole list. */
  readonly total: number;
}

/** What goes wrong with the vendor during one invocation. */
export interface VendorFaults {
  /** Number of the request that fails. */
  readonly failingRequest: number | undefined;
  /** Open runs are not found by their id, though they exist. */
  readonly losesOpenRuns: boolean;
  /** The last page is shown again with a next page. */
  readonly repeatsPage: boolean;
}

export class VendorError extends Error {
  override readonly name = 'VendorError';
}

/** Few, so that small fleets have several pages, and open runs leave the first one. */
const rowsPerPage = 3;

/** No run is unknown to the vendor more often than this, so that the collector must not give it up. */
const maxFalseAnswers = 2;

/** The CI system of a simulation: what it answers depends on the time and on nothing else but lost answers. */
export interface Vendor {
  readonly runs: readonly Run[];
  readonly kind: Kind;
  list(query: Query, nowMs: number): Page;
  /** Undefined: 404. */
  get(id: string, faults: VendorFaults, nowMs: number): Record | undefined;
}

export interface Query {
  readonly fromMs: number;
  /** Infinity where the vendor has no such parameter. */
  readonly toMs: number;
  readonly page: string | undefined;
  readonly paging: 'number' | 'cursor';
  /** Whether rows of equal time come in an order of this answer's own. */
  readonly mixesEqual: boolean;
  /** Whether a run belongs to what is listed, by its place among all runs; absent for all of them. */
  readonly has?: (index: number) => boolean;
}

export function newVendor(runs: readonly Run[], kind: Kind): Vendor {
  const falseAnswers = new Map<string, number>();
  let answers = 0;
  return {
    runs,
    kind,
    list: (query, nowMs) => {
      answers += 1;
      const orderOf = query.mixesEqual ? mixedBy(answers) : inOrder;
      return pageOf(rowsOf(runs, kind, query, nowMs), query, orderOf);
    },
    get: (id, { losesOpenRuns }, nowMs) => {
      const run = runs.find((each) => each.id === id);
      if (run === undefined || nowMs >= run.prunedMs) return undefined;
      const answers = falseAnswers.get(id) ?? 0;
      if (losesOpenRuns && answers < maxFalseAnswers) {
        falseAnswers.set(id, answers + 1);
        return undefined;
      }
      return recordOf(run, nowMs);
    },
  };
}

function recordOf(run: Run, nowMs: number): Record | undefined {
  const seenMs = nowMs - run.recordLagMs;
  const attempt = attemptAt(run, seenMs);
  if (attempt === undefined) return undefined;
  return { runId: run.id, attempt, isFinished: attempt.finishedMs <= seenMs };
}

function rowsOf(runs: readonly Run[], kind: Kind, { fromMs, toMs, has }: Query, nowMs: number): readonly Record[] {
  return runs.flatMap((run, index): readonly Record[] => {
    if (nowMs >= run.prunedMs || has?.(index) === false) return [];
    if (kind !== 'finish') {
      const isListed = run.createdMs >= fromMs && run.createdMs <= toMs && run.createdMs + run.listLagMs <= nowMs;
      const record = isListed ? recordOf(run, nowMs) : undefined;
      return record === undefined ? [] : [record];
    }
    return run.attempts
      .filter(({ finishedMs }) => finishedMs >= fromMs && finishedMs <= toMs && finishedMs + run.listLagMs <= nowMs)
      .map((attempt) => ({ runId: run.id, attempt, isFinished: true }));
  });
}

/** Where a row stands among those of equal time. */
type OrderOf = (key: string) => string;

const inOrder: OrderOf = (key) => key;

/** Another order for each answer. */
function mixedBy(answer: number): OrderOf {
  return (key) => `${hashKey(`${String(answer)} ${key}`)} ${key}`;
}

function pageOf(given: readonly Record[], { page, paging }: Query, orderOf: OrderOf): Page {
  // Newest created first, whichever list it is.
  const rows = given.toSorted(
    (a, b) => b.attempt.createdMs - a.attempt.createdMs || compare(orderOf(keyOf(b)), orderOf(keyOf(a))),
  );
  const total = rows.length;
  if (paging === 'number') {
    // The rows move on while they are read: what is new makes the end of a page the beginning of the next one.
    const number = Number(page ?? '0');
    const records = rows.slice(number * rowsPerPage, (number + 1) * rowsPerPage);
    return { records, next: rows.length > (number + 1) * rowsPerPage ? String(number + 1) : undefined, total };
  }
  const rest = page === undefined ? rows : rows.filter((row) => isAfter(row, page, orderOf));
  const records = rest.slice(0, rowsPerPage);
  const last = records.at(-1);
  return { records, next: rest.length > rowsPerPage && last !== undefined ? cursorOf(last) : undefined, total };
}

function cursorOf(record: Record): string {
  return `${String(record.attempt.createdMs)} ${keyOf(record)}`;
}

function isAfter(record: Record, cursor: string, orderOf: OrderOf): boolean {
  const [createdMs = '0', key = ''] = cursor.split(' ');
  if (record.attempt.createdMs !== Number(createdMs)) return record.attempt.createdMs < Number(createdMs);
  return compare(orderOf(keyOf(record)), orderOf(key)) < 0;
}

function keyOf({ runId, attempt }: Record): string {
  return `${runId}/${String(attempt.number)}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
