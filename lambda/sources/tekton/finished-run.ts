import { least } from '../../model/extremes.ts';
import { isExact, middleOf, type Span } from './age.ts';
import type { FinishedRun } from './finishes.ts';
import { describedBy, type RunRow } from './rows.ts';
import type { RunObject, Step } from './schema.ts';
import { type RunKind, statusOf } from './state.ts';

/** A finished run by its row alone: to the second when it started less than ten minutes ago, coarser after that. */
export function finishedByRow(
  kind: RunKind,
  row: RunRow,
  { startedMs: noted, fallbackMs }: { readonly startedMs: number | undefined; readonly fallbackMs: number },
): FinishedRun | undefined {
  const status = statusOf(row.condition);
  if (!('result' in status)) return undefined;
  const { started, completed } = row;
  const completedMs = completed === undefined ? Math.max(fallbackMs, row.createdMs) : momentIn(completed);
  const startedMs = noted ?? (started === undefined ? undefined : momentIn(started));
  return {
    kind,
    uid: row.uid,
    described: row,
    result: status.result,
    reason: status.reason,
    createdMs: row.createdMs,
    completedMs,
    // A cell is cut to its second, so that a difference can come out one second below its truth.
    startedMs: startedMs === undefined ? undefined : Math.min(Math.max(startedMs, row.createdMs), completedMs),
    isStartExact: noted !== undefined || (started !== undefined && isExact(started)),
    failedSteps: [],
  };
}

/** A cell is cut, so its end is nearest to a moment that it tells to the second. */
function momentIn(span: Span): number {
  return isExact(span) ? span.toMs : middleOf(span);
}

/** A finished run by its whole object; undefined when it has no end, or is one that took the name of another. */
export function finishedByObject(kind: RunKind, object: RunObject, uid: string): FinishedRun | undefined {
  const { metadata, status } = object;
  const end = endOf(object);
  if (metadata.uid !== uid || end === undefined) return undefined;
  return {
    kind,
    uid,
    described: describedBy(metadata),
    createdMs: metadata.creationTimestamp,
    startedMs: status?.startTime,
    isStartExact: true,
    ...end,
    ...stepsOf(status),
  };
}

function endOf({ spec, status }: RunObject): Pick<FinishedRun, 'result' | 'reason' | 'completedMs'> | undefined {
  const condition = status?.conditions.find(({ type }) => type === 'Succeeded');
  const outcome = statusOf({ ...condition, statusMessage: spec?.statusMessage });
  const completedMs = status?.completionTime ?? condition?.lastTransitionTime;
  if (!('result' in outcome) || completedMs === undefined) return undefined;
  return { result: outcome.result, reason: outcome.reason, completedMs };
}

/** A retry replaces the steps and the start; the wait ended with the first step of the first attempt. */
function stepsOf(status: RunObject['status']): Pick<FinishedRun, 'firstStepMs' | 'firstAttemptMs' | 'failedSteps'> {
  const steps = status?.steps ?? [];
  const first = status?.retriesStatus[0] ?? status;
  return {
    firstStepMs: firstStep(first?.steps ?? []),
    firstAttemptMs: first?.startTime,
    failedSteps: steps.filter(hasFailed).map(({ name }) => name),
  };
}

function firstStep(steps: readonly Step[]): number | undefined {
  const starts = steps
    .map(({ terminated, running }) => terminated?.startedAt ?? running?.startedAt)
    .filter((startedAt) => startedAt !== undefined);
  return least(starts);
}

/** Steps that end with another code because an earlier one failed, or although it does not matter. */
const notItsFault: ReadonlySet<string> = new Set(['Skipped', 'Continued', 'Cancelled']);

function hasFailed({ terminated, terminationReason = '' }: Step): boolean {
  const { exitCode } = terminated ?? {};
  return exitCode !== undefined && exitCode !== 0 && !notItsFault.has(terminationReason);
}
