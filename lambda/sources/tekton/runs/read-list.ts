/** Reads one list as far as the time of the run allows, and first what has changed in one that no run can read whole. */
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { type ListTarget, type Page, listPages } from '../cluster/list-runs.ts';
import { type Changes, readNewestVersion, readChanges } from '../cluster/read-changes.ts';
import type { ClusterSend } from '../cluster/connect.ts';
import type { Naming } from '../naming.ts';
import { beginRound, type Reached, type Round, resumeRound } from './rounds.ts';
import type { RunRow } from '../cluster/table-rows.ts';
import { type Candidate, nothingToSort, type Sorting, startSorting } from './sort-rows.ts';
import type { Tally } from '../levels/tally.ts';
import { minuteMs, dayMs } from '../../../model/time.ts';

/** One list as far as it could be read. */
export interface ListReading {
  readonly target: ListTarget;
  readonly stream: Stream;
  readonly candidates: readonly Candidate[];
  /** Finished before the installation, but the last of their pipeline. */
  readonly lastFinished: readonly RunRow[];
  /** Open runs that the list does not show any more; empty unless all of it could be read. */
  readonly vanished: readonly string[];
  /** Rows of this run. */
  readonly runs: number;
  readonly unreadable: number;
  readonly covers: (namespace: string) => boolean;
  /** Why the list could not be read to its end. */
  readonly error?: unknown;
  /** True where that is the time of the run. */
  readonly isTimeUp: boolean;
  /** True for a list of which this run has read everything. */
  readonly isWhole: boolean;
  /** How the reading of the whole list stood when this run took it up. */
  readonly round: Round;
  /** Up to when the ends of runs are known, once the list was read to its end: its beginning. Epoch milliseconds. */
  readonly knownToMs: number;
  /** How it stands now; absent where the next run begins it as usual. */
  readonly next?: Round | undefined;
  /** How many runs stand behind the last page that was read, where the server tells. */
  readonly left: number | undefined;
  /** What was read before the list itself; absent where the list tells everything. */
  readonly changes?: Changes | undefined;
}

export interface ReadListOptions {
  readonly send: ClusterSend;
  readonly tally: Tally;
  readonly naming: Naming;
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly tickMs: number;
  /** Where an earlier run has left the list. */
  readonly round?: Round | undefined;
  /** The source's memory; without it nothing is counted. */
  readonly ledger: Ledger | undefined;
  /** Whether finished runs are also read from an archive, which is asked for a span of time. */
  readonly hasArchive: boolean;
}

/**
 * How far back an end may lie that no list has shown yet. Reads are consistent and a completion time is written within
 * the reconcile that makes it, so this is for a controller that stalls between the two, and for clocks that differ.
 */
const overlapMs = 5 * minuteMs;
const settleMs = 10_000;

/** A run that Kueue or a person holds back may stay for weeks. */
const openForMs = 30 * dayMs;

/** The name by which the memory knows a list. */
export function buildStreamName({ kind, namespace }: ListTarget): string {
  return namespace === undefined ? kind : `${kind}/${namespace}`;
}

function buildStream(target: ListTarget, hasArchive: boolean): Stream {
  return { name: buildStreamName(target), overlapMs, settleMs, openForMs, isResumable: !hasArchive };
}

/** Reads what has changed, where that is needed, and then the list to its end, or to where it fails. */
export async function readList(target: ListTarget, options: ReadListOptions): Promise<ListReading> {
  const { ledger, naming, hasArchive, tickMs } = options;
  const stream = buildStream(target, hasArchive);
  const sorting = ledger === undefined ? nothingToSort : startSorting(stream, ledger, naming);
  const known = options.round ?? beginRound(tickMs);
  const changes = await readListChanges(target, known, options);
  for (const row of changes?.rows ?? []) sorting.sort(row);
  const { round, pass } = await readRound(target, known, sorting, options);
  return buildReading({ target, stream, sorting, round, known, changes }, pass, tickMs);
}

/** Goes on where an earlier run has left the list; else, or where that token is good for nothing by now, begins it. */
async function readRound(
  target: ListTarget,
  known: Round,
  sorting: Sorting,
  options: ReadListOptions,
): Promise<{ readonly round: Round; readonly pass: Pass }> {
  if (known.at !== undefined) {
    const pass = await readPages(target, known, sorting, options);
    const isRefused = pass.error !== undefined && pass.reached.pages === 0 && !pass.isTimeUp;
    if (!isRefused) return { round: known, pass };
  }
  const round = beginRound(options.tickMs, known.version);
  return { round, pass: await readPages(target, round, sorting, options) };
}

/** Only of a list that the run before could not read: what is read whole needs no other word. */
async function readListChanges(
  target: ListTarget,
  round: Round,
  options: ReadListOptions,
): Promise<Changes | undefined> {
  const { send, deadline, clock, round: known } = options;
  if (known === undefined) return undefined;
  const since = round.version;
  const changes = since === undefined ? undefined : await readChanges(send, target, since, { deadline, clock });
  const isLost = changes === undefined ? round.at !== undefined : changes.isLost;
  if (!isLost) return changes;
  const none = { rows: [], unreadable: 0, isLost: true };
  try {
    return { ...none, ...changes, version: await readNewestVersion(send, target, { deadline, clock }) };
  } catch (error) {
    return { ...none, ...changes, version: undefined, error };
  }
}

/** What one pass over the pages of a list came to. */
interface Pass {
  readonly reached: Reached;
  /** The namespace behind which everything is as it is in this run; absent where nothing is. */
  readonly fresh: { readonly after: string | undefined } | undefined;
  readonly lastNamespace: string | undefined;
  readonly left: number | undefined;
  readonly error?: unknown;
  readonly isTimeUp: boolean;
}

async function readPages(target: ListTarget, round: Round, sorting: Sorting, options: ReadListOptions): Promise<Pass> {
  const { send, deadline, clock } = options;
  const progress = beginPass(round);
  const pages = listPages(send, target, { deadline, clock, from: round.at?.token });
  for (;;) {
    const page = await takeNextPage(pages);
    if ('rows' in page) takePage(progress, page, { sorting, tally: options.tally });
    else if ('error' in page) return { ...progress, error: page.error, isTimeUp: deadline.signal.aborted };
    else return { ...progress, isTimeUp: false };
  }
}

interface Progress {
  readonly reached: { -readonly [Name in keyof Reached]: Reached[Name] };
  fresh: Pass['fresh'];
  lastNamespace: string | undefined;
  left: number | undefined;
}

function beginPass({ at, version }: Round): Progress {
  return {
    reached: { pages: 0, rows: 0, unreadable: 0, at, version },
    fresh: at === undefined ? { after: undefined } : undefined,
    lastNamespace: at?.namespace,
    left: undefined,
  };
}

function takePage(
  progress: Progress,
  page: Page,
  { sorting, tally }: { readonly sorting: Sorting; readonly tally: Tally },
): void {
  const { reached } = progress;
  // What changes while later pages are read is asked for by the next run, since the first of them.
  if (reached.pages === 0 && reached.at === undefined) reached.version = page.version;
  if (page.isOfThisRun) progress.fresh ??= { after: progress.lastNamespace };
  for (const row of page.rows) {
    tally.add(row, page.nowMs);
    sorting.sort(row);
    progress.lastNamespace = row.namespace;
  }
  reached.pages += 1;
  reached.rows += page.rows.length;
  reached.unreadable += page.unreadable;
  reached.at = page.next === undefined ? undefined : { token: page.next, namespace: progress.lastNamespace ?? '' };
  progress.left = page.left;
}

interface ReadState {
  readonly target: ListTarget;
  readonly stream: Stream;
  readonly sorting: Sorting;
  readonly round: Round;
  readonly known: Round;
  readonly changes: Changes | undefined;
}

function buildReading(
  { target, stream, sorting, round, known, changes }: ReadState,
  { reached, fresh, lastNamespace, left, error, isTimeUp }: Pass,
  tickMs: number,
): ListReading {
  const isComplete = error === undefined;
  const isResumed = round.at !== undefined;
  const unreadable = reached.unreadable + round.damaged;
  const isAhead = changes !== undefined && changes.error === undefined;
  const version = isAhead ? changes.version : reached.version;
  const open = [...sorting.open.values()];
  return {
    target,
    stream,
    candidates: sorting.candidates,
    lastFinished: sorting.lastFinished(),
    // A row that cannot be read may be one of them; what an earlier run of the same round has seen is there.
    vanished:
      isComplete && unreadable === 0
        ? open.filter(({ lastCheckedMs }) => !isResumed || lastCheckedMs < round.beganMs).map(({ id }) => id)
        : [],
    runs: reached.rows,
    unreadable: reached.unreadable + (changes?.unreadable ?? 0),
    covers: createCoverage(target, { isComplete, fresh, lastNamespace }),
    ...(isComplete ? {} : { error }),
    isTimeUp,
    isWhole: isComplete && !isResumed,
    round,
    knownToMs: round.beganMs - settleMs,
    next: deriveNextRound({ round, known, reached: { ...reached, version } }, { isComplete, isTimeUp, tickMs }),
    left,
    changes,
  };
}

interface Outcome {
  readonly isComplete: boolean;
  readonly isTimeUp: boolean;
  readonly tickMs: number;
}

/** What the next run has to know; undefined where it begins like this one. */
function deriveNextRound(
  { round, known, reached }: { readonly round: Round; readonly known: Round; readonly reached: Reached },
  { isComplete, isTimeUp, tickMs }: Outcome,
): Round | undefined {
  // A list that took several runs will do so again, and what changes until then is asked for.
  if (isComplete) return round.at === undefined ? undefined : beginRound(tickMs, reached.version);
  if (reached.pages > 0) return resumeRound(round, reached);
  if (known.at !== undefined) return resumeRound(known, { ...reached, at: known.at });
  // The list was not reached: it waits since it was left out first.
  return isTimeUp ? resumeRound({ ...round, beganMs: known.beganMs }, reached) : undefined;
}

/** The next page, the error in its stead, or neither at the end. */
async function takeNextPage(
  pages: AsyncGenerator<Page>,
): Promise<Page | { readonly error: unknown } | { readonly isEnd: true }> {
  try {
    const next = await pages.next();
    return next.done === true ? { isEnd: true } : next.value;
  } catch (error) {
    return { error };
  }
}

/**
 * Lists come in the order of the keys of etcd, `namespace/name`, so that every namespace before the last one seen is
 * complete. The slash counts: it stands after `-`, and `team-a/x` before `team/x`. What a list of an earlier run shows is
 * as old as that, and a namespace that another run has begun was read in part only: both are no levels of now.
 */
function createCoverage(
  { namespace: only }: ListTarget,
  { isComplete, fresh, lastNamespace }: Pick<Pass, 'fresh' | 'lastNamespace'> & { readonly isComplete: boolean },
): (namespace: string) => boolean {
  return (namespace) => {
    if (fresh === undefined || (only !== undefined && only !== namespace)) return false;
    if (fresh.after !== undefined && `${namespace}/` <= `${fresh.after}/`) return false;
    return isComplete || (only === undefined && lastNamespace !== undefined && `${namespace}/` < `${lastNamespace}/`);
  };
}
