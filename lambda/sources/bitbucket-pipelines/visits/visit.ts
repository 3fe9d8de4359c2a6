/** Looks at one repository: what runs, and what has ended. */
import type { Ledger, Window } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type FurtherContext, furtherRuns } from '../runs/find-missing-runs.ts';
import { overwrittenAttempts } from '../steps/overwritten-attempts.ts';
import { countedAfter } from '../runs/held-runs.ts';
import { type CountedEarly, type OpenState, openCounts, type Repository } from './remembered.ts';
import { endVerdicts } from './missing-repositories.ts';
import type { PageCache } from '../api/page-cache.ts';
import { listPipelines } from '../runs/list-runs.ts';
import { hotMs } from '../budget/intervals.ts';
import { type FinishedRun, type OpenRun, type RunPlace, type Sight, sightOf } from '../runs/finish.ts';
import { runsOf } from '../runs/streams.ts';
import { stuckTimes } from '../runs/stuck.ts';
import { tellLedger } from '../runs/count.ts';
import { recallCut, rememberCut, type Walked } from '../api/list-newest-first.ts';

export interface LookContext extends FurtherContext {
  readonly pages: PageCache;
  readonly stuckAfterMs: number;
  /** What a list is not, and what comes of it. */
  readonly tell: (kind: 'rate-limited', message: string) => void;
}

export interface Looked {
  readonly repository: Repository;
  readonly open: readonly OpenState[];
  /** Runs whose end was seen for the first time. */
  readonly ended: readonly FinishedRun[];
}

/** Newest pages that a first look reads at least: runs in flight at the installation are on them. */
const firstLookPages = 2;

/**
 * One look at a repository: its newest runs, and those that are open and stand further down. Undefined when the budget
 * did not suffice for it. @throws HttpError, SecretUnavailableError
 */
export async function lookAt(
  before: Repository,
  place: RunPlace,
  known: readonly OpenState[],
  context: LookContext,
): Promise<Looked | undefined> {
  const { ledger } = context;
  const stream = runsOf(before.id);
  const window = ledger.window(stream);
  const list = await readList(before, place, window, context);
  if (list === 'left out') return undefined;
  if (list === 'no pipelines') return withoutPipelines(before, known, ledger);
  const mayHideOpen = window.isFirst && !list.isWhole;
  const further = await furtherRuns(before, place, { sights: list.sights, mayHideOpen }, context);
  const sights = [...list.sights, ...further];
  const earlier = await overwrittenAttempts(sights, known, { ...place, repository: before.id }, context);
  const told = { ledger, place, stream, window, known: new Map(known.map((state) => [state.id, state])) };
  const ended = [...tellLedger(earlier, told), ...tellLedger(sights, told)];
  if (list.reason === undefined) ledger.readCompletely(stream);
  else ledger.readPartly(stream);
  if (list.reason === 'pages') context.tell('rate-limited', cutShort(before, list.pages));
  const open = openStates(before, sights, known, context);
  return { repository: after(before, list.sights, open, ledger.tickMs), open, ended };
}

function cutShort({ slug }: Repository, pages: number): string {
  return `read ${String(pages)} pages of the runs of ${slug}, which has more that are new; the next look goes on there`;
}

interface ReadList extends Pick<Walked<unknown>, 'pages' | 'reason' | 'isWhole'> {
  readonly sights: readonly Sight[];
}

async function readList(
  { id }: Repository,
  place: RunPlace,
  window: Window,
  { api, ledger, pages, unreadable }: LookContext,
): Promise<ReadList | 'left out' | 'no pipelines'> {
  const leastPages = window.isFirst ? firstLookPages : 1;
  const { workspace } = place;
  const stream = runsOf(id);
  const cut = recallCut(ledger, stream);
  const request = { workspace, repository: id, pages, ledger, untilMs: window.fromMs, leastPages, unreadable, cut };
  try {
    const walked = await listPipelines(api, request);
    rememberCut(ledger, stream, walked.cut);
    if (walked.pages === 0) return 'left out';
    // By uuid: what is new while pages are read moves runs to the next page, where they are seen again.
    const records = new Map(walked.rows.map((record) => [record.uuid, record]));
    const { pages: count, reason, isWhole } = walked;
    return { sights: [...records.values()].map((record) => sightOf(record, place)), pages: count, reason, isWhole };
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
 * mistake, so they are missed like a run that is not found by itself. Then nothing is left of the stream, whose
 * watermark would seem to lag for as long as nobody looks.
 */
function withoutPipelines(before: Repository, known: readonly OpenState[], ledger: Ledger): Looked {
  const stream = runsOf(before.id);
  for (const { id } of ledger.open(stream)) ledger.sawMissing(stream, id);
  const missed = new Set(ledger.open(stream).map(({ id }) => id));
  if (missed.size > 0) {
    const repository = { ...before, lookedMs: ledger.tickMs, toldMs: undefined };
    return { repository, open: known.filter(({ id }) => missed.has(id)), ended: [] };
  }
  ledger.drop(stream.name, 'gone');
  endVerdicts(before, ledger);
  const nothing = { moving: 0, held: 0 };
  return {
    repository: { ...before, lookedMs: ledger.tickMs, toldMs: undefined, pipelines: 'none', open: nothing },
    open: [],
    ended: [],
  };
}

/** The runs that the ledger takes for open now; what was not seen in this look is as it was in the last one. */
function openStates(
  { id: repository }: Repository,
  sights: readonly Sight[],
  known: readonly OpenState[],
  { ledger, stuckAfterMs }: LookContext,
): readonly OpenState[] {
  const stuckAt = stuckTimes(sights, stuckAfterMs);
  const seen = new Map(sights.map((sight) => [sight.id, sight]));
  const before = new Map(known.map((state) => [state.id, state]));
  return ledger.open(runsOf(repository)).flatMap(({ id }): readonly OpenState[] => {
    const sight = seen.get(id);
    const old = before.get(id);
    if (sight === undefined) return old === undefined ? [] : [old];
    if (sight.is === 'finished') return [];
    const state = openState(sight, repository, old?.attempt === sight.attempt ? old : undefined, ledger.tickMs);
    return [{ ...state, stuckMs: stuckAt(state) }];
  });
}

function openState(
  run: OpenRun,
  repository: string,
  same: OpenState | undefined,
  tickMs: number,
): Omit<OpenState, 'stuckMs'> {
  const { id, attempt, number, phase, pipeline, branch, isChild } = run;
  // Somebody has answered: what was waited for them is nobody's delay.
  const isResumed = same !== undefined && isHeld(same) && !isHeld(run);
  const askedMs = Math.max(askedAt(run, same?.askedMs ?? tickMs), isResumed ? tickMs : (same?.askedMs ?? 0));
  const counted = countedAfter(run, same);
  // Steps that were read in another phase say nothing of this one.
  const steps = same?.phase === phase ? { steps: same.steps, stepsMs: same.stepsMs } : {};
  return { repository, id, attempt, number, askedMs, phase, pipeline, branch, ...optional(isChild, counted), ...steps };
}

function optional(isChild: boolean, counted: CountedEarly | undefined): Pick<OpenState, 'isChild' | 'counted'> {
  return { ...(isChild ? { isChild } : {}), ...(counted === undefined ? {} : { counted }) };
}

function isHeld({ phase }: Pick<OpenRun, 'phase'>): boolean {
  return phase === 'paused' || phase === 'halted';
}

/** A re-run tells no time of its own: that of the first run would make it wait, and be stuck, for days. */
function askedAt({ attempt, createdMs }: OpenRun, firstSeenMs: number): number {
  return attempt > 1 ? firstSeenMs : createdMs;
}

function after(before: Repository, sights: readonly Sight[], open: readonly OpenState[], tickMs: number): Repository {
  const lives = sights.map((sight) => (sight.is === 'finished' ? sight.finishedMs : sight.createdMs));
  const newestMs = sights.reduce((latest, { createdMs }) => Math.max(latest, createdMs), 0);
  // The pipeline that a push was to start has come.
  const isServed = newestMs > before.hotUntilMs - hotMs;
  return {
    ...before,
    lookedMs: tickMs,
    toldMs: undefined,
    ranMs: lives.reduce((latest, ms) => Math.max(latest, ms), before.ranMs),
    hotUntilMs: isServed ? 0 : before.hotUntilMs,
    number: sights.reduce((highest, { number }) => Math.max(highest, number), before.number),
    // Some clients get an empty list where others get 404.
    pipelines: before.number === 0 && sights.length === 0 ? 'empty' : 'some',
    open: openCounts(open),
  };
}
