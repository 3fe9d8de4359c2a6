/** Counts what a visit saw of runs: open ones are noted, and each end is counted once. */
import type { Ledger, Stream, Window } from '../../../counters/ledger.ts';
import { runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import { countCharged, isHeldTooLong, releaseRun, markPaused, subtractCounted } from './held-runs.ts';
import type { OpenState } from './open-state.ts';
import { isHeld } from './states.ts';
import { scopeOf } from './repository.ts';
import {
  type FinishedRun,
  type OpenRun,
  type FollowedRepository,
  type RunSighting,
  buildUnknownStateCount,
} from './finish.ts';
import { dayMs } from '../../../model/time.ts';

export interface CountContext {
  readonly ledger: Ledger;
  readonly identity: FollowedRepository;
  readonly stream: Stream;
  readonly window: Window;
  /** What was known of open runs before, by their id. */
  readonly known: ReadonlyMap<string, OpenState>;
}

/** Tells the ledger what was seen of runs, each once. @returns the runs whose end is news. */
export function countSightings(sights: readonly RunSighting[], context: CountContext): readonly FinishedRun[] {
  const open = new Set(context.ledger.recallOpen(context.stream).map(({ id }) => id));
  return sights.flatMap((sight) => {
    if (sight.is === 'finished') return countFinished(sight, open.has(sight.id), context) ? [sight] : [];
    noteOpen(sight, open.has(sight.id), context);
    return [];
  });
}

/** How long a success before the installation is worth telling; older ones would be series of dead pipelines. */
const historyMs = 30 * dayMs;

function countFinished(run: FinishedRun, wasOpen: boolean, { ledger, stream, window, known }: CountContext): boolean {
  const { finishedMs, createdMs, id, attempt, finish } = run;
  const fromMs = window.isFirst ? window.fromMs - historyMs : window.fromMs;
  // What is older was counted, or is history; a page shows it by chance.
  if (!wasOpen && finishedMs < fromMs && createdMs < fromMs) return false;
  const isNews = !ledger.isCounted(stream, finish.key) && (wasOpen || finishedMs >= window.newsFromMs);
  ledger.countFinish(stream, id, subtractCounted(finish, matchAttempt(known.get(id), attempt), ledger));
  return isNews;
}

function matchAttempt(known: OpenState | undefined, attempt: number): OpenState | undefined {
  return known?.attempt === attempt ? known : undefined;
}

function noteOpen(run: OpenRun, wasOpen: boolean, context: CountContext): void {
  const { ledger, identity, stream } = context;
  const known = matchAttempt(context.known.get(run.id), run.attempt);
  if (isHeldTooLong(run, known, ledger)) {
    if (wasOpen) releaseRun(run, context);
    return;
  }
  if (!run.isKnown && !wasOpen) {
    const { labels, increase } = buildUnknownStateCount(identity.source, 'pipeline');
    ledger.count(systemErrors, labels, increase);
  }
  ledger.noteOpen(stream, run.id, isHeld(run) ? 'held' : 'moving');
  if (isHeld(run)) {
    countCharged(run, known, context);
    markPaused(run, known, context);
  }
  declareRun(run, identity, ledger);
}

/** Before its end, so that `increase()` sees the first success and the first failure of a pipeline. */
function declareRun({ pipeline, branch, attempt }: OpenRun, identity: FollowedRepository, ledger: Ledger): void {
  const labels = { system: 'bitbucket', source: identity.source, scope: scopeOf(identity), pipeline, branch };
  for (const result of ['success', 'failure'] as const)
    ledger.declare(runsFinished, { ...labels, result, attempt: attempt > 1 ? 'retry' : 'first' });
}
