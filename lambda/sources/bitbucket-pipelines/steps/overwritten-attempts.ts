/** Finds the ends that no visit saw: the run was run again before, and its record shows the latest attempt only. */
import type { Ledger, Window } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { findGreatest } from '../../../model/lists/extremes.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import type { OpenState } from '../runs/open-state.ts';
import { readSteps, type StepsContext } from './read-steps.ts';
import {
  finishEarlierAttempt,
  type FinishedRun,
  buildFinishKey,
  type FollowedRepository,
  type RunSighting,
} from '../runs/finish.ts';
import type { StepRecord } from '../api/schema.ts';
import { interpretStepState } from '../runs/states.ts';
import { overlapMs, buildRunStream } from '../runs/streams.ts';

export interface AttemptsContext extends StepsContext {
  readonly ledger: Ledger;
}

/** Of a visit: a request each. */
const mostPerVisit = 3;

/** The ends of earlier attempts that are news; those whose steps tell nothing have the result `other`. */
export async function findOverwrittenAttempts(
  sights: readonly RunSighting[],
  known: readonly OpenState[],
  identity: FollowedRepository & { readonly repository: string },
  context: AttemptsContext,
): Promise<readonly FinishedRun[]> {
  const { ledger } = context;
  const stream = buildRunStream(identity.repository);
  const window = ledger.openWindow(stream);
  const seenOpen = new Map(known.map(({ id, attempt }) => [id, attempt]));
  const missed = sights.flatMap((sight) =>
    enumerateAttempts(sight, seenOpen.get(sight.id), window)
      .filter((attempt) => !ledger.isCounted(stream, buildFinishKey(sight.id, attempt)))
      .map((attempt) => ({ sight, attempt })),
  );
  const ends: FinishedRun[] = [];
  for (const [index, { sight, attempt }] of missed.entries()) {
    const steps = index < mostPerVisit ? await readStepsOfAttempt(sight, attempt, identity, context) : [];
    const end = deriveEnd(steps);
    const finishedMs = end.finishedMs ?? ledger.now();
    ends.push(
      finishEarlierAttempt(sight, { attempt, result: end.result, finishedMs, hasSteps: steps.length > 0 }, identity),
    );
  }
  return ends;
}

/** Attempts that cannot have been counted: since it was seen open, or since it was created after the last visit. */
function enumerateAttempts(
  { attempt, createdMs }: RunSighting,
  seenOpen: number | undefined,
  window: Window,
): readonly number[] {
  // Since the last complete visit, and so since counting began: what was created before may have ended before.
  const isNew = !window.isFirst && createdMs >= window.fromMs + overlapMs;
  const first = seenOpen ?? (isNew ? 1 : attempt);
  return Array.from({ length: Math.max(0, attempt - first) }, (_, index) => first + index);
}

async function readStepsOfAttempt(
  { id }: RunSighting,
  attempt: number,
  { workspace, repository, steps }: FollowedRepository & { readonly repository: string },
  context: StepsContext,
): Promise<readonly StepRecord[]> {
  if (steps === 'leave') return [];
  try {
    const records = await readSteps(workspace, { repository, id }, context);
    return records.filter(({ run_number }) => run_number === attempt);
  } catch (error) {
    // That the attempt ended is known all the same.
    if (error instanceof BudgetSpentError || (error instanceof HttpStatusError && error.status === 404)) return [];
    throw error;
  }
}

/** The worst that a step of it came to; a run that is run again has usually failed. */
const worstFirst: readonly Result[] = ['error', 'failure', 'timeout', 'cancellation', 'success'];

function deriveEnd(steps: readonly StepRecord[]): { readonly result: Result; readonly finishedMs: number | undefined } {
  const results = steps.flatMap(({ state }) => {
    const standing = interpretStepState(state);
    return standing.is === 'ended' ? [standing.result] : [];
  });
  const result = worstFirst.find((one) => results.includes(one)) ?? 'other';
  return { result, finishedMs: findGreatest(steps.flatMap(({ completed_on }) => completed_on ?? [])) };
}
