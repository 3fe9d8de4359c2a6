/** What the steps of an open run do now: how many are queued, running or blocked in each queue. */
import { interpretStepState, isHeld, type Phase, type StepPhase } from '../runs/states.ts';
import { deriveQueueFromStep, unspecifiedQueue } from './queue-names.ts';
import type { StepRecord } from '../api/schema.ts';
import { isAutomatic } from './step-times.ts';
import { filterAttempt, findReadyMs } from './finish-steps.ts';

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

type JobState = 'queued' | 'running' | 'blocked';

/**
 * What waits and runs of an open run. All later steps are PENDING from the start, so only what is next in line is
 * queued: READY steps, or else the first automatic one when nothing runs and the run waits for no person.
 */
export function mapOpenSteps(run: OpenAttempt, records: readonly StepRecord[]): readonly StepLevel[] {
  const steps = filterAttempt(records, run.attempt);
  const unfinished = steps.flatMap((step) => {
    const standing = interpretStepState(step.state);
    return standing.is === 'open' ? [{ step, phase: standing.phase }] : [];
  });
  const isIdle = unfinished.every(({ phase }) => phase === 'waiting' || phase === 'paused');
  const next = isHeld(run) || !isIdle ? undefined : unfinished.find(isNext)?.step;
  const since = findReadyMs(Infinity, steps) ?? run.askedMs;
  return groupByQueue(
    unfinished.map(({ step, phase }) => ({
      queue: deriveQueueFromStep(step),
      jobState: classifyStep(phase, step === next),
    })),
    since,
  );
}

function isNext({ step, phase }: { readonly step: StepRecord; readonly phase: StepPhase }): boolean {
  return phase === 'waiting' && isAutomatic(step);
}

function classifyStep(phase: StepPhase, isNextInLine: boolean): JobState {
  if (phase === 'running') return 'running';
  return phase === 'ready' || isNextInLine ? 'queued' : 'blocked';
}

const jobStateByPhase: Readonly<Record<Phase, JobState>> = {
  pending: 'queued',
  running: 'running',
  paused: 'blocked',
  halted: 'blocked',
};

/** What the state of a run alone tells, where its steps were not read: one step that waits, runs or is held. */
export function assumeSteps({ phase, askedMs }: OpenAttempt): readonly StepLevel[] {
  return groupByQueue([{ queue: unspecifiedQueue, jobState: jobStateByPhase[phase] }], askedMs);
}

function groupByQueue(
  steps: readonly { readonly queue: string; readonly jobState: JobState }[],
  queuedSinceMs: number,
): readonly StepLevel[] {
  const queues = Map.groupBy(steps, ({ queue }) => queue);
  return [...queues].map(([queue, inQueue]) => {
    const count = (wanted: JobState): number => inQueue.filter(({ jobState }) => jobState === wanted).length;
    const queued = count('queued');
    const since = queued > 0 ? { queuedSinceMs } : {};
    return { queue, queued, running: count('running'), blocked: count('blocked'), ...since };
  });
}
