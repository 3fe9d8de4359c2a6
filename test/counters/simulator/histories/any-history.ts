/** Makes arbitrary histories of a simulated CI system with everything that may go wrong in one. */
import fc from 'fast-check';
import { type AttemptSpec, isCrawled, type Kind, type RunSpec, type ToldSpec } from './fleet.ts';
import { calmInvocation, type History, type InvocationSpec, type TickSpec } from './history.ts';
import type { SendOutcome } from '../world/sinks.ts';
import type { Habits } from '../world/source.ts';
import type { StoreFault } from '../world/store.ts';

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

const faults: fc.Arbitrary<Omit<InvocationSpec, 'clockMs' | 'tellsTime'>> = fc.record({
  lateTicks: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  stepMs: fc.constantFrom(50, 500, 2000, 6000),
  failingRequest: rarelyFails(),
  refusal: rarely(8, fc.record({ request: fc.integer({ min: 1, max: 4 }), forS: fc.integer({ min: 1, max: 110 }) })),
  mixesEqual: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  mixesStrange: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
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

const hourMs = 60 * minuteS * 1000;

/** Minutes and hours in both directions, whether or not the vendor tells its time, as every HTTP server does. */
const clock: fc.Arbitrary<Pick<InvocationSpec, 'clockMs' | 'tellsTime'>> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ clockMs: fc.constant(0), tellsTime: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      clockMs: fc.constantFrom(
        ...[-50, -3, -2, -0.4, -0.2, 0.2, 0.3, 0.4, 2, 5, 24, 700].map((hours) => hours * hourMs),
      ),
      tellsTime: fc.boolean(),
    }),
  },
);

const invocation: fc.Arbitrary<InvocationSpec> = fc
  .tuple(faults, clock)
  .map(([faulty, clocked]) => ({ ...faulty, ...clocked }));

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

const delayS = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 12 * minuteS }) },
);

/** Nothing of a webhook is sure, neither that it comes nor when nor how often. */
const told: fc.Arbitrary<ToldSpec | undefined> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 3,
    arbitrary: fc.record({
      beginDelayS: delayS,
      endDelayS: delayS,
      loses: fc.oneof(
        { weight: 2, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom('requested' as const, 'completed' as const) },
      ),
      repeats: fc.boolean(),
    }),
  },
);

/** A run that ends, is re-run in time for a list by creation to show it, hangs, or is deleted. */
function runSpec(kind: Kind): fc.Arbitrary<RunSpec> {
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
      isOnTheMinute: fc.boolean(),
      retries,
      last,
      listLagS: lagS,
      recordLagS: lagS,
      told: kind === 'github' ? told : fc.constant(undefined),
      prunedAfterS: kind === 'created' ? rarely(12, fc.integer({ min: 0, max: 5 * minuteS })) : fc.constant(undefined),
    })
    .map(({ retries: before, last: end, createdS, isOnTheMinute, ...lags }) => {
      // Most runs are young: what the first minutes see is what the schedule's faults meet.
      const youngS = createdS < 0 && createdS % 3 !== 0 ? Math.trunc(createdS / 8) : createdS;
      // As a nightly schedule does it, and so that pages meet elements of equal time.
      const atS = isOnTheMinute ? Math.trunc(youngS / minuteS) * minuteS : youngS;
      return { createdS: atS, attempts: [...before, end], ...lags };
    });
}

/** Everything that may happen with a CI system of one kind. */
export function historyOf(kind: Kind): fc.Arbitrary<History> {
  return fc.tuple(roughHistory(kind), weather).map(([history, { sends, ...weathers }]) => {
    const ticks = history.ticks.map(({ invocations }) => ({
      invocations: invocations.map((spec) => ({ ...spec, ...calmParts(weathers), sends: sendsIn(sends, spec.sends) })),
    }));
    return isCrawled(kind) ? asInstalled({ ...history, ticks }) : { ...history, ticks };
  });
}

/** The first look finds of runs in flight what its two pages of three show, so that no more are there. */
const foundAtFirst = 6;

/** Begins with a look that nothing disturbs: what is on its pages then is what the source promises to find. */
function asInstalled(history: History): History {
  const runs = history.runs.map((run, index) => {
    if (index < foundAtFirst || run.createdS >= minuteS) return run;
    return { ...run, createdS: minuteS + (Math.abs(run.createdS) % (maxTicks * minuteS)) };
  });
  return { ...history, runs, ticks: [{ invocations: [calmInvocation] }, ...history.ticks] };
}

/**
 * Which parts go wrong at all in a history: with all of them in each, hardly any delivery would ever be without a fault,
 * and what holds then would never be looked at.
 */
const weather = fc.record({
  store: fc.boolean(),
  process: fc.boolean(),
  vendor: fc.boolean(),
  clock: fc.boolean(),
  sends: fc.constantFrom('fine', 'refused', 'rough'),
});

type Weather = typeof weather extends fc.Arbitrary<infer Value> ? Value : never;

function calmParts({ store, process, vendor, clock: isOff }: Omit<Weather, 'sends'>): Partial<InvocationSpec> {
  const { storeFault, crashStep, stall, failingRequest, losesOpenRuns, pages, openRuns } = calmInvocation;
  const { refusal, mixesEqual, mixesStrange, clockMs } = calmInvocation;
  return {
    ...(store ? {} : { storeFault }),
    ...(process ? {} : { crashStep, stall }),
    ...(vendor ? {} : { failingRequest, losesOpenRuns, pages, openRuns, refusal, mixesEqual, mixesStrange }),
    ...(isOff ? {} : { clockMs }),
  };
}

/** `refused`: nothing is lost, but it comes later. */
function sendsIn(sends: Weather['sends'], rough: InvocationSpec['sends']): InvocationSpec['sends'] {
  if (sends === 'rough') return rough;
  if (sends === 'fine') return calmInvocation.sends;
  const refusedFor = (outcome: SendOutcome): SendOutcome =>
    outcome === 'ok' || outcome === 'half' ? outcome : 'refused';
  return { cumulative: refusedFor(rough.cumulative), once: refusedFor(rough.once), again: refusedFor(rough.again) };
}

function roughHistory(kind: Kind): fc.Arbitrary<History> {
  return fc.record({
    kind: fc.constant(kind),
    habits: fc.record({
      bound: fc.constantFrom<Habits['bound']>('client', 'vendor'),
      // Pages by number lose a row for each one that is deleted in between; such a vendor has to be read by a cursor.
      paging: kind === 'created' ? fc.constant<Habits['paging']>('cursor') : fc.constantFrom('number', 'cursor'),
      order: fc.constantFrom<Habits['order']>('open-first', 'list-first'),
      onError: fc.constantFrom<Habits['onError']>('throws', 'keeps'),
    }),
    runs: fc.array(runSpec(kind), { minLength: 1, maxLength: isCrawled(kind) ? 24 : 14 }),
    ticks: fc.array(tick, { minLength: 1, maxLength: maxTicks }),
    choices: fc.nat(),
  });
}
