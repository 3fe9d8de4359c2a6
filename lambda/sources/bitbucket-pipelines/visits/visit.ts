/** Visits one repository: reads what runs, and what has ended. */
import type { Ledger, Window } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type MissingRunsContext, findMissingRuns } from '../runs/find-missing-runs.ts';
import { findOverwrittenAttempts } from '../steps/overwritten-attempts.ts';
import { deriveCounted } from '../runs/held-runs.ts';
import { type CountedEarly, countOpen, type OpenState } from '../runs/open-state.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import { isHeld } from '../runs/states.ts';
import { endResults } from './missing-repositories.ts';
import { listRuns, type RunPages } from '../runs/list-runs.ts';
import { hotMs } from '../../../crawl/intervals.ts';
import {
  type FinishedRun,
  type OpenRun,
  type FollowedRepository,
  type RunSighting,
  interpretRecord,
} from '../runs/finish.ts';
import { buildRunStream } from '../runs/streams.ts';
import { computeStuckTimes } from '../../../crawl/stuck-times.ts';
import { countSightings } from '../runs/count.ts';
import { recallCursor, rememberCursor, type NewestFirstList } from '../../../crawl/list-newest-first.ts';

export interface VisitContext extends MissingRunsContext {
  readonly pages: RunPages;
  readonly stuckAfterMs: number;
  /** What a list is not, and what comes of it. */
  readonly report: (kind: 'configuration', message: string) => void;
}

export interface VisitOutcome {
  readonly repository: Repository;
  readonly open: readonly OpenState[];
  /** Runs whose end was seen for the first time. */
  readonly ended: readonly FinishedRun[];
}

/** Newest pages that a first visit reads at least: runs in flight at the installation are on them. */
const firstVisitPages = 2;

/**
 * One visit to a repository: its newest runs, and those that are open and stand further down. Undefined when the budget
 * did not suffice for it. @throws HttpError, SecretUnavailableError
 */
export async function visitRepository(
  before: Repository,
  identity: FollowedRepository,
  known: readonly OpenState[],
  context: VisitContext,
): Promise<VisitOutcome | undefined> {
  const { ledger } = context;
  const stream = buildRunStream(before.id);
  const window = ledger.openWindow(stream);
  const list = await readRunList(before, identity, window, context);
  if (list === 'left out') return undefined;
  if (list === 'no pipelines') return dropPipelines(before, known, ledger);
  const mayHideOpen = window.isFirst && !list.isWhole;
  const further = await findMissingRuns(before, identity, { sights: list.sights, mayHideOpen }, context);
  const sights = [...list.sights, ...further];
  const earlier = await findOverwrittenAttempts(sights, known, { ...identity, repository: before.id }, context);
  const countContext = {
    ledger,
    identity,
    stream,
    window,
    known: new Map(known.map((state) => [state.id, state])),
  };
  const ended = [...countSightings(earlier, countContext), ...countSightings(sights, countContext)];
  if (list.reason === undefined) ledger.noteComplete(stream);
  else ledger.notePartial(stream);
  if (list.reason === 'pages') context.report('configuration', describeCut(before, list.pages));
  const open = deriveOpenStates(before, sights, known, context);
  return { repository: updateRepository(before, list.sights, open, ledger.tickMs), open, ended };
}

function describeCut({ slug }: Repository, pages: number): string {
  return `read ${String(pages)} pages of the runs of ${slug}, which has more that are new; the next look goes on there; if this stays, shorten the interval`;
}

interface RunList extends Pick<NewestFirstList<unknown>, 'pages' | 'reason' | 'isWhole'> {
  readonly sights: readonly RunSighting[];
}

async function readRunList(
  { id }: Repository,
  identity: FollowedRepository,
  window: Window,
  { api, ledger, pages, countUnreadable }: VisitContext,
): Promise<RunList | 'left out' | 'no pipelines'> {
  const leastPages = window.isFirst ? firstVisitPages : 1;
  const { workspace } = identity;
  const stream = buildRunStream(id);
  const cursor = recallCursor(ledger, stream);
  const options = {
    workspace,
    repository: id,
    pages,
    ledger,
    untilMs: window.fromMs,
    leastPages,
    countUnreadable,
    cursor,
  };
  try {
    const list = await listRuns(api, options);
    rememberCursor(ledger, stream, list.cursor);
    if (list.pages === 0) return 'left out';
    // By uuid: what is new while pages are read moves runs to the next page, where they are seen again.
    const records = new Map(list.rows.map((record) => [record.uuid, record]));
    const { pages: count, reason, isWhole } = list;
    return {
      sights: [...records.values()].map((record) => interpretRecord(record, identity)),
      pages: count,
      reason,
      isWhole,
    };
  } catch (error) {
    if (isNotFound(error)) return 'no pipelines';
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof HttpStatusError && error.status === 404;
}

/**
 * The repository is gone, or has no pipelines any more, and its open runs with them; a single such answer may be a
 * mistake, so they are missed like a run that is not found by itself. Then the stream is dropped: its watermark would
 * stand still, and the counting of this repository would seem to lag for ever.
 */
function dropPipelines(before: Repository, known: readonly OpenState[], ledger: Ledger): VisitOutcome {
  const stream = buildRunStream(before.id);
  for (const { id } of ledger.recallOpen(stream)) ledger.noteMissing(stream, id);
  const missed = new Set(ledger.recallOpen(stream).map(({ id }) => id));
  if (missed.size > 0) {
    const repository = { ...before, visitedMs: ledger.tickMs, hintedMs: undefined };
    return { repository, open: known.filter(({ id }) => missed.has(id)), ended: [] };
  }
  ledger.dropStream(stream.name, 'gone');
  endResults(before, ledger);
  const nothing = { moving: 0, held: 0 };
  return {
    repository: { ...before, visitedMs: ledger.tickMs, hintedMs: undefined, pipelines: 'none', open: nothing },
    open: [],
    ended: [],
  };
}

/** The runs that are open now; what was not seen at this visit is as it was at the last one. */
function deriveOpenStates(
  { id: repository }: Repository,
  sights: readonly RunSighting[],
  known: readonly OpenState[],
  { ledger, stuckAfterMs }: VisitContext,
): readonly OpenState[] {
  const stuckAt = computeStuckTimes(sights, stuckAfterMs);
  const seen = new Map(sights.map((sight) => [sight.id, sight]));
  const before = new Map(known.map((state) => [state.id, state]));
  return ledger.recallOpen(buildRunStream(repository)).flatMap(({ id }): readonly OpenState[] => {
    const sight = seen.get(id);
    const old = before.get(id);
    if (sight === undefined) return old === undefined ? [] : [old];
    if (sight.is === 'finished') return [];
    const state = deriveOpenState(sight, repository, old?.attempt === sight.attempt ? old : undefined, ledger.tickMs);
    return [{ ...state, stuckMs: stuckAt(state) }];
  });
}

function deriveOpenState(
  run: OpenRun,
  repository: string,
  same: OpenState | undefined,
  tickMs: number,
): Omit<OpenState, 'stuckMs'> {
  const { id, attempt, number, phase, pipeline, branch, isChild } = run;
  // A person has answered: the time until then was not spent waiting for a machine.
  const isResumed = same !== undefined && isHeld(same) && !isHeld(run);
  const askedMs = Math.max(chooseAskedMs(run, same?.askedMs ?? tickMs), isResumed ? tickMs : (same?.askedMs ?? 0));
  const counted = deriveCounted(run, same);
  // Steps that were read in another phase say nothing of this one.
  const steps = same?.phase === phase ? { steps: same.steps, stepsMs: same.stepsMs } : {};
  return {
    repository,
    id,
    attempt,
    number,
    askedMs,
    phase,
    pipeline,
    branch,
    ...keepDefined(isChild, counted),
    ...steps,
  };
}

function keepDefined(isChild: boolean, counted: CountedEarly | undefined): Pick<OpenState, 'isChild' | 'counted'> {
  return { ...(isChild ? { isChild } : {}), ...(counted === undefined ? {} : { counted }) };
}

/** A re-run tells no time of its own: that of the first run would make it wait, and be stuck, for days. */
function chooseAskedMs({ attempt, createdMs }: OpenRun, firstSeenMs: number): number {
  return attempt > 1 ? firstSeenMs : createdMs;
}

function updateRepository(
  before: Repository,
  sights: readonly RunSighting[],
  open: readonly OpenState[],
  tickMs: number,
): Repository {
  const lives = sights.map((sight) => (sight.is === 'finished' ? sight.finishedMs : sight.createdMs));
  const newestMs = sights.reduce((latest, { createdMs }) => Math.max(latest, createdMs), 0);
  // The pipeline that a push was to start has come.
  const isServed = newestMs > before.hotUntilMs - hotMs;
  return {
    ...before,
    visitedMs: tickMs,
    hintedMs: undefined,
    ranMs: lives.reduce((latest, ms) => Math.max(latest, ms), before.ranMs),
    hotUntilMs: isServed ? 0 : before.hotUntilMs,
    number: sights.reduce((highest, { number }) => Math.max(highest, number), before.number),
    // Some clients get an empty list where others get 404.
    pipelines: before.number === 0 && sights.length === 0 ? 'empty' : 'some',
    open: countOpen(open),
  };
}
