/** Finds the ends that nobody saw, because their run was run again before the next look and tells its latest attempt only. */
import type { Ledger, Window } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { greatest } from '../../../model/lists/extremes.ts';
import type { Result } from '../../../model/catalogue/run-metrics.ts';
import { BudgetSpentError } from '../api/client.ts';
import type { OpenState } from '../visits/remembered.ts';
import { readSteps, type StepsContext } from './read-steps.ts';
import { earlierAttempt, type FinishedRun, finishKey, type RunPlace, type Sight } from '../runs/finish.ts';
import type { StepRecord } from '../api/schema.ts';
import { stepStanding } from '../runs/states.ts';
import { overlapMs, runsOf } from '../runs/streams.ts';

export interface AttemptsContext extends StepsContext {
  readonly ledger: Ledger;
}

/** Of a look: a request each. */
const mostPerLook = 3;

/** The ends of earlier attempts that are news; those whose steps tell nothing have the result `other`. */
export async function overwrittenAttempts(
  sights: readonly Sight[],
  known: readonly OpenState[],
  place: RunPlace & { readonly repository: string },
  context: AttemptsContext,
): Promise<readonly FinishedRun[]> {
  const { ledger } = context;
  const stream = runsOf(place.repository);
  const window = ledger.window(stream);
  const seenOpen = new Map(known.map(({ id, attempt }) => [id, attempt]));
  const missed = sights.flatMap((sight) =>
    attemptsBefore(sight, seenOpen.get(sight.id), window)
      .filter((attempt) => !ledger.isCounted(stream, finishKey(sight.id, attempt)))
      .map((attempt) => ({ sight, attempt })),
  );
  const ends: FinishedRun[] = [];
  for (const [index, { sight, attempt }] of missed.entries()) {
    const steps = index < mostPerLook ? await stepsOf(sight, attempt, place, context) : [];
    const end = endOf(steps);
    const finishedMs = end.finishedMs ?? ledger.now();
    ends.push(earlierAttempt(sight, { attempt, result: end.result, finishedMs, hasSteps: steps.length > 0 }, place));
  }
  return ends;
}

/** Attempts that cannot have been counted: since it was seen open, or since it was created after the last look. */
function attemptsBefore(
  { attempt, createdMs }: Sight,
  seenOpen: number | undefined,
  window: Window,
): readonly number[] {
  // Since the last complete look, and so since counting began: what was created before may have ended before.
  const isNew = !window.isFirst && createdMs >= window.fromMs + overlapMs;
  const first = seenOpen ?? (isNew ? 1 : attempt);
  return Array.from({ length: Math.max(0, attempt - first) }, (_, index) => first + index);
}

async function stepsOf(
  { id }: Sight,
  attempt: number,
  { workspace, repository, steps }: RunPlace & { readonly repository: string },
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

function endOf(steps: readonly StepRecord[]): { readonly result: Result; readonly finishedMs: number | undefined } {
  const results = steps.flatMap(({ state }) => {
    const standing = stepStanding(state);
    return standing.is === 'ended' ? [standing.result] : [];
  });
  const result = worstFirst.find((one) => results.includes(one)) ?? 'other';
  return { result, finishedMs: greatest(steps.flatMap(({ completed_on }) => completed_on ?? [])) };
}
