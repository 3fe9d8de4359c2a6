import type { Result } from '../../model/run-metrics.ts';
import type { State } from './schema.ts';

/** What a pipeline that has not ended is doing. Paused waits for a person, halted for a decision after a failure. */
export type Phase = 'pending' | 'running' | 'paused' | 'halted';

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
export function pipelineStanding(state: State): Standing<Phase> {
  const { name, detail } = wordsOf(state);
  if (name === 'COMPLETED') return ended(detail);
  if (name === 'IN_PROGRESS') return open(detail === undefined ? 'running' : phaseOfName[detail], 'running');
  return open(name === undefined ? undefined : phaseOfName[name], 'running');
}

export function stepStanding(state: State): Standing<StepPhase> {
  const { name, detail } = wordsOf(state);
  switch (name) {
    case 'COMPLETED':
      return ended(detail);
    case 'READY':
      return open('ready', 'running');
    case 'IN_PROGRESS':
      // A step that was handed to a worker which has not begun.
      if (detail === 'PENDING') return open('ready', 'running');
      return open(detail === undefined || detail === 'RUNNING' ? 'running' : undefined, 'running');
    case 'PENDING':
      if (detail === 'PAUSED' || detail === 'HALTED') return open('paused', 'waiting');
      return open(detail === undefined || detail === 'PENDING' ? 'waiting' : undefined, 'waiting');
    default:
      return open(undefined, 'running');
  }
}

function ended(name: string | undefined): Standing<never> {
  const result = name === undefined ? undefined : resultOfName[name];
  return { is: 'ended', result: result ?? 'other', isKnown: result !== undefined };
}

function open<P extends string>(phase: P | undefined, otherwise: P): Standing<P> {
  return { is: 'open', phase: phase ?? otherwise, isKnown: phase !== undefined };
}

const typeName = /^pipeline_(?:step_)?state_(parsing|pending|ready|in_progress|completed)(?:_(.+))?$/;

/** The name of the state and that of its result or stage, in capitals; from the type where a name is missing. */
function wordsOf({ name, type, stage, result }: State): { name: string | undefined; detail: string | undefined } {
  const [, typed, typedDetail] = typeName.exec(type ?? '') ?? [];
  const word = capital(name) ?? capital(typed);
  const part = word === 'COMPLETED' ? result : stage;
  const detail = capital(part?.name) ?? capital(typeName.exec(part?.type ?? '')?.[2]) ?? capital(typedDetail);
  return { name: word, detail };
}

function capital(text: string | null | undefined): string | undefined {
  return text === null || text === undefined || text === '' ? undefined : text.toUpperCase();
}
