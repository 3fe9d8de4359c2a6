/** What each status and conclusion of GitHub means for a run and for a job. */
import type { Result } from '../../../model/catalogue/results.ts';

/**
 * What has not ended is doing. Queued waits for a runner; limited is held by a concurrency limit, and blocked by a rule
 * that protects an environment or by the approval of a run from a fork: neither asks for a runner.
 */
export const phases = ['queued', 'limited', 'blocked', 'running'] as const;
export type Phase = (typeof phases)[number];

export type Standing =
  | { readonly is: 'open'; readonly phase: Phase; readonly isKnown: boolean }
  | { readonly is: 'ended'; readonly result: Result; readonly isKnown: boolean };

interface State {
  readonly status?: string | null | undefined;
  readonly conclusion?: string | null | undefined;
}

const phaseOfStatus: ReadonlyMap<string, Phase> = new Map([
  ['requested', 'queued'],
  ['queued', 'queued'],
  ['pending', 'limited'],
  ['waiting', 'blocked'],
  ['in_progress', 'running'],
]);

const resultOfConclusion: ReadonlyMap<string, Result> = new Map([
  ['success', 'success'],
  ['neutral', 'success'],
  ['failure', 'failure'],
  ['startup_failure', 'error'],
  ['stale', 'error'],
  ['timed_out', 'timeout'],
  // A job that is over its time limit is told like this, too, and cannot be told apart.
  ['cancelled', 'cancellation'],
  ['skipped', 'skip'],
]);

/** `action_required` is a conclusion by its name, and means that the run has not begun. */
const waitsForApproval = 'action_required';

export function interpretRunState({ status, conclusion }: State): Standing {
  if (status !== 'completed') return interpretOpen(status);
  if (conclusion === waitsForApproval) return { is: 'open', phase: 'blocked', isKnown: true };
  return interpretEnd(conclusion);
}

/** A job that asks for an action has ended; nobody knows with what. */
export function interpretJobState({ status, conclusion }: State): Standing {
  return status === 'completed' ? interpretEnd(conclusion) : interpretOpen(status);
}

function interpretOpen(status: string | null | undefined): Standing {
  const phase = phaseOfStatus.get(status ?? '');
  return { is: 'open', phase: phase ?? 'running', isKnown: phase !== undefined };
}

function interpretEnd(conclusion: string | null | undefined): Standing {
  const result = resultOfConclusion.get(conclusion ?? '');
  return { is: 'ended', result: result ?? 'other', isKnown: result !== undefined };
}

/** Whether it waits for a person or for another run, and not for a runner. */
export function isHeld({ phase }: { readonly phase: Phase }): boolean {
  return phase === 'limited' || phase === 'blocked';
}
