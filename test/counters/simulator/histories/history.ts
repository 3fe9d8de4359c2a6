/** A history: the runs, ticks, faults and clocks of one simulation; the same history simulates the same. */
import type { Kind, RunSpec } from './fleet.ts';
import type { SendOutcome } from '../world/sinks.ts';
import type { Habits } from '../world/source.ts';
import type { StoreFault } from '../world/store.ts';

/** Everything that happens in one simulation; the same history gives the same simulation. */
export interface History {
  readonly kind: Kind;
  readonly habits: Pick<Habits, 'bound' | 'paging' | 'order' | 'onError'>;
  readonly runs: readonly RunSpec[];
  /** One a minute. */
  readonly ticks: readonly TickSpec[];
  /** Decides whose step comes next where several invocations run. */
  readonly choices: number;
}

/** The invocations of one scheduled time: none when it was missed, two when it was delivered twice. */
export interface TickSpec {
  readonly invocations: readonly InvocationSpec[];
}

export interface InvocationSpec {
  /** How many ticks later it starts. */
  readonly lateTicks: number;
  /** What each of its steps takes. */
  readonly stepMs: number;
  readonly failingRequest: number | undefined;
  /** How far the clock of its machine is off, and with it what it takes for its tick. */
  readonly clockMs: number;
  /** Whether the vendor's answers say what time it is there. */
  readonly tellsTime: boolean;
  /** The vendor refuses this request, and every other one for so many seconds. */
  readonly refusal: { readonly request: number; readonly forS: number } | undefined;
  /** Rows of equal time come in another order in each answer, so that pages repeat some and skip others. */
  readonly mixesEqual: boolean;
  /** Unreadable elements stand between those of a list. */
  readonly mixesStrange: boolean;
  readonly losesOpenRuns: boolean;
  readonly repeatsPage: boolean;
  readonly pages: number;
  readonly openRuns: number;
  readonly storeFault: StoreFault | undefined;
  /** The process ends before this step. */
  readonly crashStep: number | undefined;
  /** It stands still before a step, while later ticks run. */
  readonly stall: { readonly step: number; readonly ticks: number } | undefined;
  readonly sends: Readonly<Record<'cumulative' | 'once' | 'again', SendOutcome>>;
}

export const calmInvocation: InvocationSpec = {
  lateTicks: 0,
  stepMs: 100,
  failingRequest: undefined,
  clockMs: 0,
  tellsTime: true,
  refusal: undefined,
  mixesEqual: false,
  mixesStrange: false,
  losesOpenRuns: false,
  repeatsPage: false,
  pages: 1000,
  openRuns: 1000,
  storeFault: undefined,
  crashStep: undefined,
  stall: undefined,
  sends: { cumulative: 'ok', once: 'ok', again: 'ok' },
};
