import type { Ledger, Stream, Window } from '../../counters/ledger.ts';
import { runsFinished, systemErrors } from '../../model/run-metrics.ts';
import { scopeOf } from './place.ts';
import { type FinishedRun, type OpenRun, type RunPlace, type Sight, unknownState } from './run-record.ts';
import { heldForMs, overlapMs } from './streams.ts';

export interface Told {
  readonly ledger: Ledger;
  readonly place: RunPlace;
  readonly stream: Stream;
  readonly window: Window;
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

function toldFinished(run: FinishedRun, wasOpen: boolean, { ledger, stream, window }: Told): boolean {
  const { finishedMs, createdMs, id, finish } = run;
  const fromMs = window.isFirst ? window.fromMs - historyMs : window.fromMs;
  // What is older was counted, or is history; a page shows it by chance.
  if (!wasOpen && finishedMs < fromMs && createdMs < fromMs) return false;
  const isNews = !ledger.isCounted(stream, finish.key) && (wasOpen || finishedMs >= newsFrom(window, ledger));
  ledger.sawFinished(stream, id, finish);
  return isNews;
}

/** The first window reaches back for runs in flight; what ended before the stream began is no news. */
function newsFrom({ fromMs, isFirst }: Window, { epochMs }: Ledger): number {
  return isFirst ? Math.max(epochMs, fromMs + overlapMs) : fromMs;
}

function toldOpen(run: OpenRun, wasOpen: boolean, { ledger, place, stream }: Told): void {
  const { id, phase, isKnown, createdMs } = run;
  const isHeld = phase === 'paused' || phase === 'halted';
  if (isHeld && ledger.tickMs - createdMs > heldForMs) {
    ledger.forget(stream, id);
    return;
  }
  if (!isKnown && !wasOpen) {
    const { labels, increase } = unknownState(place.source, 'pipeline');
    ledger.count(systemErrors, labels, increase);
  }
  ledger.sawOpen(stream, id, isHeld ? 'held' : 'moving');
  declare(run, place, ledger);
}

/** Before its end, so that `increase()` sees the first success and the first failure of a pipeline. */
function declare({ pipeline, branch, attempt }: OpenRun, place: RunPlace, ledger: Ledger): void {
  const labels = { system: 'bitbucket', source: place.source, scope: scopeOf(place), pipeline, branch };
  for (const result of ['success', 'failure'] as const)
    ledger.declare(runsFinished, { ...labels, result, attempt: attempt > 1 ? 'retry' : 'first' });
}
