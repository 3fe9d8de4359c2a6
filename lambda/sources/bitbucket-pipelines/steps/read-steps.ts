/** Reads the steps of finished and held runs, and keeps the list of runs whose steps are still to be read. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import { type ApiContext, readAnswer, joinFields, buildRepositoryPath } from '../api/client.ts';
import { stepsLeftOut } from '../../../model/catalogue/crawl-metrics.ts';
import { recallReleaseMs } from '../runs/held-runs.ts';
import type { OpenState } from '../runs/open-state.ts';
import type { FollowedRepository, FinishedRun } from '../runs/finish.ts';
import { results } from '../../../model/catalogue/results.ts';
import { parseElements, Page, StepRecord } from '../api/schema.ts';
import { type CountedSteps, type Ended, finishHeldSteps, finishSteps } from './finish-steps.ts';
import { stepListStream, stepsForMs } from '../runs/streams.ts';

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
  readonly countUnreadable: (count: number) => void;
}

/** A pipeline has at most 100 steps (Bitbucket's limits), so one page holds them all. @throws HttpError, BudgetSpentError */
export async function readSteps(
  workspace: string,
  { repository, id }: { readonly repository: string; readonly id: string },
  { api, countUnreadable }: StepsContext,
): Promise<readonly StepRecord[]> {
  const path = `${buildRepositoryPath(workspace, repository)}/pipelines/${encodeURIComponent(id)}/steps`;
  const answer = await readAnswer(api, { path, parameters: { pagelen: '100', fields: joinFields(members) } }, Page);
  const { items, unreadable: count } = parseElements(answer === 'unchanged' ? [] : answer.value.values, StepRecord);
  countUnreadable(count);
  return items;
}

/** A finished run whose steps are still to be read; the ledger keeps it until they were. */
export interface PendingSteps extends Ended {
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
    const untilMs = recallReleaseMs(ledger, id, attempt);
    if (before.length > 0 || untilMs !== undefined) note.push(before);
    if (untilMs !== undefined) note.push(untilMs);
    ledger.noteOpen(stepListStream, `${id}#${String(attempt)}`, JSON.stringify(note));
  }
}

/** What is to be read, oldest first; what has waited for a day is left out, and counted. */
export function selectPendingSteps(ledger: Ledger, source: string): readonly PendingSteps[] {
  const labels = { system: 'bitbucket', source };
  ledger.declare(stepsLeftOut, labels);
  return ledger.recallOpen(stepListStream).flatMap(({ id, note, firstSeenMs }): readonly PendingSteps[] => {
    const pending = ledger.now() - firstSeenMs > stepsForMs ? undefined : parseNote(id, note);
    if (pending !== undefined) return [pending];
    ledger.forget(stepListStream, id);
    ledger.count(stepsLeftOut, labels, 1);
    return [];
  });
}

const Results = z.enum(results);

function parseNote(key: string, note: string | undefined): PendingSteps | undefined {
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
export async function countSteps(
  pending: PendingSteps,
  identity: FollowedRepository,
  ledger: Ledger,
  context: StepsContext,
): Promise<void> {
  const key = `${pending.id}#${String(pending.attempt)}`;
  try {
    const steps = await readSteps(identity.workspace, pending, context);
    ledger.countFinish(stepListStream, key, finishSteps(pending, steps, identity, pending.counted));
    // It may have been put on the list in this tick, and would stay there for another visit.
    ledger.forget(stepListStream, key);
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
    // Deleted with its run, so what it did stays unknown.
    ledger.forget(stepListStream, key);
    ledger.count(stepsLeftOut, { system: 'bitbucket', source: identity.source }, 1);
  }
}

/**
 * Reads the steps of a run that waits for a person and counts those that have ended; its end may be weeks away.
 * @throws HttpError, BudgetSpentError
 */
export async function countHeldSteps(
  run: OpenState,
  identity: FollowedRepository,
  ledger: Ledger,
  context: StepsContext,
): Promise<OpenState> {
  const before = run.counted ?? { charged: 0, steps: [], isRead: false };
  const records = await readSteps(identity.workspace, run, context);
  const branch = run.branch ?? 'other';
  const soFar = { ...run, branch, createdMs: run.askedMs, finishedMs: ledger.now(), result: 'success' as const };
  const { finish, counted } = finishHeldSteps(soFar, records, identity, before.steps);
  // On the list for this moment only, so that its steps count however long ago they ended.
  ledger.noteOpen(stepListStream, finish.key);
  ledger.countFinish(stepListStream, finish.key, finish);
  ledger.forget(stepListStream, finish.key);
  return { ...run, counted: { ...before, steps: [...counted], isRead: true } };
}
