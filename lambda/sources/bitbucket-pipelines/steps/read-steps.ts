import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import { type ApiContext, ask, fieldsOf, repositoryPath } from '../api/client.ts';
import { stepsLeftOut } from '../metrics.ts';
import { letGoAt } from '../runs/held-runs.ts';
import type { OpenState } from '../visits/remembered.ts';
import type { RunPlace, FinishedRun } from '../runs/finish.ts';
import { elementsOf, Page, StepRecord } from '../api/schema.ts';
import { type CountedSteps, type Ended, heldStepsFinish, stepsFinish } from './finish-steps.ts';
import { stepLists, stepsForMs } from '../runs/streams.ts';

const members = [
  'uuid',
  'name',
  'run_number',
  'trigger.name',
  'trigger.type',
  'state.name',
  'state.type',
  'state.stage.name',
  'state.stage.type',
  'state.result.name',
  'state.result.type',
  'started_on',
  'completed_on',
  'duration_in_seconds',
  // Not documented; where a step tells what it runs on, it is taken.
  'runner.labels',
  'size',
] as const;

export interface StepsContext {
  readonly api: ApiContext;
  readonly unreadable: (count: number) => void;
}

/** A pipeline has at most 100 steps (Bitbucket's limits), so one page holds them all. @throws HttpError, BudgetSpentError */
export async function readSteps(
  workspace: string,
  { repository, id }: { readonly repository: string; readonly id: string },
  { api, unreadable }: StepsContext,
): Promise<readonly StepRecord[]> {
  const path = `${repositoryPath(workspace, repository)}/pipelines/${encodeURIComponent(id)}/steps`;
  const answer = await ask(api, { path, parameters: { pagelen: '100', fields: fieldsOf(members) } }, Page);
  const { items, unreadable: count } = elementsOf(answer === 'unchanged' ? [] : answer.value.values, StepRecord);
  unreadable(count);
  return items;
}

/** A finished run whose steps are still to be read; the ledger keeps it until they were. */
export interface ToDo extends Ended {
  readonly repository: string;
  /** Steps that were counted before the end of the run. */
  readonly counted: CountedSteps;
}

const Note = z.tuple([
  z.string(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.string(),
  z.string(),
  // Absent for most: steps that were counted before, and until when all were.
  z.array(z.string()).optional(),
  z.number().optional(),
]);

/** Puts finished runs on the list. */
export function addStepLists(
  ledger: Ledger,
  repository: string,
  ended: readonly FinishedRun[],
  known: readonly OpenState[],
): void {
  for (const { id, number, attempt, createdMs, finishedMs, pipeline, result } of ended) {
    const before = known.find((state) => state.id === id && state.attempt === attempt)?.counted?.steps ?? [];
    const note: z.infer<typeof Note> = [repository, number, attempt, createdMs, finishedMs, pipeline, result];
    const untilMs = letGoAt(ledger, id, attempt);
    if (before.length > 0 || untilMs !== undefined) note.push(before);
    if (untilMs !== undefined) note.push(untilMs);
    ledger.sawOpen(stepLists, `${id}#${String(attempt)}`, JSON.stringify(note));
  }
}

/** What is to be read, oldest first; what has waited for a day is left out, and counted. */
export function stepListsToDo(ledger: Ledger, source: string): readonly ToDo[] {
  const labels = { system: 'bitbucket', source };
  ledger.declare(stepsLeftOut, labels);
  return ledger.open(stepLists).flatMap(({ id, note, firstSeenMs }): readonly ToDo[] => {
    const todo = ledger.now() - firstSeenMs > stepsForMs ? undefined : toDoOf(id, note);
    if (todo !== undefined) return [todo];
    ledger.forget(stepLists, id);
    ledger.count(stepsLeftOut, labels, 1);
    return [];
  });
}

const Results = z.enum(['success', 'failure', 'error', 'timeout', 'cancellation', 'skip', 'other']);

function toDoOf(key: string, note: string | undefined): ToDo | undefined {
  const { data } = Note.safeParse(parseJsonText(note ?? 'null'));
  if (data === undefined) return undefined;
  const [repository, number, attempt, createdMs, finishedMs, pipeline, result, steps = [], untilMs] = data;
  const id = key.slice(0, key.lastIndexOf('#'));
  return {
    repository,
    id,
    number,
    attempt,
    createdMs,
    finishedMs,
    pipeline,
    result: Results.catch('other').parse(result),
    counted: { steps, untilMs },
  };
}

/** Reads the steps of one finished run and counts them. @throws HttpError, BudgetSpentError */
export async function countSteps(todo: ToDo, place: RunPlace, ledger: Ledger, context: StepsContext): Promise<void> {
  const key = `${todo.id}#${String(todo.attempt)}`;
  try {
    const steps = await readSteps(place.workspace, todo, context);
    ledger.sawFinished(stepLists, key, stepsFinish(todo, steps, place, todo.counted));
    // It may have been put on the list in this tick, and would stay there for another look.
    ledger.forget(stepLists, key);
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
    // Deleted with its run: nobody will ever know.
    ledger.forget(stepLists, key);
    ledger.count(stepsLeftOut, { system: 'bitbucket', source: place.source }, 1);
  }
}

/**
 * Reads the steps of a run that waits for a person and counts those that have ended; nobody knows when it will end.
 * @throws HttpError, BudgetSpentError
 */
export async function countHeldSteps(
  run: OpenState,
  place: RunPlace,
  ledger: Ledger,
  context: StepsContext,
): Promise<OpenState> {
  const before = run.counted ?? { charged: 0, steps: [], isRead: false };
  const records = await readSteps(place.workspace, run, context);
  const branch = run.branch ?? 'other';
  const soFar = { ...run, branch, createdMs: run.askedMs, finishedMs: ledger.now(), result: 'success' as const };
  const { finish, counted } = heldStepsFinish(soFar, records, place, before.steps);
  // On the list for this moment only, so that its steps count however long ago they ended.
  ledger.sawOpen(stepLists, finish.key);
  ledger.sawFinished(stepLists, finish.key, finish);
  ledger.forget(stepLists, finish.key);
  return { ...run, counted: { ...before, steps: [...counted], isRead: true } };
}
