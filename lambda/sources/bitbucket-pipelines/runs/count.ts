/** Tells the ledger what a look saw of runs, each end once. */
import type { Ledger, Stream, Window } from '../../../counters/ledger.ts';
import { runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import { countCharged, isHeld, isHeldTooLong, letGo, markPaused, withoutCounted } from './held-runs.ts';
import type { OpenState } from '../visits/remembered.ts';
import { scopeOf } from './repository.ts';
import { type FinishedRun, type OpenRun, type RunPlace, type Sight, unknownState } from './finish.ts';

export interface Told {
  readonly ledger: Ledger;
  readonly place: RunPlace;
  readonly stream: Stream;
  readonly window: Window;
  /** What was known of open runs before, by their id. */
  readonly known: ReadonlyMap<string, OpenState>;
}

/** Tells the ledger what was seen of runs, each once. @returns the runs whose end is news. */
export function tellLedger(sights: readonly Sight[], told: Told): readonly FinishedRun[] {
  const open = new Set(told.ledger.open(told.stream).map(({ id }) => id));
  return sights.flatMap((sight) => {
    if (sight.is === 'finished') return toldFinished(sight, open.has(sight.id), told) ? [sight] : [];
    toldOpen(sight, open.has(sight.id), told);
    return [];
  });
}

/** How long a success before the installation is worth telling; older ones would be series of dead pipelines. */
const historyMs = 30 * 24 * 60 * 60_000;

function toldFinished(run: FinishedRun, wasOpen: boolean, { ledger, stream, window, known }: Told): boolean {
  const { finishedMs, createdMs, id, attempt, finish } = run;
  const fromMs = window.isFirst ? window.fromMs - historyMs : window.fromMs;
  // What is older was counted, or is history; a page shows it by chance.
  if (!wasOpen && finishedMs < fromMs && createdMs < fromMs) return false;
  const isNews = !ledger.isCounted(stream, finish.key) && (wasOpen || finishedMs >= window.newsFromMs);
  ledger.sawFinished(stream, id, withoutCounted(finish, sameAttempt(known.get(id), attempt), ledger));
  return isNews;
}

function sameAttempt(known: OpenState | undefined, attempt: number): OpenState | undefined {
  return known?.attempt === attempt ? known : undefined;
}

function toldOpen(run: OpenRun, wasOpen: boolean, told: Told): void {
  const { ledger, place, stream } = told;
  const known = sameAttempt(told.known.get(run.id), run.attempt);
  if (isHeldTooLong(run, known, ledger)) {
    if (wasOpen) letGo(run, told);
    return;
  }
  if (!run.isKnown && !wasOpen) {
    const { labels, increase } = unknownState(place.source, 'pipeline');
    ledger.count(systemErrors, labels, increase);
  }
  ledger.sawOpen(stream, run.id, isHeld(run) ? 'held' : 'moving');
  if (isHeld(run)) {
    countCharged(run, known, told);
    markPaused(run, known, told);
  }
  declare(run, place, ledger);
}

/** Before its end, so that `increase()` sees the first success and the first failure of a pipeline. */
function declare({ pipeline, branch, attempt }: OpenRun, place: RunPlace, ledger: Ledger): void {
  const labels = { system: 'bitbucket', source: place.source, scope: scopeOf(place), pipeline, branch };
  for (const result of ['success', 'failure'] as const)
    ledger.declare(runsFinished, { ...labels, result, attempt: attempt > 1 ? 'retry' : 'first' });
}
