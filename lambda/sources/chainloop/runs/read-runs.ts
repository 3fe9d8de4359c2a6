/** Reads the runs since the last tick and counts those that ended. */
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import { findLeast } from '../../../model/lists/extremes.ts';
import type { ControlPlane } from './client.ts';
import type { RunQuery } from '../grpc-web/encode-request.ts';
import { type EndedRun, finishRun, type MapOptions, mapResult } from './finish.ts';
import type { Run, WorkflowName, WorkflowRun } from '../grpc-web/messages.ts';
import { type Pages, readPages } from './pages.ts';
import { minuteMs, dayMs } from '../../../model/time.ts';

/** The server gives up on a run after that, in a sweep each minute (`app/controlplane/pkg/biz`, trap 6 of its metrics). */
const expiryMs = 60 * minuteMs;

/** A sweep takes 100 runs; with a backlog they are marked late. */
const sweepSlackMs = 10 * minuteMs;

/** An unended run that is older has been missed by the server's own sweeps. */
export const stuckMs = expiryMs + sweepSlackMs;

/** The list shows a run as soon as it is created; the rest is for clocks that differ and replicas that lag. */
const overlapMs = 10 * minuteMs;

/** What is open for longer was forgotten by the server; the sweeps catch up within minutes. */
export const runStream: Stream = { name: 'runs', overlapMs, openForMs: dayMs };

/** 2,000 attestations at once are beyond every installation that is known. */
export const maxOpenPages = 20;

/** 10,000 runs in a window of minutes, or of the hours that a collector was down. */
export const maxRunPages = 100;

export type IsSelected = (workflow: WorkflowName) => boolean;

/** All runs that have not ended. @throws what the control plane throws for the first page. */
export async function readOpenRuns(plane: ControlPlane): Promise<Pages<WorkflowRun>> {
  return await readPages({
    read: createPageReader(plane, { status: 'initialized' }),
    keyOf: idOf,
    maxPages: maxOpenPages,
  });
}

export interface RunsReading {
  readonly pages: Pages<WorkflowRun>;
  /** Not ended, by their latest sight. */
  readonly open: readonly WorkflowRun[];
  readonly ended: readonly EndedRun[];
  /** Whether more runs were created since the last tick than may be read. */
  readonly isLost: boolean;
}

/**
 * What was created since the last tick, and what was open then, told to the ledger. The list is ordered by creation and
 * has no filter for the end of a run: what ends late is found because the ledger remembers that it was open.
 * @throws what the control plane throws for the first page.
 */
export async function readRuns(
  plane: ControlPlane,
  ledger: Ledger,
  openNow: Pages<WorkflowRun>,
  isSelected: IsSelected,
  options: MapOptions,
): Promise<RunsReading> {
  const sinceMs = computeFirstCreatedMs(ledger);
  const wasOpen = new Set(ledger.recallOpen(runStream).map(({ id }) => id));
  const waited = new Map(ledger.recallOpen(runStream).map(({ id, note }) => [id, parseCreatedNote(note, sinceMs)]));
  for (const { id } of openNow.items) waited.delete(id);
  const pages = await readPages({
    read: createPageReader(plane, {}),
    keyOf: idOf,
    maxPages: maxRunPages,
    isEnough: (runs) => {
      for (const { id } of runs) waited.delete(id);
      // A page of nothing that can be read tells no time.
      const oldest = runs.at(-1)?.createdMs ?? Infinity;
      return oldest < Math.min(sinceMs, findLeast(waited.values()) ?? sinceMs);
    },
  });
  // The later list is the newer sight of a run.
  const seen = new Map([...openNow.items, ...pages.items].map((run) => [run.id, run]));
  const open: WorkflowRun[] = [];
  const ended: EndedRun[] = [];
  for (const run of seen.values()) {
    const end = determineEnd(run, ledger.now(), wasOpen.has(run.id));
    if (!isSelected(run.workflow)) ledger.forget(runStream, run.id);
    else if (end === undefined) open.push(run);
    else ended.push({ ...run, ...end });
  }
  countSeen(ledger, { open, ended, missing: findMissing(waited, pages) }, options);
  return { pages, open, ended, isLost: isWindowLost(pages, findCoveredMs(ledger, sinceMs)) };
}

/** Runs that were open and that the list does not show: not only has it not been read so far. */
function findMissing(waited: ReadonlyMap<string, number>, pages: Pages<WorkflowRun>): readonly string[] {
  // A run that cannot be read, or that was left out, may be one of them.
  if (pages.unreadable > 0 || pages.lacking > 0) return [];
  if (pages.end === 'complete') return [...waited.keys()];
  if (pages.end !== 'budget') return [];
  // Below the last page that may be read: more runs come before it in each tick, so it will never be seen again.
  const oldestMs = findOldestMs(pages);
  return [...waited].filter(([, createdMs]) => createdMs < oldestMs).map(([id]) => id);
}

/** What was created before has been read in an earlier tick. */
function findCoveredMs(ledger: Ledger, sinceMs: number): number {
  const { fromMs, isFirst } = ledger.openWindow(runStream);
  return isFirst ? sinceMs : fromMs + overlapMs;
}

/** Whether runs were created since the last tick that no tick will read: a burst shows in several ticks, and is lost once. */
function isWindowLost(pages: Pages<WorkflowRun>, readMs: number): boolean {
  return pages.end === 'budget' && findOldestMs(pages) > readMs;
}

function findOldestMs({ items }: Pages<WorkflowRun>): number {
  return findLeast(items.map(({ createdMs }) => createdMs)) ?? Infinity;
}

/** The note of an open run is when it was created. */
function parseCreatedNote(note: string | undefined, unknown: number): number {
  const createdMs = Number(note);
  return Number.isFinite(createdMs) ? createdMs : unknown;
}

/** Before the first complete read, everything that may still be running was created within its longest life. */
function computeFirstCreatedMs(ledger: Ledger): number {
  const { fromMs, isFirst } = ledger.openWindow(runStream);
  return isFirst ? Math.min(fromMs, ledger.tickMs - stuckMs) : fromMs;
}

/**
 * The end of a run that tells none is when it is first seen to have ended. One that was never seen open has ended when the
 * server gives up on a run: the same time whenever it is read, so that it counts once.
 */
export function determineEnd(
  run: Run,
  nowMs: number,
  wasOpen: boolean,
): Pick<EndedRun, 'endedMs' | 'result'> | undefined {
  const result = mapResult(run);
  if (result === undefined) return undefined;
  const unseenMs = wasOpen ? nowMs : Math.min(run.createdMs + expiryMs, nowMs);
  return { result, endedMs: run.finishedMs ?? unseenMs };
}

interface SeenRuns {
  readonly open: readonly WorkflowRun[];
  readonly ended: readonly EndedRun[];
  readonly missing: Iterable<string>;
}

function countSeen(ledger: Ledger, { open, ended, missing }: SeenRuns, options: MapOptions): void {
  for (const { id, createdMs } of open) ledger.noteOpen(runStream, id, String(createdMs));
  for (const run of ended) ledger.countFinish(runStream, run.id, finishRun(run, options));
  for (const id of missing) ledger.noteMissing(runStream, id);
}

function idOf({ id }: Run): string {
  return id;
}

function createPageReader(plane: ControlPlane, query: RunQuery) {
  return async (cursor: string | undefined, limit: number) => {
    const { runs, nextCursor, unreadable } = await plane.requestRuns({
      ...query,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    return { items: runs, unreadable, next: nextCursor === '' ? undefined : nextCursor };
  };
}
