/** Says what the states of jobs and builds mean. */
import type { RunState } from '../../../model/catalogue/run-metrics.ts';
import type { Result } from '../../../model/catalogue/results.ts';

/** The result of a finished job or build, and the error of the CI system that caused it, if one did. */
export interface EndResult {
  readonly result: Result;
  readonly systemError?: { readonly component: string; readonly error: string } | undefined;
}

/** What is read of a job to judge it. */
export interface JobEnd {
  readonly state: string;
  readonly soft_failed?: boolean | null | undefined;
  readonly exit_status?: number | null | undefined;
  /** What killed the process; undefined where the answer has no such field. */
  readonly signal?: string | null | undefined;
  readonly signal_reason?: string | null | undefined;
}

const openJobStates: ReadonlySet<string> = new Set([
  'pending',
  'waiting',
  'blocked',
  'unblocked',
  'limiting',
  'limited',
  'platform_limiting',
  'platform_limited',
  'scheduled',
  'reserved',
  'assigned',
  'accepted',
  'running',
  'canceling',
  'timing_out',
]);

const jobResults: ReadonlyMap<string, Result> = new Map([
  ['passed', 'success'],
  ['timed_out', 'timeout'],
  ['canceled', 'cancellation'],
  ['cancelled', 'cancellation'],
  ['skipped', 'skip'],
  ['broken', 'skip'],
  ['waiting_failed', 'skip'],
  ['blocked_failed', 'skip'],
  ['unblocked_failed', 'skip'],
]);

const unknownState = { component: 'api', error: 'unknown state' } as const;

/** Undefined while the job has not ended. */
export function judgeJob(job: JobEnd): EndResult | undefined {
  const state = job.state.toLowerCase();
  if (openJobStates.has(state)) return undefined;
  const result = jobResults.get(state);
  if (result !== undefined) return { result };
  if (state === 'expired') return { result: 'error', systemError: { component: 'scheduler', error: 'expired' } };
  if (state === 'failed') return judgeFailedJob(job);
  return { result: 'other', systemError: unknownState };
}

/** Reasons why an agent ended a job, or never began it, but for `cancel`, which is a person's wish. */
export const agentErrors: ReadonlyMap<string, string> = new Map([
  ['agent_stop', 'agent stopped'],
  ['process_run_error', 'process not started'],
  ['agent_refused', 'agent refused'],
  ['agent_incompatible', 'agent refused'],
  ['signature_rejected', 'agent refused'],
  ['stack_error', 'stack error'],
]);

/** The exit status of a job whose agent was lost, and of one whose process a signal has killed. */
const noExitStatus = -1;

function judgeFailedJob(job: JobEnd): EndResult {
  // The step allows it to fail, and the build passes.
  if (job.soft_failed === true) return { result: 'success' };
  const reason = agentErrors.get(job.signal_reason?.toLowerCase() ?? '');
  if (reason !== undefined) return createAgentError(reason);
  return isWithoutExitStatus(job) && isBlank(job.signal) ? createAgentError('agent lost') : { result: 'failure' };
}

function createAgentError(error: string): EndResult {
  return { result: 'error', systemError: { component: 'agent', error } };
}

function isWithoutExitStatus({ exit_status }: JobEnd): boolean {
  return exit_status === noExitStatus;
}

function isBlank(text: string | null | undefined): boolean {
  return text === null || text === undefined || text === '';
}

/** Whether it takes the signal to tell a lost agent from a killed process, and the answer has no such field. */
export function isSignalNeeded(job: JobEnd): boolean {
  const { state, soft_failed, signal, signal_reason } = job;
  return (
    state.toLowerCase() === 'failed' &&
    soft_failed !== true &&
    isWithoutExitStatus(job) &&
    signal === undefined &&
    !agentErrors.has(signal_reason?.toLowerCase() ?? '')
  );
}

/** What is read of a build to judge it. */
export interface BuildEnd {
  readonly state: string;
  /** The build waits for a person at a block step, whatever its state says. */
  readonly blocked?: boolean | null | undefined;
}

const buildStates: ReadonlyMap<string, RunState> = new Map([
  ['creating', 'pending'],
  ['scheduled', 'pending'],
  ['blocked', 'pending'],
  ['running', 'executing'],
  ['failing', 'executing'],
  ['started', 'executing'],
  ['canceling', 'finalizing'],
]);

const buildResults: ReadonlyMap<string, Result> = new Map([
  ['passed', 'success'],
  ['failed', 'failure'],
  ['canceled', 'cancellation'],
  ['cancelled', 'cancellation'],
  ['skipped', 'skip'],
  ['not_run', 'skip'],
]);

/** Undefined for a build that has ended. */
export function mapBuildState({ state, blocked }: BuildEnd): RunState | undefined {
  return blocked === true ? 'pending' : buildStates.get(state.toLowerCase());
}

/** Undefined while the build has not ended; a blocked one has not. */
export function judgeBuild(build: BuildEnd): EndResult | undefined {
  if (mapBuildState(build) !== undefined) return undefined;
  const result = buildResults.get(build.state.toLowerCase());
  return result === undefined ? { result: 'other', systemError: unknownState } : { result };
}
