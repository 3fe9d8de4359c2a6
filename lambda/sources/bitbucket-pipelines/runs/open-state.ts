/** What is remembered of an open run between ticks. */
import * as z from 'zod';
import type { Watched } from '../../../crawl/watched.ts';
import { isHeld, type Phase } from './states.ts';

/** An open run as it was seen last; steps are absent where they were not read, and old ones are not trusted for ever. */
export interface OpenState {
  readonly repository: string;
  readonly id: string;
  readonly attempt: number;
  readonly number: number;
  /** When this attempt was asked for, or a person has let it go on. A re-run keeps the creation of the first, so it is when it was first seen. */
  readonly askedMs: number;
  readonly phase: Phase;
  readonly pipeline: string;
  /** From when on it is stuck. Epoch milliseconds. */
  readonly stuckMs: number;
  /** Started by a step of another run, which does nothing but wait for it. */
  readonly isChild?: boolean | undefined;
  /** Absent in what an earlier version remembered. */
  readonly branch?: string | undefined;
  /** Of a run that has waited for a person: what was counted of it before its end. */
  readonly counted?: CountedEarly | undefined;
  readonly steps?: readonly StepState[] | undefined;
  readonly stepsMs?: number | undefined;
}

const CountedEarly = z.object({
  /** Charged seconds. */
  charged: z.number(),
  /** Uuids of steps; a run has at most 100. */
  steps: z.array(z.string()),
  /** Whether its steps were read since it began to wait. */
  isRead: z.boolean(),
});
export type CountedEarly = z.infer<typeof CountedEarly>;

export type StepState = z.infer<typeof StepState>;

const StepState = z.object({
  queue: z.string(),
  queued: z.number(),
  running: z.number(),
  blocked: z.number(),
  queuedSinceMs: z.number().optional(),
});

export const OpenStates = z.array(
  z.object({
    repository: z.string(),
    id: z.string(),
    attempt: z.number(),
    number: z.number(),
    askedMs: z.number(),
    phase: z.enum(['pending', 'running', 'paused', 'halted']),
    pipeline: z.string(),
    stuckMs: z.number(),
    isChild: z.boolean().optional(),
    branch: z.string().optional(),
    counted: CountedEarly.optional(),
    steps: z.array(StepState).optional(),
    stepsMs: z.number().optional(),
  }),
);

/** Runs that can end by themselves, and those that wait for a person. */
export function countOpen(open: readonly Pick<OpenState, 'phase'>[]): Watched['open'] {
  const held = open.filter(isHeld).length;
  return { moving: open.length - held, held };
}
