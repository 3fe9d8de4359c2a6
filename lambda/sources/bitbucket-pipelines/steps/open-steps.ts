import type { Phase, StepPhase } from '../runs/states.ts';
import { stepStanding } from '../runs/states.ts';
import { queueOfStep, unspecifiedQueue } from './queue-names.ts';
import type { StepRecord } from '../api/schema.ts';
import { isAutomatic } from './step-times.ts';
import { ofAttempt, readySince } from './finish-steps.ts';

/** Steps of one open run in one queue. */
export interface StepLevel {
  readonly queue: string;
  readonly queued: number;
  readonly running: number;
  readonly blocked: number;
  /** Since when the oldest queued step could have started. Epoch milliseconds. */
  readonly queuedSinceMs?: number;
}

export interface OpenAttempt {
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly askedMs: number;
  readonly phase: Phase;
}

type Place = 'queued' | 'running' | 'blocked';

/**
 * What waits and runs of an open run. All later steps are PENDING from the start, so only what is next in line is
 * queued: READY steps, or else the first automatic one when nothing runs and nobody is waited for.
 */
export function openSteps(run: OpenAttempt, records: readonly StepRecord[]): readonly StepLevel[] {
  const steps = ofAttempt(records, run.attempt);
  const unfinished = steps.flatMap((step) => {
    const standing = stepStanding(step.state);
    return standing.is === 'open' ? [{ step, phase: standing.phase }] : [];
  });
  const isHeld = run.phase === 'paused' || run.phase === 'halted';
  const isIdle = unfinished.every(({ phase }) => phase === 'waiting' || phase === 'paused');
  const next = isHeld || !isIdle ? undefined : unfinished.find(isNext)?.step;
  const since = readySince(Infinity, steps) ?? run.askedMs;
  return byQueue(
    unfinished.map(({ step, phase }) => ({ queue: queueOfStep(step), place: placeOf(phase, step === next) })),
    since,
  );
}

function isNext({ step, phase }: { readonly step: StepRecord; readonly phase: StepPhase }): boolean {
  return phase === 'waiting' && isAutomatic(step);
}

function placeOf(phase: StepPhase, isNextInLine: boolean): Place {
  if (phase === 'running') return 'running';
  return phase === 'ready' || isNextInLine ? 'queued' : 'blocked';
}

const placeOfPhase: Readonly<Record<Phase, Place>> = {
  pending: 'queued',
  running: 'running',
  paused: 'blocked',
  halted: 'blocked',
};

/** What the state of a run alone tells, where its steps were not read: one step that waits, runs or is held. */
export function stepsByPhase({ phase, askedMs }: OpenAttempt): readonly StepLevel[] {
  const place = placeOfPhase[phase];
  return byQueue([{ queue: unspecifiedQueue, place }], askedMs);
}

function byQueue(
  steps: readonly { readonly queue: string; readonly place: Place }[],
  queuedSinceMs: number,
): readonly StepLevel[] {
  const queues = Map.groupBy(steps, ({ queue }) => queue);
  return [...queues].map(([queue, inQueue]) => {
    const count = (place: Place): number => inQueue.filter((step) => step.place === place).length;
    const queued = count('queued');
    const since = queued > 0 ? { queuedSinceMs } : {};
    return { queue, queued, running: count('running'), blocked: count('blocked'), ...since };
  });
}
