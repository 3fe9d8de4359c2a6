/** Visits one repository: reads what runs, and what has ended. */
import type { Ledger, Window } from '../../../counters/ledger.ts';
import { hotMs } from '../../../crawl/intervals.ts';
import { type NewestFirstList, recallCursor, rememberCursor } from '../../../crawl/list-newest-first.ts';
import { computeStuckTimes } from '../../../crawl/stuck-times.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { ApiContext } from '../api/client.ts';
import { countSightings } from '../runs/count-runs.ts';
import { deriveOpenRun } from '../runs/derive-open-run.ts';
import { findHiddenAttempts, findMissingRuns } from '../runs/find-further-attempts.ts';
import { buildRunKey, type FinishedRun, interpretRun, type RunSighting } from '../runs/interpret-run.ts';
import { listRuns, type RunPages } from '../runs/list-runs.ts';
import { countOpen, type OpenRunState } from '../runs/open-run.ts';
import type { Repository, RepositoryIdentity } from '../runs/repository.ts';
import { buildRunStream } from '../runs/streams.ts';

export interface VisitContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly pages: RunPages;
  readonly stuckAfterMs: number;
  readonly hasEvents: boolean;
  /** Gets the number of elements that could not be read. */
  readonly countUnreadable: (count: number) => void;
  /** What a list is not, and what comes of it. */
  readonly report: (kind: 'rate-limited', message: string) => void;
}

export interface VisitOutcome {
  readonly repository: Repository;
  readonly open: readonly OpenRunState[];
  /** Runs whose end was seen for the first time. */
  readonly ended: readonly FinishedRun[];
}

/** Newest pages that a first visit reads at least: runs in flight at the installation are on them. */
const firstVisitPages = 2;

/**
 * One visit to a repository: its newest runs, those that are open and stand further down, and those that a re-run has
 * hidden. `left out`: the budget did not suffice for it. @throws HttpError, SecretUnavailableError
 */
export async function visitRepository(
  before: Repository,
  identity: RepositoryIdentity,
  known: readonly OpenRunState[],
  context: VisitContext,
): Promise<VisitOutcome | 'left out' | 'not to be seen'> {
  const { ledger, api } = context;
  const stream = buildRunStream(before.id);
  const window = ledger.openWindow(stream);
  const list = await readRunList(before, identity, window, context);
  if (typeof list === 'string') return list;
  const further = { api, ledger, identity, repository: before.id };
  const hidden = await findHiddenAttempts(list.sights, window, further);
  const missing = await findMissingRuns([...list.sights, ...hidden], known, further);
  const sights = [...list.sights, ...missing];
  const countContext = { ledger, identity, stream, window };
  const ended = [...countSightings(hidden, countContext), ...countSightings(sights, countContext)];
  if (list.reason === undefined) ledger.noteComplete(stream);
  else ledger.notePartial(stream);
  if (list.reason === 'pages') context.report('rate-limited', describeCut(before, list.pages));
  const open = deriveOpenRuns(before, sights, known, context);
  return { repository: updateRepository(before, list.sights, open, ledger.tickMs), open, ended };
}

function describeCut({ fullName }: Repository, pages: number): string {
  return `read ${String(pages)} pages of the runs of ${fullName}, which has more that are new; the next look goes on there`;
}

interface RunList extends Pick<NewestFirstList<unknown>, 'pages' | 'reason'> {
  readonly sights: readonly RunSighting[];
}

async function readRunList(
  { id }: Repository,
  identity: RepositoryIdentity,
  window: Window,
  { api, ledger, pages, countUnreadable }: VisitContext,
): Promise<RunList | 'left out' | 'not to be seen'> {
  const stream = buildRunStream(id);
  try {
    const list = await listRuns(api, {
      repository: id,
      fullName: identity.fullName,
      pages,
      untilMs: window.fromMs,
      leastPages: window.isFirst ? firstVisitPages : 1,
      countUnreadable,
      cursor: recallCursor(ledger, stream),
    });
    rememberCursor(ledger, stream, list.cursor);
    if (list.pages === 0) return 'left out';
    // By attempt: what is new while pages are read moves runs to the next page, where they are seen again.
    const sights = list.rows.map((record) => interpretRun(record, identity));
    const { pages: count, reason } = list;
    return { sights: [...new Map(sights.map((sight) => [buildRunKey(sight), sight])).values()], pages: count, reason };
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 404) return 'not to be seen';
    throw error;
  }
}

/** The attempts that are open now; what was not seen at this visit is as it was at the last one. */
function deriveOpenRuns(
  { id: repository }: Repository,
  sights: readonly RunSighting[],
  known: readonly OpenRunState[],
  { ledger, stuckAfterMs, hasEvents }: VisitContext,
): readonly OpenRunState[] {
  const stuckAt = computeStuckTimes(sights, stuckAfterMs);
  const seen = new Map(sights.map((sight) => [buildRunKey(sight), sight]));
  const before = new Map(known.map((state) => [buildRunKey(state), state]));
  return ledger.recallOpen(buildRunStream(repository)).flatMap(({ id: key }): readonly OpenRunState[] => {
    const sight = seen.get(key);
    const same = before.get(key);
    if (sight === undefined) return same === undefined ? [] : [same];
    if (sight.is === 'finished') return [];
    return [deriveOpenRun(sight, repository, same, { tickMs: ledger.tickMs, hasEvents, stuckAt })];
  });
}

function updateRepository(
  before: Repository,
  sights: readonly RunSighting[],
  open: readonly OpenRunState[],
  tickMs: number,
): Repository {
  const lives = sights.map((sight) => (sight.is === 'finished' ? sight.finishedMs : sight.startedMs));
  const newestMs = sights.reduce((latest, { startedMs }) => Math.max(latest, startedMs), 0);
  // The run that a push was to start has come.
  const isServed = newestMs > before.hotUntilMs - hotMs;
  const hasRuns = sights.length > 0 || before.pipelines === 'some';
  return {
    ...before,
    visitedMs: tickMs,
    hintedMs: undefined,
    unseenMs: 0,
    ranMs: lives.reduce((latest, ms) => Math.max(latest, ms), before.ranMs),
    hotUntilMs: isServed ? 0 : before.hotUntilMs,
    pipelines: hasRuns ? 'some' : 'empty',
    open: countOpen(open, tickMs),
  };
}
