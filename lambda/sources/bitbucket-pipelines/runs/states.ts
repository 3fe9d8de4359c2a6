/** What each state word of Bitbucket means for a run and for a step. */
import type { Result } from '../../../model/catalogue/results.ts';
import type { State } from '../api/schema.ts';

/** What a pipeline that has not ended is doing. Paused waits for a person, halted for a decision after a failure. */
export type Phase = 'pending' | 'running' | 'paused' | 'halted';

/** Whether it waits for a person; all others can end by themselves. */
export function isHeld({ phase }: { readonly phase: Phase }): boolean {
  return phase === 'paused' || phase === 'halted';
}

/** What a step that has not ended is doing; a waiting one is not next in line, or may not be known to be. */
export type StepPhase = 'ready' | 'running' | 'waiting' | 'paused';

export type Standing<Open extends string> =
  | { readonly is: 'open'; readonly phase: Open; readonly isKnown: boolean }
  | { readonly is: 'ended'; readonly result: Result; readonly isKnown: boolean };

const resultOfName: Readonly<Record<string, Result>> = {
  SUCCESSFUL: 'success',
  FAILED: 'failure',
  ERROR: 'error',
  STOPPED: 'cancellation',
  EXPIRED: 'timeout',
  NOT_RUN: 'skip',
};

const phaseOfName: Readonly<Record<string, Phase>> = {
  PARSING: 'pending',
  PENDING: 'pending',
  RUNNING: 'running',
  PAUSED: 'paused',
  HALTED: 'halted',
};

/** Reads the result only of what is completed: old records carry one in other states as well. */
export function interpretRunState(state: State): Standing<Phase> {
  const { name, detail } = extractWords(state);
  if (name === 'COMPLETED') return buildEnded(detail);
  if (name === 'IN_PROGRESS') return buildOpen(detail === undefined ? 'running' : phaseOfName[detail], 'running');
  return buildOpen(name === undefined ? undefined : phaseOfName[name], 'running');
}

export function interpretStepState(state: State): Standing<StepPhase> {
  const { name, detail } = extractWords(state);
  if (name === 'COMPLETED') return buildEnded(detail);
  if (name === 'READY') return buildOpen('ready', 'running');
  if (name === 'IN_PROGRESS') return buildOpen(phaseInProgress[detail ?? 'RUNNING'], 'running');
  return name === 'PENDING' ? buildOpen(phasePending[detail ?? 'PENDING'], 'waiting') : buildOpen(undefined, 'running');
}

/** A step that is in progress and pending was handed to a worker which has not begun. */
const phaseInProgress: Readonly<Record<string, StepPhase>> = { RUNNING: 'running', PENDING: 'ready' };
const phasePending: Readonly<Record<string, StepPhase>> = { PENDING: 'waiting', PAUSED: 'paused', HALTED: 'paused' };

function buildEnded(name: string | undefined): Standing<never> {
  const result = name === undefined ? undefined : resultOfName[name];
  return { is: 'ended', result: result ?? 'other', isKnown: result !== undefined };
}

function buildOpen<P extends string>(phase: P | undefined, otherwise: P): Standing<P> {
  return { is: 'open', phase: phase ?? otherwise, isKnown: phase !== undefined };
}

const typeName = /^pipeline_(?:step_)?state_(parsing|pending|ready|in_progress|completed)(?:_(.+))?$/;

/** The name of the state and that of its result or stage, in capitals; from the type where a name is missing. */
function extractWords({ name, type, stage, result }: State): { name: string | undefined; detail: string | undefined } {
  const typed = parseType(type);
  const word = capitalize(name) ?? typed.name;
  const part = word === 'COMPLETED' ? result : stage;
  return { name: word, detail: capitalize(part?.name) ?? parseType(part?.type).detail ?? typed.detail };
}

function parseType(type: string | null | undefined): { name: string | undefined; detail: string | undefined } {
  const [, name, detail] = typeName.exec(type ?? '') ?? [];
  return { name: capitalize(name), detail: capitalize(detail) };
}

function capitalize(text: string | null | undefined): string | undefined {
  return text === null || text === undefined || text === '' ? undefined : text.toUpperCase();
}
