/** Sorts the rows of a list into what is open, what is to be counted and what is history. */
import type { Ledger, OpenRun, Stream } from '../../../counters/ledger.ts';
import { isExact } from '../cluster/age.ts';
import { createLastFinished } from './last-finished.ts';
import type { Naming } from '../naming.ts';
import type { Phase } from '../cluster/reasons.ts';
import type { RunRow } from '../cluster/table-rows.ts';
import { interpretCondition } from '../cluster/state.ts';

/** A finished run that is still to be counted. */
export interface Candidate {
  readonly row: RunRow;
  /** When it started, as noted while it ran and its age told the second. Epoch milliseconds. */
  readonly startedMs: number | undefined;
}

export interface Sorting {
  readonly sort: (row: RunRow) => void;
  readonly candidates: Candidate[];
  readonly lastFinished: () => readonly RunRow[];
  /** Open runs that were not met yet. */
  readonly open: Map<string, OpenRun>;
}

/** Without memory nothing is counted. */
export const nothingToSort: Sorting = {
  sort: () => undefined,
  candidates: [],
  lastFinished: () => [],
  open: new Map(),
};

export function startSorting(stream: Stream, ledger: Ledger, naming: Naming): Sorting {
  const window = ledger.openWindow(stream);
  const known = new Map(ledger.recallOpen(stream).map((work) => [work.id, work]));
  const open = new Map(known);
  const candidates: Candidate[] = [];
  const lastFinished = createLastFinished(naming);
  const ended = new Set<string>();
  const sort = (row: RunRow): void => {
    const work = known.get(row.uid);
    open.delete(row.uid);
    if (ended.has(row.uid)) return;
    if (ledger.isCounted(stream, row.uid)) {
      // A run does not begin again: a page that shows it open is older than what was counted.
      if (work !== undefined) ledger.forget(stream, row.uid);
      return;
    }
    const status = interpretCondition(row.condition);
    if ('phase' in status) ledger.noteOpen(stream, row.uid, buildNote(row, status.phase, work));
    else if (work !== undefined || mayBeSince(row, window.newsFromMs)) {
      ended.add(row.uid);
      candidates.push({ row, startedMs: parseNote(work) });
    } else if (window.isFirst) lastFinished.add(row, status.result);
  };
  return { sort, candidates, lastFinished: lastFinished.rows, open };
}

/** By its end or, where a release has no column for it, by its creation. */
function mayBeSince({ completed, createdMs }: RunRow, fromMs: number): boolean {
  return (completed?.toMs ?? createdMs) >= fromMs;
}

/**
 * The start of a run as a note of its open work, in Unix seconds. A later list tells it to the minute only. Quota
 * throttling sets the start of a TaskRun back, so a note counts only while the run has a start.
 */
function buildNote({ started }: RunRow, phase: Phase, known: OpenRun | undefined): string | undefined {
  if (started === undefined || phase === 'quota' || phase === 'node') return undefined;
  return isExact(started) ? String(Math.round(started.toMs / 1000)) : known?.note;
}

function parseNote(known: OpenRun | undefined): number | undefined {
  const seconds = Number(known?.note ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
