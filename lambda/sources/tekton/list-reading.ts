import type { Ledger, OpenWork, Stream } from '../../counters/ledger.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { isExact } from './age.ts';
import { type ListPlace, type Page, pagesOf } from './api.ts';
import type { ClusterSend } from './connection.ts';
import { createHistory } from './history.ts';
import type { Naming } from './naming.ts';
import type { Phase } from './reasons.ts';
import type { RunRow } from './rows.ts';
import { statusOf } from './state.ts';
import type { Tally } from './tally.ts';

/** A finished run that is still to be counted. */
export interface Candidate {
  readonly row: RunRow;
  /** When it started, as noted while it ran and its age told the second. Epoch milliseconds. */
  readonly startedMs: number | undefined;
}

/** One list as far as it could be read. */
export interface ListReading {
  readonly place: ListPlace;
  readonly stream: Stream;
  readonly candidates: readonly Candidate[];
  /** Finished before the installation, but the last of their pipeline. */
  readonly history: readonly RunRow[];
  /** Open runs that the list does not show any more; empty unless all of it could be read. */
  readonly vanished: readonly string[];
  readonly runs: number;
  readonly damaged: number;
  readonly covers: (namespace: string) => boolean;
  /** Why the list could not be read to its end. */
  readonly failure?: unknown;
}

export interface ReadListOptions {
  readonly send: ClusterSend;
  readonly tally: Tally;
  readonly naming: Naming;
  readonly deadline: Deadline;
  readonly clock: Clock;
  /** The source's memory; asked for once there is something to count. */
  readonly memory: () => Promise<Ledger | undefined>;
}

/**
 * How far back an end may lie that no list has shown yet. Reads are consistent and a completion time is written within
 * the reconcile that makes it, so this is for a controller that stalls between the two, and for clocks that differ.
 */
const overlapMs = 5 * 60_000;
const settleMs = 10_000;

/** A run that Kueue or a person holds back may stay for weeks. */
const openForMs = 30 * 24 * 60 * 60_000;

function streamOf({ kind, namespace }: ListPlace): Stream {
  return { name: namespace === undefined ? kind : `${kind}/${namespace}`, overlapMs, settleMs, openForMs };
}

/** Reads one list to its end, or to where it fails. Throws only what the memory throws. */
export async function readList(place: ListPlace, options: ReadListOptions): Promise<ListReading> {
  const { send, tally, deadline, clock, memory } = options;
  const progress: Progress = { runs: 0, damaged: 0, lastNamespace: undefined };
  let sorting: Sorting | undefined;
  let failure: unknown;
  const pages = pagesOf(send, place, { deadline, clock });
  for (;;) {
    const page = await nextOf(pages);
    if ('failure' in page) failure = page.failure;
    if (!('rows' in page)) break;
    sorting ??= startSorting(streamOf(place), await memory(), options.naming);
    progress.damaged += page.damaged;
    for (const row of page.rows) {
      tally.add(row, page.nowMs);
      sorting.sort(row);
      progress.runs += 1;
      progress.lastNamespace = row.namespace;
    }
  }
  return readingOf(place, progress, sorting ?? nothingToSort, failure);
}

function readingOf(place: ListPlace, progress: Progress, sorting: Sorting, failure: unknown): ListReading {
  const { runs, damaged, lastNamespace } = progress;
  const isComplete = failure === undefined;
  return {
    place,
    stream: streamOf(place),
    candidates: sorting.candidates,
    history: sorting.history(),
    // A row that cannot be read may be one of them.
    vanished: isComplete && damaged === 0 ? [...sorting.open.keys()] : [],
    runs,
    damaged,
    covers: coverage(place, isComplete, lastNamespace),
    ...(isComplete ? {} : { failure }),
  };
}

/** The next page, the failure that took its place, or neither at the end. */
async function nextOf(
  pages: AsyncGenerator<Page>,
): Promise<Page | { readonly failure: unknown } | { readonly isEnd: true }> {
  try {
    const next = await pages.next();
    return next.done === true ? { isEnd: true } : next.value;
  } catch (failure) {
    return { failure };
  }
}

interface Progress {
  runs: number;
  damaged: number;
  lastNamespace: string | undefined;
}

/**
 * Lists come in the order of the keys of etcd, `namespace/name`, so that every namespace before the last one seen is
 * complete. The slash counts: it stands after `-`, and `team-a/x` before `team/x`.
 */
function coverage(
  { namespace: only }: ListPlace,
  isComplete: boolean,
  lastNamespace: string | undefined,
): (namespace: string) => boolean {
  return (namespace) => {
    if (only !== undefined && only !== namespace) return false;
    return isComplete || (only === undefined && lastNamespace !== undefined && `${namespace}/` < `${lastNamespace}/`);
  };
}

interface Sorting {
  readonly sort: (row: RunRow) => void;
  readonly candidates: Candidate[];
  readonly history: () => readonly RunRow[];
  /** Open runs that were not met yet. */
  readonly open: Map<string, OpenWork>;
}

/** Without memory nothing is counted. */
const nothingToSort = {
  sort: () => undefined,
  candidates: [],
  history: () => [],
  open: new Map<string, OpenWork>(),
};

function startSorting(stream: Stream, ledger: Ledger | undefined, naming: Naming): Sorting {
  if (ledger === undefined) return nothingToSort;
  const window = ledger.window(stream);
  const open = new Map(ledger.open(stream).map((work) => [work.id, work]));
  const candidates: Candidate[] = [];
  const history = createHistory(naming);
  const sort = (row: RunRow): void => {
    const known = open.get(row.uid);
    open.delete(row.uid);
    const status = statusOf(row.condition);
    if ('phase' in status) ledger.sawOpen(stream, row.uid, noteOf(row, status.phase, known));
    else if (known !== undefined || mayBeSince(row, window.newsFromMs)) {
      if (!ledger.isCounted(stream, row.uid)) candidates.push({ row, startedMs: startIn(known) });
    } else if (window.isFirst) history.add(row, status.result);
  };
  return { sort, candidates, history: history.rows, open };
}

/** By its end or, where a release has no column for it, by its creation. */
function mayBeSince({ completed, createdMs }: RunRow, fromMs: number): boolean {
  return (completed?.toMs ?? createdMs) >= fromMs;
}

/**
 * The start of a run as a note of its open work, in Unix seconds. A later list tells it to the minute only. Quota
 * throttling sets the start of a TaskRun back, so a note counts only while the run has a start.
 */
function noteOf({ started }: RunRow, phase: Phase, known: OpenWork | undefined): string | undefined {
  if (started === undefined || phase === 'quota' || phase === 'node') return undefined;
  return isExact(started) ? String(Math.round(started.toMs / 1000)) : known?.note;
}

function startIn(known: OpenWork | undefined): number | undefined {
  const seconds = Number(known?.note ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
