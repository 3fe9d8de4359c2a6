import type { Ledger, Stream } from '../../counters/ledger.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { type ListPlace, type Page, pagesOf } from './api.ts';
import type { ClusterSend } from './connection.ts';
import type { Naming } from './naming.ts';
import type { RunRow } from './rows.ts';
import { type Candidate, nothingToSort, type Sorting, startSorting } from './sorting.ts';
import type { Tally } from './tally.ts';

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
