/** Tests of delivering increases: stored, refused and unknown answers, and a process that dies in between. */
import { describe, expect, it } from 'vitest';
import { createCounting, type CountingSink } from '../../lambda/counters/counting.ts';
import { createMemoryStateStore } from '../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../lambda/counters/stores/store.ts';
import type { Batch } from '../../lambda/model/batch.ts';
import { runsFinished } from '../../lambda/model/catalogue/run-metrics.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import type { Delivery, Parcel, Sink } from '../../lambda/sinks/sink.ts';
import { recordingLog } from '../support/recording-log.ts';
import { builds, finishOf, minuteMs, settings, source, startMs } from './rig.ts';

const nothing: Delivery = { accepted: 0, requests: 1, bytes: 0, problems: [] };
const refusal = { kind: 'unavailable', where: 'additive/main', message: 'answered 503' } as const;

/** What a sink does with what it is sent. */
type Answer = 'stores' | 'refuses' | 'gives no answer' | 'throws';

interface Additive extends CountingSink {
  answer: Answer;
  /** By tick, in minutes: the finishes that it has stored. */
  readonly stored: Map<number, number>;
}

/** Adds what it is sent; a parcel holds the number of finishes. */
function additive({ packs = false } = {}): Additive {
  const stored = new Map<number, number>();
  const take = (parcels: readonly Parcel[]): Promise<Delivery> => {
    const samples = parcels.reduce((sum, parcel) => sum + parcel.samples, 0);
    if (self.answer === 'throws') return Promise.reject(new TypeError('a bug'));
    if (self.answer === 'gives no answer')
      return Promise.resolve({ ...nothing, problems: [refusal], unconfirmed: samples });
    if (self.answer === 'refuses') return Promise.resolve({ ...nothing, problems: [refusal], undelivered: parcels });
    for (const { tickMs, content } of parcels) {
      const minute = (tickMs - startMs) / minuteMs;
      stored.set(minute, (stored.get(minute) ?? 0) + Number(content));
    }
    return Promise.resolve({ ...nothing, accepted: samples });
  };
  const sink: Sink = {
    write: (batch) => take(parcelsOf(batch)),
    redeliver: take,
    ...(packs ? { pack: parcelsOf } : {}),
    preview: noPreview,
  };
  const self: Additive = { id: 'additive/main', sink, answer: 'stores', stored };
  return self;
}

function noPreview(): never {
  throw new Error('nothing is previewed here');
}

function parcelsOf({ tickMs, sources: parts }: Batch): readonly Parcel[] {
  const families = parts.flatMap((part) => part.families);
  const increase = families
    .filter(({ definition }) => definition.name === runsFinished.name)
    .flatMap((family) => (family.type === 'counter' ? family.samples : []))
    .reduce((sum, sample) => sum + sample.increase, 0);
  return increase === 0 ? [] : [{ tickMs, samples: 1, content: increase }];
}

interface TickOptions {
  /** The process ends after the state was saved. */
  readonly isKilled?: boolean;
  readonly backfillMs?: number;
  /** The vendor's own time, where the clock of the run is another one. */
  readonly toldMinute?: number;
}

/** One run: counts the finishes, and delivers; minutes after the first tick. */
async function tick(
  store: StateStore,
  sink: CountingSink,
  at: number,
  finishes: readonly (readonly [id: string, at: number])[],
  { isKilled = false, backfillMs = 0, toldMinute = at }: TickOptions = {},
): Promise<Delivery | undefined> {
  using deadline = createDeadline(60_000, Date.now);
  const { signal } = deadline;
  const tickMs = startMs + at * minuteMs;
  const ports = { store, settings: { ...settings, backfillMs }, finishedRuns: 'omit', log: recordingLog() } as const;
  const run = await createCounting(ports).begin([sink], signal);
  const counted = await run.collect(source, { tickMs, signal, mode: 'commit' }, async (openLedger) => {
    const ledger = await openLedger();
    ledger.noteVendorTime(startMs + toldMinute * minuteMs);
    for (const [id, minute] of finishes) ledger.countFinish(builds, id, finishOf(id, startMs + minute * minuteMs));
    ledger.noteComplete(builds);
    return { families: [], problems: [] };
  });
  if (counted.outcome !== 'counted') throw new Error(`the tick was ${counted.outcome}`);
  if (isKilled) return undefined;
  const { families } = counted.collection;
  const part = { system: source.system, source: source.name, status: 'complete', families } as const;
  return await run.deliver(sink, { tickMs, collectedAtMs: tickMs, sources: [part], health: [] }, deadline);
}

const dayMinutes = 24 * 60;

describe('increases', () => {
  it('that were stored are not taken for lost because of a run whose clock was a day ahead', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    await tick(store, sink, 1, [['a', 0.5]]);
    // It can read nothing, so only its delivery is left: what was settled before has to outlive it.
    await tick(store, sink, 2 + dayMinutes, [], { toldMinute: 2 });

    const deliveries = [
      await tick(store, sink, 3, []),
      await tick(store, sink, 20, []),
      await tick(store, sink, 40, []),
    ];

    expect(deliveries.map((delivery) => delivery?.unconfirmed)).toEqual([0, 0, 0]);
  });

  it('that were stored are sent once', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    await tick(store, sink, 1, [['a', 0.5]]);
    const delivery = await tick(store, sink, 2, [['a', 0.5]]);

    expect([...sink.stored]).toEqual([[1, 1]]);
    expect(delivery).toMatchObject({ pending: 0, unconfirmed: 0, dropped: 0 });
  });

  it('that were refused wait, and are sent again under their own time', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    sink.answer = 'refuses';
    const first = await tick(store, sink, 1, [
      ['a', 0.5],
      ['b', 0.6],
    ]);
    const second = await tick(store, sink, 2, [['c', 1.5]]);
    sink.answer = 'stores';
    const third = await tick(store, sink, 3, []);

    expect([first?.pending, second?.pending, third?.pending]).toEqual([1, 2, 0]);
    expect(third).toMatchObject({ accepted: 2, unconfirmed: 0, dropped: 0 });
    expect([...sink.stored]).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it('of which nobody knows are not sent again, and are told once', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    sink.answer = 'gives no answer';
    const told = [(await tick(store, sink, 1, [['a', 0.5]]))?.unconfirmed];
    sink.answer = 'stores';
    for (const at of [2, 17, 18, 40]) told.push((await tick(store, sink, at, []))?.unconfirmed);

    expect(told).toEqual([1, 0, 0, 0, 0]);
    expect([...sink.stored]).toEqual([]);
  });

  it('of a process that died after it had saved are told when it can be alive no more', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    await tick(store, sink, 1, [['a', 0.5]], { isKilled: true });
    const told = [];
    for (const at of [2, 15, 17, 18]) told.push((await tick(store, sink, at, []))?.unconfirmed);

    // The finish, its duration, and nothing else was added: two series.
    expect(told).toEqual([0, 0, 2, 0]);
  });

  it('of a sink that broke off are told, too', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    sink.answer = 'throws';
    await expect(tick(store, sink, 1, [['a', 0.5]])).rejects.toThrow('a bug');
    sink.answer = 'stores';

    expect((await tick(store, sink, 17, []))?.unconfirmed).toBe(2);
  });

  it('that are too old for the sink are dropped, and told', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    await tick(store, sink, 0, []);
    sink.answer = 'refuses';
    await tick(store, sink, 1, [['a', 0.5]]);
    sink.answer = 'stores';

    const delivery = await tick(store, sink, 15 * 24 * 60, []);

    expect(delivery).toMatchObject({ dropped: 1, pending: 0 });
    expect([...sink.stored]).toEqual([]);
  });

  it('are delivered without an outbox that cannot be understood, which is left as it is', async () => {
    const [store, sink] = [createMemoryStateStore(), additive()];
    const body = '{"format":2,"parcels":"of another kind"}';
    await store.save('outbox/additive/main', { body, before: 0 }, new AbortController().signal);
    await tick(store, sink, 0, []);

    const delivery = await tick(store, sink, 1, [['a', 0.5]]);

    expect([...sink.stored]).toEqual([[1, 1]]);
    expect(delivery?.problems.map(({ kind, message }) => [kind, message.includes('newer version')])).toEqual([
      ['configuration', true],
    ]);
    expect((await store.load('outbox/additive/main', new AbortController().signal))?.body).toBe(body);
  });
});

describe('history', () => {
  const old = [
    ['a', -90],
    ['b', -91],
    ['c', -30],
    ['older', -300],
  ] as const;
  const backfillMs = 120 * minuteMs;

  it('goes to a sink that takes old timestamps, in steps of five minutes, with the run after the first', async () => {
    const [store, sink] = [createMemoryStateStore(), additive({ packs: true })];
    const first = await tick(store, sink, 0, old, { backfillMs });
    await tick(store, sink, 1, old, { backfillMs });

    expect(first?.pending).toBe(3);
    expect([...sink.stored]).toEqual([
      [-95, 1],
      [-90, 1],
      [-30, 1],
    ]);
  });

  it('goes nowhere by default, nor to a sink that cannot take it', async () => {
    for (const [sink, options] of [
      [additive({ packs: true }), {}],
      [additive(), { backfillMs }],
    ] as const) {
      const store = createMemoryStateStore();
      for (const at of [0, 1]) await tick(store, sink, at, old, options);
      expect([...sink.stored]).toEqual([]);
    }
  });
});

describe('a sink of running totals', () => {
  it('needs no help', async () => {
    const totals: CountingSink = {
      id: 'totals/main',
      sink: { write: () => Promise.resolve(nothing) },
    };

    expect(await tick(createMemoryStateStore(), totals, 0, [])).toBeUndefined();
  });
});
