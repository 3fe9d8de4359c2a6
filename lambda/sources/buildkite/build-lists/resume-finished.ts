/** Lists the builds that finished, and resumes where the last run's list was cut short. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { findLeast } from '../../../model/lists/extremes.ts';
import { buildCreatedToFilter } from './list-builds.ts';
import { buildStream, jobStream } from '../builds/count-builds.ts';
import type { ListRequest } from './list-open-builds.ts';
import type { ApiSettings } from '../config.ts';
import type { ListResult } from '../user-api/list-result.ts';
import type { Build } from '../user-api/rest-schema.ts';
import { parseTime } from '../user-api/times.ts';
import type { Query } from '../user-api/client.ts';
import { minuteMs } from '../../../model/time.ts';

/**
 * Where a list was cut short, so that the next run goes on from there. Without it a list that is longer than what one
 * run may read, such as after a day without the collector, would never come to its end.
 */
const Cursor = z.object({
  /** The window that is being read began then. Epoch milliseconds. */
  fromMs: z.number(),
  /** What was created later and finished until `coveredMs` was seen. As Buildkite writes it. */
  createdTo: z.string(),
  coveredMs: z.number(),
  /** How far before `coveredMs` the next run looks again; absent: as far as a stream does. Milliseconds. */
  overlapMs: z.number().optional(),
});
type Cursor = z.infer<typeof Cursor>;

const cursorName = 'finished-cursor';

/** As far back as a stream looks: Buildkite's index may lag. */
const overlapMs = 10 * minuteMs;

export type ReadList = (request: Omit<ListRequest, 'jobs'>) => Promise<ListResult<readonly Build[]>>;

/** Below it builds that Buildkite's index shows late would be missed too often. */
const leastOverlapMs = 30_000;

/** Pages of one list, of 30 builds with jobs or 100 without: 20 of the usual 50 requests a minute. */
const shareOfFinished = 0.4;
const leastPages = 20;
/** One after the other: at half a second each as long as half of the usual interval of a minute. */
const mostPages = 60;
/** Builds that ran long have a sixth of the requests of a minute, which is 240 builds with jobs of the usual 50. */
const shareOfLong = 1 / 6;
const maxPagesOfLong = 8;
/** Longer than most builds take, so that the list of longer ones is short. */
const longAfterMs = 15 * minuteMs;

/** Half of the runs then have all their requests for the other builds. */
const longEveryMs = 2 * minuteMs;

/** Remembered while lists are cut short: until when the builds that ran long were read as a whole, and when they were asked for. */
const Behind = z.object({ longReadMs: z.number(), longTriedMs: z.number() });
type Behind = z.infer<typeof Behind>;
const behindName = 'finished-behind';

export interface FinishedReader {
  /** The builds that ran long and have ended, after a run that could not read all; else nothing. */
  readonly readLong: () => Promise<ListResult<readonly Build[]> | undefined>;
  /** The builds that finished in the window, or the next piece of them; undefined without a memory. */
  readonly readRest: (
    long: ListResult<readonly Build[]> | undefined,
  ) => Promise<ListResult<readonly Build[]> | undefined>;
}

/**
 * Lists are ordered by creation, newest first. Where more builds finish than a run can read, those that ran long would
 * never be reached, so they are then asked for on their own.
 */
export function createFinishedReader(
  ledger: Ledger | undefined,
  { jobs, requestsPerMinute }: Pick<ApiSettings, 'jobs' | 'requestsPerMinute'>,
  read: ReadList,
): FinishedReader {
  if (ledger === undefined)
    return { readLong: () => Promise.resolve(undefined), readRest: () => Promise.resolve(undefined) };
  const behind = ledger.recall(behindName, Behind);
  const maxPages = countPages(requestsPerMinute);
  const pagesOfLong = Math.max(1, Math.min(maxPagesOfLong, Math.floor(requestsPerMinute * shareOfLong)));
  return {
    readLong: async () => {
      if (behind === undefined || ledger.tickMs - behind.longTriedMs < longEveryMs) return undefined;
      return await read({ filters: buildLongFilters(ledger.tickMs, behind.longReadMs), maxPages: pagesOfLong });
    },
    readRest: async (long) => {
      const pages = long === undefined ? maxPages : maxPages - pagesOfLong;
      const rest = await readFinished(ledger, jobs, (filters) => read({ filters, maxPages: pages }));
      ledger.remember(behindName, isCutShort(rest) ? updateBehind(ledger, behind, long) : null);
      return long === undefined ? rest : { ...joinLists(rest, long), isComplete: rest.isComplete };
    },
  };
}

function countPages(requestsPerMinute: number): number {
  return Math.min(mostPages, Math.max(leastPages, Math.floor(requestsPerMinute * shareOfFinished)));
}

/** Whether a larger `requestsPerMinute` makes the list of one run longer. */
export function readsMoreWithMoreRequests({ requestsPerMinute }: Pick<ApiSettings, 'requestsPerMinute'>): boolean {
  return countPages(requestsPerMinute) < mostPages;
}

function updateBehind(
  ledger: Ledger,
  before: Behind | undefined,
  long: ListResult<readonly Build[]> | undefined,
): Behind {
  const { longReadMs, longTriedMs } = before ?? { longReadMs: ledger.openWindow(buildStream).fromMs, longTriedMs: 0 };
  if (long === undefined) return { longReadMs, longTriedMs };
  return { longReadMs: long.isComplete ? ledger.now() : longReadMs, longTriedMs: ledger.tickMs };
}

/** What was created long ago and ended since the last such list, with the usual overlap. */
function buildLongFilters(tickMs: number, lastMs: number): Query {
  return [...buildFinishedFilters(lastMs - overlapMs), ['created_to', new Date(tickMs - longAfterMs).toISOString()]];
}

/** The builds that finished in the window, or the next piece of them. */
async function readFinished(
  ledger: Ledger,
  jobs: 'read' | 'skip',
  read: (filters: Query) => Promise<ListResult<readonly Build[]>>,
): Promise<ListResult<readonly Build[]>> {
  const streams = jobs === 'read' ? [buildStream, jobStream] : [buildStream];
  const fromMs = findLeast(streams.map((stream) => ledger.openWindow(stream).fromMs)) ?? ledger.tickMs;
  const cursor = ledger.recall(cursorName, Cursor);
  if (cursor === undefined || cursor.fromMs !== fromMs) {
    const list = await read(buildFinishedFilters(fromMs));
    keepCursor(ledger, fromMs, list, isCutShort(list));
    return list;
  }
  const lookBackMs = cursor.overlapMs ?? overlapMs;
  const newer = await read(buildFinishedFilters(cursor.coveredMs - lookBackMs));
  const older = await read([...buildFinishedFilters(fromMs), buildCreatedToFilter(cursor.createdTo)]);
  // The newer builds must be read completely, or there would be two cursors to resume from.
  if (newer.isComplete) keepCursor(ledger, fromMs, keepOldest(older, cursor), !older.isComplete);
  // Nothing was read, for example because the budget is spent: the cursor stays.
  else if (newer.value.length === 0) ledger.remember(cursorName, cursor);
  // Mostly builds that were read before: the next run looks less far back, or the list would begin again for ever.
  else if (newer.problem === undefined && lookBackMs > leastOverlapMs) {
    const nextLookBackMs = Math.max(leastOverlapMs, lookBackMs / 2);
    ledger.remember(cursorName, { ...narrowCursor(older, cursor), overlapMs: nextLookBackMs } satisfies Cursor);
  } else forgetCursor(ledger);
  return joinLists(newer, older);
}

/** The next run begins with the whole window again. */
export function forgetCursor(ledger: Ledger): void {
  ledger.remember(cursorName, null);
}

/**
 * States of builds that have ended, by name: the shortcut `finished` leaves out skipped and not_run. A blocked build waits
 * for a person, but jobs of it have ended.
 */
const endedStates = ['passed', 'failed', 'blocked', 'canceled', 'skipped', 'not_run'] as const;

export function buildFinishedFilters(fromMs: number): Query {
  return [
    ['finished_from', new Date(fromMs).toISOString()],
    ...endedStates.map((state) => ['state[]', state] as const),
  ];
}

function keepCursor(ledger: Ledger, fromMs: number, { oldest }: ListResult<unknown>, isNeeded: boolean): void {
  if (!isNeeded || oldest === undefined) forgetCursor(ledger);
  else ledger.remember(cursorName, { fromMs, createdTo: oldest, coveredMs: ledger.now() } satisfies Cursor);
}

/** The older part has been read as far as its oldest build; what is newer than `coveredMs` has to be read again. */
function narrowCursor(older: ListResult<unknown>, cursor: Cursor): Cursor {
  return { ...cursor, createdTo: keepOldest(older, cursor).oldest ?? cursor.createdTo };
}

/** A list without any build has no cursor to resume from. */
function isCutShort({ isComplete, value }: ListResult<readonly Build[]>): boolean {
  return !isComplete && value.length > 0;
}

/** A list that failed on its first page leaves the cursor where it was. */
function keepOldest<Value>(list: ListResult<Value>, { createdTo }: Cursor): ListResult<Value> {
  const oldest = list.oldest ?? createdTo;
  return { ...list, oldest: (parseTime(oldest) ?? Infinity) <= (parseTime(createdTo) ?? 0) ? oldest : createdTo };
}

function joinLists(a: ListResult<readonly Build[]>, b: ListResult<readonly Build[]>): ListResult<readonly Build[]> {
  const builds = new Map([...b.value, ...a.value].map((build) => [build.id, build]));
  return {
    value: [...builds.values()],
    isComplete: a.isComplete && b.isComplete,
    unreadable: a.unreadable + b.unreadable,
    withheld: a.withheld + b.withheld,
    notes: [],
    problem: a.problem ?? b.problem,
  };
}
