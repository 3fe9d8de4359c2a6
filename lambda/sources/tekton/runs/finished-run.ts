/** A run that has ended, out of its row or its object. */
import { least } from '../../../model/lists/extremes.ts';
import { isExact, middleOf, type Span } from '../cluster/age.ts';
import type { FinishedRun } from './finish.ts';
import { stepsWithoutFault } from '../cluster/reasons.ts';
import { describedBy, type RunRow } from '../cluster/table-rows.ts';
import type { RunObject, Step } from '../cluster/schema.ts';
import { type RunKind, statusOf } from '../cluster/state.ts';

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
    ...stepsOf(status, metadata.creationTimestamp),
  };
}

function endOf({ spec, status }: RunObject): Pick<FinishedRun, 'result' | 'reason' | 'completedMs'> | undefined {
  const condition = status?.conditions.find(({ type }) => type === 'Succeeded');
  const outcome = statusOf({ ...condition, statusMessage: spec?.statusMessage });
  const completedMs = status?.completionTime ?? condition?.lastTransitionTime;
  if (!('result' in outcome) || completedMs === undefined) return undefined;
  return { result: outcome.result, reason: outcome.reason, completedMs };
}

/**
 * A retry replaces the steps and the start; the wait ended with the first step that began, mostly that of the first
 * attempt.
 */
function stepsOf(
  status: RunObject['status'],
  createdMs: number,
): Pick<FinishedRun, 'firstStepMs' | 'firstAttemptMs' | 'failedSteps'> {
  const attempts = status === undefined ? [] : [...status.retriesStatus, status];
  const begun = attempts.flatMap(({ startTime, steps }) => {
    const firstStepMs = firstStep(steps, createdMs);
    return firstStepMs === undefined ? [] : [{ firstStepMs, firstAttemptMs: startTime }];
  });
  return { ...begun[0], failedSteps: (status?.steps ?? []).flatMap(nameOfFailed) };
}

function firstStep(steps: readonly Step[], createdMs: number): number | undefined {
  const starts = steps
    .map(({ terminated, running }) => terminated?.startedAt ?? running?.startedAt)
    .filter((startedAt) => startedAt !== undefined)
    .filter((startedAt) => hasBegun(startedAt, createdMs));
  return least(starts);
}

/**
 * A step that is still waiting when its TaskRun is ended gets the creation of the TaskRun for its start, because the
 * definition allows no null there; a container that could not be started has 1970. A real start is never so early: the
 * pod has to be made and prepared before.
 */
function hasBegun(startedMs: number, createdMs: number): boolean {
  return startedMs !== createdMs && startedMs > 0;
}

/** The name of a step that made its TaskRun fail; nothing for every other step. */
function nameOfFailed({ name, terminated, terminationReason = '' }: Step): readonly string[] {
  const { exitCode = 0 } = terminated ?? {};
  const hasFailed = exitCode !== 0 && !stepsWithoutFault.has(terminationReason);
  return hasFailed && name !== undefined ? [name] : [];
}
