/** How a run stands, by its condition. */
import type { RunState } from '../../../model/catalogue/run-metrics.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { type Phase, phaseByReason, resultByReason } from './reasons.ts';

/** The two kinds of run, by the plural that the Kubernetes API uses. */
export type RunKind = 'pipelineruns' | 'taskruns';

export type Status = { readonly phase: Phase } | { readonly result: Result; readonly reason: string };

/** The condition of type `Succeeded`, and what beside it decides. */
export interface Condition {
  /** `True`, `False` or `Unknown`; absent before the first reconcile. */
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
  readonly hasStarted?: boolean;
  /** Of a TaskRun's spec: tells a cancellation from the timeout of its PipelineRun. */
  readonly statusMessage?: string | undefined;
}

/** What Tekton writes into a TaskRun that it cancels because the time of its PipelineRun is up. */
const cancelledByTimeout = 'TaskRun cancelled as the PipelineRun it belongs to has timed out.';

export function interpretCondition(condition: Condition): Status {
  const { status, reason = '' } = condition;
  if (status === undefined || status === '') return { phase: 'unseen' };
  if (status === 'True') return { result: 'success', reason };
  if (status === 'False') return interpretFailure(condition, reason);
  // A PipelineRun that is no longer held back but waits for its volume claim still says that it is pending.
  if (reason === 'PipelineRunPending' && condition.hasStarted === true) return { phase: 'starting' };
  // A reason of a later release: what is not known to wait is taken to run.
  return { phase: phaseByReason.get(reason) ?? 'running' };
}

function interpretFailure({ statusMessage }: Condition, reason: string): Status {
  const result = resultByReason.get(reason) ?? 'failure';
  const isTimeUp = result === 'cancellation' && statusMessage === cancelledByTimeout;
  return { result: isTimeUp ? 'timeout' : result, reason };
}

export type JobState = 'queued' | 'running' | 'blocked';

/** The neutral state of a job: what waits for a pod is queued, and what is held back on purpose is blocked. */
export function jobStateOf(phase: Phase): JobState {
  if (phase === 'pending') return 'blocked';
  return phase === 'running' || phase === 'stopping' ? 'running' : 'queued';
}

export function runStateOf(phase: Phase): RunState {
  if (phase === 'stopping') return 'finalizing';
  return phase === 'running' ? 'executing' : 'pending';
}
