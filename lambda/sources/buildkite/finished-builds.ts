/** Lists the builds that finished, and goes on where a list was cut short. */
import * as z from 'zod';
import type { Ledger } from '../../counters/ledger.ts';
import { least } from '../../model/extremes.ts';
import { buildStream, jobStream } from './builds.ts';
import type { Part } from './part.ts';
import type { Build } from './rest-schema.ts';
import { timeOf } from './times.ts';
import type { Query } from './user-api.ts';

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
});
type Cursor = z.infer<typeof Cursor>;

const cursorName = 'finished-cursor';

/** As far back as a stream looks: Buildkite's index may lag. */
const overlapMs = 10 * 60_000;

export type ReadList = (filters: Query) => Promise<Part<readonly Build[]>>;

/** The builds that finished in the window, or the next piece of them. */
export async function readFinished(
  ledger: Ledger,
  jobs: 'read' | 'skip',
  read: ReadList,
): Promise<Part<readonly Build[]>> {
  const streams = jobs === 'read' ? [buildStream, jobStream] : [buildStream];
  const fromMs = least(streams.map((stream) => ledger.window(stream).fromMs)) ?? ledger.tickMs;
  const cursor = ledger.recall(cursorName, Cursor);
  if (cursor === undefined || cursor.fromMs !== fromMs) {
    const part = await read(finishedSince(fromMs));
    keepCursor(ledger, fromMs, part, isCutShort(part));
    return part;
  }
  const newer = await read(finishedSince(cursor.coveredMs - overlapMs));
  const older = await read([...finishedSince(fromMs), ['created_to', cursor.createdTo]]);
  // What has come since must be known as a whole, or there would be two places to go on from.
  if (newer.isComplete) keepCursor(ledger, fromMs, withOldest(older, cursor), !older.isComplete);
  else forgetCursor(ledger);
  return joined(newer, older);
}

/** The next run begins with the whole window again. */
export function forgetCursor(ledger: Ledger): void {
  ledger.remember(cursorName, null);
}

/**
 * States of builds that have ended, by name: the shortcut `finished` leaves out skipped and not_run. A blocked build waits
 * for somebody, but jobs of it have ended.
 */
const endedStates = ['passed', 'failed', 'blocked', 'canceled', 'skipped', 'not_run'] as const;

export function finishedSince(fromMs: number): Query {
  return [
    ['finished_from', new Date(fromMs).toISOString()],
    ...endedStates.map((state) => ['state[]', state] as const),
  ];
}

function keepCursor(ledger: Ledger, fromMs: number, { oldest }: Part<unknown>, isNeeded: boolean): void {
  if (!isNeeded || oldest === undefined) forgetCursor(ledger);
  else ledger.remember(cursorName, { fromMs, createdTo: oldest, coveredMs: ledger.tickMs } satisfies Cursor);
}

/** A list of which nothing came has no place to go on from. */
function isCutShort({ isComplete, value }: Part<readonly Build[]>): boolean {
  return !isComplete && value.length > 0;
}

/** A piece that failed at once leaves the place where it was. */
function withOldest<Value>(part: Part<Value>, { createdTo }: Cursor): Part<Value> {
  const oldest = part.oldest ?? createdTo;
  return { ...part, oldest: (timeOf(oldest) ?? Infinity) <= (timeOf(createdTo) ?? 0) ? oldest : createdTo };
}

function joined(a: Part<readonly Build[]>, b: Part<readonly Build[]>): Part<readonly Build[]> {
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
