/** A run that has ended, out of its row or its object. */
import { findLeast } from '../../../model/lists/extremes.ts';
import { isExact, computeMiddle, type TimeRange } from '../cluster/age.ts';
import type { FinishedRun } from './finish.ts';
import { reasonsWithoutError } from '../cluster/reasons.ts';
import { describeRun, type RunRow } from '../cluster/table-rows.ts';
import type { RunObject, Step } from '../cluster/schema.ts';
import { type RunKind, interpretCondition } from '../cluster/state.ts';

/** A finished run by its row alone: to the second when it started less than ten minutes ago, coarser after that. */
export function interpretRow(
  kind: RunKind,
  row: RunRow,
  { startedMs: noted, fallbackMs }: { readonly startedMs: number | undefined; readonly fallbackMs: number },
): FinishedRun | undefined {
  const status = interpretCondition(row.condition);
  if (!('result' in status)) return undefined;
  const { started, completed } = row;
  const completedMs = completed === undefined ? Math.max(fallbackMs, row.createdMs) : estimateMoment(completed);
  const startedMs = noted ?? (started === undefined ? undefined : estimateMoment(started));
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
function estimateMoment(span: TimeRange): number {
  return isExact(span) ? span.toMs : computeMiddle(span);
}

/** A finished run by its whole object; undefined when it has no end, or is one that took the name of another. */
export function interpretObject(kind: RunKind, object: RunObject, uid: string): FinishedRun | undefined {
  const { metadata, status } = object;
  const end = extractEnd(object);
  if (metadata.uid !== uid || end === undefined) return undefined;
  return {
    kind,
    uid,
    described: describeRun(metadata),
    createdMs: metadata.creationTimestamp,
    startedMs: status?.startTime,
    isStartExact: true,
    ...end,
    ...extractSteps(status, metadata.creationTimestamp),
  };
}

function extractEnd({ spec, status }: RunObject): Pick<FinishedRun, 'result' | 'reason' | 'completedMs'> | undefined {
  const condition = status?.conditions.find(({ type }) => type === 'Succeeded');
  const outcome = interpretCondition({ ...condition, statusMessage: spec?.statusMessage });
  const completedMs = status?.completionTime ?? condition?.lastTransitionTime;
  if (!('result' in outcome) || completedMs === undefined) return undefined;
  return { result: outcome.result, reason: outcome.reason, completedMs };
}

/**
 * A retry replaces the steps and the start; the wait ended with the first step that began, mostly that of the first
 * attempt.
 */
function extractSteps(
  status: RunObject['status'],
  createdMs: number,
): Pick<FinishedRun, 'firstStepMs' | 'firstAttemptMs' | 'failedSteps'> {
  const attempts = status === undefined ? [] : [...status.retriesStatus, status];
  const begun = attempts.flatMap(({ startTime, steps }) => {
    const firstStepMs = findFirstStep(steps, createdMs);
    return firstStepMs === undefined ? [] : [{ firstStepMs, firstAttemptMs: startTime }];
  });
  return { ...begun[0], failedSteps: (status?.steps ?? []).flatMap(extractFailedName) };
}

function findFirstStep(steps: readonly Step[], createdMs: number): number | undefined {
  const starts = steps
    .map(({ terminated, running }) => terminated?.startedAt ?? running?.startedAt)
    .filter((startedAt) => startedAt !== undefined)
    .filter((startedAt) => hasBegun(startedAt, createdMs));
  return findLeast(starts);
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
function extractFailedName({ name, terminated, terminationReason = '' }: Step): readonly string[] {
  const { exitCode = 0 } = terminated ?? {};
  const hasFailed = exitCode !== 0 && !reasonsWithoutError.has(terminationReason);
  return hasFailed && name !== undefined ? [name] : [];
}
