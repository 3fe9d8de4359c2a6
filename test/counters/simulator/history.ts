import fc from 'fast-check';
import type { AttemptSpec, ListKind, RunSpec } from './fleet.ts';
import type { SendOutcome } from './sinks.ts';
import type { Habits } from './source.ts';
import type { StoreFault } from './store.ts';

/** Everything that happens in one simulation; the same history gives the same simulation. */
export interface History {
  readonly kind: ListKind;
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
  losesOpenRuns: false,
  repeatsPage: false,
  pages: 1000,
  openRuns: 1000,
  storeFault: undefined,
  crashStep: undefined,
  stall: undefined,
  sends: { cumulative: 'ok', once: 'ok', again: 'ok' },
};

const maxTicks = 16;
const minuteS = 60;

/** Something in one of `of` cases. */
function rarely<Value>(of: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(value, { nil: undefined, freq: of - 1 });
}

const sendOutcome = fc.oneof(
  { weight: 8, arbitrary: fc.constant<SendOutcome>('ok') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<SendOutcome>('refused', 'half', 'rejected', 'stored-unknown', 'lost-unknown'),
  },
);

const invocation: fc.Arbitrary<InvocationSpec> = fc.record({
  lateTicks: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  stepMs: fc.constantFrom(50, 500, 2000, 6000),
  failingRequest: rarelyFails(),
  losesOpenRuns: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  repeatsPage: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  pages: fc.oneof(
    { weight: 7, arbitrary: fc.constant(1000) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  openRuns: fc.oneof(
    { weight: 3, arbitrary: fc.constant(1000) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
  ),
  storeFault: rarely(
    8,
    fc.record({
      operation: fc.integer({ min: 1, max: 9 }),
      kind: fc.constantFrom<StoreFault['kind']>('fails', 'loses-answer'),
    }),
  ),
  crashStep: rarely(5, fc.integer({ min: 0, max: 24 })),
  stall: rarely(8, fc.record({ step: fc.integer({ min: 0, max: 20 }), ticks: fc.integer({ min: 1, max: 3 }) })),
  sends: fc.record({ cumulative: sendOutcome, once: sendOutcome, again: sendOutcome }),
});

function rarelyFails(): fc.Arbitrary<number | undefined> {
  return rarely(8, fc.integer({ min: 1, max: 6 }));
}

const tick: fc.Arbitrary<TickSpec> = fc
  .oneof(
    { weight: 7, arbitrary: fc.tuple(invocation) },
    { weight: 2, arbitrary: fc.tuple(invocation, invocation) },
    { weight: 1, arbitrary: fc.constant([]) },
  )
  .map((invocations) => ({ invocations }));

const waitS = fc.integer({ min: 0, max: 90 });
const longDurationS = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 5 * minuteS }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 * minuteS }) },
  // Clocks of two of the vendor's machines.
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 0 }) },
);

/** A run that ends, is re-run in time for a list by creation to show it, hangs, or is deleted. */
function runSpec(kind: ListKind): fc.Arbitrary<RunSpec> {
  const last: fc.Arbitrary<AttemptSpec> = fc.record({
    afterS: fc.integer({ min: 0, max: 60 }),
    waitS,
    durationS: fc.oneof(
      { weight: 15, arbitrary: longDurationS },
      { weight: 1, arbitrary: fc.constant<number | undefined>(undefined) },
    ),
  });
  const earlier: fc.Arbitrary<AttemptSpec> = fc.record({
    afterS: fc.integer({ min: 0, max: 60 }),
    waitS: fc.integer({ min: 0, max: 20 }),
    durationS: fc.integer({ min: 0, max: 60 }),
  });
  const retries = fc.oneof(
    { weight: 4, arbitrary: fc.constant<readonly AttemptSpec[]>([]) },
    { weight: 1, arbitrary: fc.array(earlier, { minLength: 1, maxLength: 2 }) },
  );
  const lagS = fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 * minuteS }) },
  );
  return fc
    .record({
      createdS: fc.integer({ min: -70 * minuteS, max: maxTicks * minuteS }),
      retries,
      last,
      listLagS: lagS,
      recordLagS: lagS,
      prunedAfterS: kind === 'created' ? rarely(12, fc.integer({ min: 0, max: 5 * minuteS })) : fc.constant(undefined),
    })
    .map(({ retries: before, last: end, createdS, ...lags }) => ({
      // Most runs are young: what the first minutes see is what the schedule's faults meet.
      createdS: createdS < 0 && createdS % 3 !== 0 ? Math.trunc(createdS / 8) : createdS,
      attempts: [...before, end],
      ...lags,
    }));
}

export function historyOf(kind: ListKind): fc.Arbitrary<History> {
  return fc.record({
    kind: fc.constant(kind),
    habits: fc.record({
      bound: fc.constantFrom<Habits['bound']>('client', 'vendor'),
      // Pages by number lose a row for each one that is deleted in between; such a vendor has to be read by a cursor.
      paging: kind === 'created' ? fc.constant<Habits['paging']>('cursor') : fc.constantFrom('number', 'cursor'),
      order: fc.constantFrom<Habits['order']>('open-first', 'list-first'),
      onError: fc.constantFrom<Habits['onError']>('throws', 'keeps'),
    }),
    runs: fc.array(runSpec(kind), { minLength: 1, maxLength: 14 }),
    ticks: fc.array(tick, { minLength: 1, maxLength: maxTicks }),
    choices: fc.nat(),
  });
}

/** Over both kinds of list. */
export const anyHistory: fc.Arbitrary<History> = fc.oneof(historyOf('finish'), historyOf('created'));
