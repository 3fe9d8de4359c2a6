/** Finds attempts that the list of a visit does not show: open ones further down, and those that a re-run has hidden. */
import type { Ledger, Window } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import { buildRepositoryPath } from '../api/addresses.ts';
import { type ApiContext, readAnswer } from '../api/client.ts';
import { RunRecord } from '../api/schema.ts';
import { isOld } from './count-runs.ts';
import { buildRunKey, interpretRun, type RunSighting } from './interpret-run.ts';
import { isZombie, type OpenRunState } from './open-run.ts';
import type { RepositoryIdentity } from './repository.ts';
import { buildRunStream } from './streams.ts';
import { dayMs } from '../../../model/time.ts';

export interface FurtherContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly identity: RepositoryIdentity;
  /** The repository's id. */
  readonly repository: string;
}

/** Requests that one visit spends on each kind; the others take their turn. */
const mostPerVisit = 10;

/** A run that GitHub has forgotten is looked at once a day: somebody may delete it. */
const zombieEveryMs = dayMs;

/** Attempts that are known to be open and stand on no page that was read. @throws HttpError */
export async function findMissingRuns(
  sights: readonly RunSighting[],
  known: readonly OpenRunState[],
  context: FurtherContext,
): Promise<readonly RunSighting[]> {
  const { ledger, repository } = context;
  const stream = buildRunStream(repository);
  const seen = new Set(sights.map(buildRunKey));
  const states = new Map(known.map((state) => [buildRunKey(state), state]));
  const missing = ledger.recallOpen(stream).filter(({ id, lastCheckedMs }) => {
    if (seen.has(id)) return false;
    const state = states.get(id);
    const isForgotten = state !== undefined && isZombie(state, ledger.tickMs);
    return !isForgotten || ledger.tickMs - lastCheckedMs >= zombieEveryMs;
  });
  const found: RunSighting[] = [];
  for (const { id: key } of missing.slice(0, mostPerVisit)) {
    const sight = await readAttempt(key, context);
    if (sight === 'spent') break;
    if (sight === 'gone') ledger.noteMissing(stream, key);
    else found.push(sight);
  }
  return found;
}

/**
 * Earlier attempts of what was seen that cannot have been counted: a run that ended and was run again between two visits
 * shows its latest attempt only. @throws HttpError
 */
export async function findHiddenAttempts(
  sights: readonly RunSighting[],
  window: Window,
  context: FurtherContext,
): Promise<readonly RunSighting[]> {
  const { ledger, repository } = context;
  const stream = buildRunStream(repository);
  const open = new Set(ledger.recallOpen(stream).map(({ id }) => id));
  const isNew = (sight: RunSighting): boolean =>
    !open.has(buildRunKey(sight)) && !ledger.isCounted(stream, buildRunKey(sight)) && !isOld(sight.startedMs, window);
  const found: RunSighting[] = [];
  // Before counting began there is nothing to find.
  const reruns = window.isFirst ? [] : sights.filter((sight) => sight.attempt > 1 && isNew(sight));
  for (const { id, attempt } of reruns.slice(0, mostPerVisit)) {
    for (let earlier = attempt - 1; earlier >= 1; earlier -= 1) {
      const key = buildRunKey({ id, attempt: earlier });
      // Those that are open are asked for by themselves.
      if (open.has(key) || ledger.isCounted(stream, key)) break;
      const sight = await readAttempt(key, context);
      if (sight === 'spent') return found;
      if (sight === 'gone' || isOld(sight.startedMs, window)) break;
      found.push(sight);
    }
  }
  return found;
}

async function readAttempt(key: string, { api, identity }: FurtherContext): Promise<RunSighting | 'gone' | 'spent'> {
  const [id = '', attempt = ''] = key.split('#');
  const path = `${buildRepositoryPath(identity.fullName)}/actions/runs/${encodeURIComponent(id)}/attempts/${encodeURIComponent(attempt)}`;
  try {
    const answer = await readAnswer(api, { path, parameters: { exclude_pull_requests: 'true' } }, RunRecord);
    return answer === 'unchanged' ? 'gone' : interpretRun(answer.value, identity);
  } catch (error) {
    if (error instanceof BudgetSpentError) return 'spent';
    if (error instanceof HttpStatusError && error.status === 404) return 'gone';
    throw error;
  }
}
