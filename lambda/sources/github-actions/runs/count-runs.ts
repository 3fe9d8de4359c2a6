/** Counts what was seen of runs: open ones are noted, and each end of an attempt is counted once. */
import type { Ledger, Stream, Window } from '../../../counters/ledger.ts';
import { runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import {
  buildRunKey,
  buildUnknownStateCount,
  type FinishedRun,
  labelAttempt,
  type OpenRun,
  type RunSighting,
} from './interpret-run.ts';
import { type RepositoryIdentity, scopeOf } from './repository.ts';
import { dayMs } from '../../../model/time.ts';

export interface CountContext {
  readonly ledger: Ledger;
  readonly identity: RepositoryIdentity;
  readonly stream: Stream;
  readonly window: Window;
}

/** Tells the ledger what was seen, each once. @returns the runs whose end is news. */
export function countSightings(sights: readonly RunSighting[], context: CountContext): readonly FinishedRun[] {
  const { ledger, stream } = context;
  const open = new Set(ledger.recallOpen(stream).map(({ id }) => id));
  return sights.flatMap((sight) => {
    const wasOpen = open.has(buildRunKey(sight));
    if (sight.is === 'finished') return countFinished(sight, wasOpen, context) ? [sight] : [];
    noteOpen(sight, wasOpen, context);
    return [];
  });
}

/** How long a success before the installation is worth telling; older ones would be series of dead workflows. */
const historyMs = 30 * dayMs;

/**
 * Whether nothing that begins then can be news: what had begun before the last whole reading was seen in it, and is open
 * or counted since. Without this an old run counts again when it is touched, because `updated_at` moves.
 */
export function isOld(startedMs: number, { isFirst, fromMs }: Window): boolean {
  return startedMs < (isFirst ? fromMs - historyMs : fromMs);
}

function countFinished(run: FinishedRun, wasOpen: boolean, { ledger, stream, window }: CountContext): boolean {
  if (!wasOpen && isOld(run.startedMs, window)) return false;
  const isNews = !ledger.isCounted(stream, run.finish.key) && (wasOpen || run.finishedMs >= window.newsFromMs);
  ledger.countFinish(stream, run.finish.key, run.finish);
  // An event may have opened it in this tick; an attempt that has ended stays ended.
  ledger.forget(stream, run.finish.key);
  return isNews;
}

/** GitHub lets a run wait for its approval for 30 days (GitHub docs, "Actions limits"); most are never approved. */
const approvalMs = 30 * dayMs;

function noteOpen(run: OpenRun, wasOpen: boolean, { ledger, identity, stream, window }: CountContext): void {
  const key = buildRunKey(run);
  // An event that comes late, or a list that lags.
  if (ledger.isCounted(stream, key)) return;
  if (run.isUnapproved && ledger.now() - run.startedMs > approvalMs) {
    if (wasOpen) ledger.forget(stream, key);
    return;
  }
  // One that began long ago and is not known was let go, or has come to its end since this was told.
  if (!wasOpen && !window.isFirst && isOld(run.startedMs, window)) return;
  if (!run.isKnown && !wasOpen) {
    const { labels, increase } = buildUnknownStateCount(identity.source, 'run');
    ledger.count(systemErrors, labels, increase);
  }
  ledger.noteOpen(stream, key);
  declareRun(run, identity, ledger);
}

/** Before its end, so that `increase()` sees the first success and the first failure of a workflow. */
function declareRun({ pipeline, branch, attempt }: OpenRun, identity: RepositoryIdentity, ledger: Ledger): void {
  const labels = { system: 'github', source: identity.source, scope: scopeOf(identity), pipeline, branch };
  for (const result of ['success', 'failure'] as const)
    ledger.declare(runsFinished, { ...labels, result, attempt: labelAttempt(attempt) });
}
