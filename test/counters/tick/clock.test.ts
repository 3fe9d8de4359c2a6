/** Tests of counting while the clock of the collector or of the CI system is wrong. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import { countTick } from '../../../lambda/counters/tick/count-tick.ts';
import type { Stream } from '../../../lambda/counters/ledger.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { systemErrors } from '../../../lambda/model/catalogue/run-metrics.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { builds, familiesOf, minuteMs, quiet, rig, saw, settings, source, startMs, sumOf, type Tell } from '../rig.ts';

const hour = 60;
const day = 24 * hour;

/** As in a deployment with the interval that most have. */
const everyMinute = { settings: { ...settings, intervalMs: minuteMs } };

/** What the answers of a vendor tell beside the rest: its own time, which is right. */
function at(trueMinute: number, tell: Tell): Tell {
  return (told) => {
    told.ledger.noteVendorTime(startMs + trueMinute * minuteMs);
    return tell(told);
  };
}

function problemsOf(counted: CountedTick): readonly string[] {
  return problemsIn(counted).map(({ kind }) => kind);
}

function problemsIn(counted: CountedTick) {
  return counted.outcome === 'skipped' ? counted.problems : counted.collection.problems;
}

/** Minutes that are given to the first run with a right clock. */
const isoOf = (minute: number): string => new Date(startMs + minute * minuteMs).toISOString();

describe.each([
  ['that tells its time', at],
  ['that tells no time', (_minute: number, tell: Tell) => tell],
] as const)('a clock that was ahead once, with a vendor %s', (_which, told) => {
  it.each([2 * hour, day, 400 * day])('costs no finish, and none is counted twice (by %i minutes)', async (ahead) => {
    const { tick } = rig(everyMinute);
    await tick(0, told(0, quiet));
    await tick(1, told(1, saw(['a', 0.5])));
    // What a list by the end of runs shows: the overlap and everything since.
    await tick(2 + ahead, told(2, saw(['a', 0.5], ['b', 1.5])));

    const back = await tick(3, told(3, saw(['a', 0.5], ['b', 1.5], ['c', 2.6])));
    const next = await tick(4, told(4, saw(['b', 1.5], ['c', 2.6], ['d', 3.5], ['late', 2.2])));

    expect([sumOf(back), sumOf(next)]).toEqual([
      { increase: 1, total: 3 },
      { increase: 2, total: 5 },
    ]);
    expect([problemsOf(back), problemsOf(next)]).toEqual([['clock'], []]);
    const [problem] = problemsIn(back);
    expect(problem?.where).toBe('test/main state');
    expect(problem?.message).toContain(isoOf(2 + ahead));
    expect(problem?.message).toContain(isoOf(3));
  });

  it('is no end of what runs, nor of a series', async () => {
    const stream: Stream = { ...builds, openForMs: hour * minuteMs };
    const open: Tell = ({ ledger }) => {
      ledger.noteOpen(stream, 'slow');
      ledger.noteComplete(stream);
      return [];
    };
    const { tick } = rig(everyMinute);
    await tick(0, told(0, open));
    await tick(1, told(1, saw(['a', 0.5])));
    const ahead = await tick(2 + 400 * day, told(2, quiet));

    const back = await tick(3, told(3, saw(['slow', 2.9])));

    expect(sumOf(ahead)).toEqual({ increase: 0, total: 1 });
    expect(sumOf(ahead, systemErrors.name, { error: 'lost' })?.total).toBe(0);
    expect(sumOf(back)).toEqual({ increase: 1, total: 2 });
  });

  it('in the first run of all lets counting begin when the next one runs', async () => {
    const { tick } = rig(everyMinute);
    await tick(day, told(0, saw(['before', -30])));

    const back = await tick(1, told(1, saw(['before', -30], ['a', 1.2])));
    const next = await tick(2, told(2, saw(['before', -30], ['a', 1.2], ['b', 1.7])));

    expect([sumOf(back), sumOf(next)]).toEqual([
      { increase: 1, total: 1 },
      { increase: 1, total: 2 },
    ]);
  });

  it('holds no quota and nothing that is asked at fixed times', async () => {
    const { tick } = rig(everyMinute);
    const rate = { requests: 50, windowMs: hour * minuteMs };
    const shape = z.object({ lookedMs: z.number(), rows: z.array(z.tuple([z.string(), z.number()])) });
    await tick(0, told(0, quiet));
    await tick(1 + day, ({ ledger }) => {
      ledger.openBudget('rest', rate).take(50);
      ledger.remember('looks', { lookedMs: ledger.tickMs, rows: [['a', ledger.tickMs + 90_000]] });
      ledger.noteComplete(builds);
      return [];
    });

    let left = 0;
    let recalled: unknown;
    await tick(2, ({ ledger }) => {
      left = ledger.openBudget('rest', rate).remaining();
      recalled = ledger.recall('looks', shape);
      return [];
    });

    expect(left).toBe(50);
    const nowMs = startMs + 2 * minuteMs;
    expect(recalled).toEqual({ lookedMs: nowMs, rows: [['a', nowMs]] });
  });
});

describe('what tells no time of its own', () => {
  it.each([
    ['what the vendor tells', 2, 2],
    ['what was proven before, when the vendor tells nothing', undefined, 1],
  ])('has that of %s, and not that of a clock that is ahead', async (_which, toldMinute, minute) => {
    const { tick } = rig(everyMinute);
    await tick(0, at(0, quiet));
    await tick(1, at(1, quiet));
    let now: number | undefined;

    await tick(2 + day, ({ ledger }) => {
      if (toldMinute !== undefined) ledger.noteVendorTime(startMs + toldMinute * minuteMs);
      now = ledger.now();
      return [];
    });

    expect(now).toBe(startMs + minute * minuteMs);
  });
});

describe('a clock that was ahead in the first run of all', () => {
  it('leaves runs in flight to be found by the next one, once the vendor has told its time', async () => {
    const { tick } = rig(everyMinute);
    const firsts: boolean[] = [];
    const looking: Tell = ({ ledger }) => {
      firsts.push(ledger.openWindow(builds).isFirst);
      ledger.noteComplete(builds);
      return [];
    };
    await tick(5 * hour, at(0, looking));
    await tick(1, at(1, looking));
    await tick(2, at(2, looking));

    expect(firsts).toEqual([true, true, false]);
  });
});

describe('a state of a tick that is still to come by the clock of this run', () => {
  const clockAt = (minute: number) => ({ clock: () => startMs + minute * minuteMs });

  it.each([3, 12, 21])('is that of a wrong clock, ahead by %i minutes: counting goes on at once', async (ahead) => {
    const { tick } = rig(everyMinute);
    await tick(0, at(0, quiet), clockAt(0.1));
    await tick(1 + ahead, at(1, saw(['a', 0.5])), clockAt(1.1 + ahead));

    const next = await tick(2, at(2, saw(['a', 0.5], ['b', 1.5])), clockAt(2.1));
    const after = await tick(3, at(3, saw(['a', 0.5], ['b', 1.5], ['c', 2.5])), clockAt(3.1));

    expect([sumOf(next), sumOf(after)]).toEqual([
      { increase: 1, total: 2 },
      { increase: 1, total: 3 },
    ]);
    expect([problemsOf(next), problemsOf(after)]).toEqual([['clock'], []]);
    expect(problemsIn(next)[0]?.message).toContain(isoOf(1 + ahead));
  });

  it('is that of a faster run where the time has come: this run is late, and skipped', async () => {
    const { tick } = rig(everyMinute);
    await tick(12, quiet, clockAt(12.1));

    expect(await tick(2, quiet, clockAt(12.2))).toMatchObject({ outcome: 'skipped' });
  });

  it('may be a minute ahead, as a schedule is of a machine', async () => {
    const { tick } = rig(everyMinute);
    await tick(2, quiet, clockAt(1.1));

    expect(await tick(1, quiet, clockAt(1.1))).toMatchObject({ outcome: 'skipped' });
  });

  it('is set back once, also by a source that has nothing to read', async () => {
    const { tick } = rig(everyMinute);
    await tick(0, quiet);
    await tick(day, quiet);

    const idle = await tick(1, () => []);
    const next = await tick(2, () => []);

    expect([problemsOf(idle), problemsOf(next)]).toEqual([['clock'], []]);
  });
});

describe('a clock that is ahead for many runs', () => {
  it('costs no finish while the vendor tells its time', async () => {
    const { tick } = rig(everyMinute);
    await tick(0, at(0, quiet));
    for (let minute = 1; minute <= 120; minute += 1) {
      const ended = [`run ${String(minute)}`, minute - 0.5] as const;
      await tick(minute + 15, at(minute, saw(ended)));
    }

    const counted = await tick(160, at(160, saw(['last', 159.5])));

    expect(sumOf(counted)).toEqual({ increase: 1, total: 121 });
  });

  it('costs none either when the vendor tells no time, but by what it shows', async () => {
    const { tick } = rig(everyMinute);
    await tick(0, quiet);
    for (let minute = 1; minute <= 120; minute += 1)
      await tick(minute + day, saw([`run ${String(minute)}`, minute - 0.5]));

    const back = await tick(121, saw(['run 119', 118.5], ['run 120', 119.5], ['last', 120.2]));

    expect(sumOf(back)).toEqual({ increase: 1, total: 121 });
    expect(problemsOf(back)).toEqual(['clock']);
  });
});

describe('a clock that is set back', () => {
  it('goes on counting, and nothing is counted twice', async () => {
    const { tick } = rig(everyMinute);
    await tick(0, quiet);
    await tick(180, at(180, saw(['a', 100], ['b', 179.5])));

    const behind = await tick(61, at(181, saw(['a', 100], ['b', 179.5], ['c', 180.5])));
    const still = await tick(62, at(182, saw(['b', 179.5], ['c', 180.5], ['d', 181.5])));
    const right = await tick(183, at(183, saw(['b', 179.5], ['c', 180.5], ['d', 181.5], ['e', 182.2])));

    expect([behind, still, right].map((counted) => sumOf(counted)?.total)).toEqual([3, 4, 5]);
    expect([behind, still, right].map(problemsOf)).toEqual([['clock'], [], []]);
  });

  it('by more than counting is old does the same', async () => {
    const { tick } = rig(everyMinute);
    await tick(0, quiet);
    await tick(20, saw(['a', 2], ['b', 19.5]));

    const behind = await tick(-120, saw(['a', 2], ['b', 19.5], ['c', 20.5]));

    expect(sumOf(behind)).toEqual({ increase: 1, total: 3 });
  });

  it('publishes the levels, also when nothing of what is counted can be read', async () => {
    const store = createMemoryStateStore();
    const { tick } = rig({ store, ...everyMinute });
    await tick(day, quiet);
    const level = { type: 'gauge', definition: queueJobs, samples: [] } as const;
    const unavailable = { kind: 'unavailable', where: 'test/main', message: 'the list did not answer' } as const;

    const counted = await countTick(
      async (openLedger) => {
        await openLedger();
        return { families: [level], problems: [unavailable] };
      },
      source,
      { ...contextOf(store), tickMs: startMs },
    );

    expect(familiesOf(counted)).toEqual([level]);
    expect(problemsOf(counted)).toEqual(['unavailable', 'clock']);
  });

  it('is told by a source that fails', async () => {
    const store = createMemoryStateStore();
    const { tick, body } = rig({ store, ...everyMinute });
    await tick(day, quiet);
    const before = await body();

    const failing = await tick(0, ({ ledger }) => {
      expect(ledger.tickMs).toBe(startMs);
      return [{ kind: 'unavailable', where: 'test/main', message: 'the CI system did not answer' }];
    });

    expect(problemsOf(failing)).toEqual(['unavailable', 'clock']);
    expect(await body()).toBe(before);
  });
});

describe('a run whose tick is taken', () => {
  it('is quiet when another invocation has the same tick', async () => {
    const { tick } = rig(everyMinute);
    await tick(5, quiet);

    expect(await tick(5, quiet)).toMatchObject({ outcome: 'skipped', problems: [] });
  });

  it.each([1, 22])('says so when the other tick is a later one, by %i minutes', async (minutes) => {
    const { tick } = rig(everyMinute);
    await tick(minutes, quiet);

    const late = await tick(0, quiet);

    expect(late.outcome).toBe('skipped');
    expect(problemsOf(late)).toEqual(['clock']);
    expect(problemsIn(late)[0]?.message).toContain(isoOf(minutes));
    expect(problemsIn(late)[0]?.message).toContain(isoOf(0));
  });

  it('goes on beyond what two invocations can differ', async () => {
    const { tick } = rig(everyMinute);
    await tick(23, quiet);

    expect((await tick(0, quiet)).outcome).toBe('counted');
  });

  it.each([
    ['the same tick', 2, []],
    ['another one', 3, ['timeout']],
  ] as const)('while it is at work tells it unless it is %s', async (_which, other, problems) => {
    const store = createMemoryStateStore();
    const { tick } = rig({ store, ...everyMinute });
    await tick(1, quiet);

    // The other one runs as a whole between the load and the save of this one.
    const { promise: saved, resolve: goOn } = Promise.withResolvers<undefined>();
    const slowStore: StateStore = {
      load: (...given) => store.load(...given),
      save: async (...given) => {
        await saved;
        return await store.save(...given);
      },
    };
    const slow = rig({ store: slowStore, ...everyMinute }).tick(2, saw(['a', 1.5]));
    await tick(other, saw(['a', 1.5]));
    goOn(undefined);

    expect(await slow).toMatchObject({ outcome: 'skipped' });
    expect(problemsOf(await slow)).toEqual(problems);
  });
});

function contextOf(store: StateStore) {
  return {
    tickMs: startMs,
    store,
    signal: new AbortController().signal,
    ...everyMinute,
    mode: 'commit' as const,
    additiveSinks: [],
    isSettled: () => false,
    log: recordingLog(),
  };
}

describe('a clock that is always ahead of the vendor', () => {
  /** The vendor's time comes with the answers, so it is unknown before the first one. */
  it.each([12, 15, 2 * hour, 5 * day])('by %i minutes loses no finish', async (ahead) => {
    const { tick } = rig(everyMinute);
    const lists = Array.from({ length: 12 }, (_, index) => [`build ${String(index)}`, index + 0.2] as const);
    let totals: number[] = [];
    for (let minute = 0; minute <= 12; minute += 1) {
      let answered: number | undefined;
      const counted = await tick(
        minute + ahead,
        (told) => {
          const { fromMs } = told.ledger.openWindow(builds);
          answered = startMs + minute * minuteMs;
          // As a vendor lists: what ended since the beginning of the window, until now.
          const ended = lists.filter(([, at]) => at <= minute && startMs + at * minuteMs >= fromMs);
          return saw(...ended)(told);
        },
        { vendorNow: () => answered },
      );
      totals = [...totals, sumOf(counted)?.total ?? 0];
    }

    expect(totals).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('counts what ends in the very first run, and nothing from before it', async () => {
    const { tick } = rig(everyMinute);
    const vendorNow = (): number => startMs;
    const during: Tell = ({ ledger, finished }) => {
      ledger.openWindow(builds);
      finished('before', -1);
      finished('now', 0.1);
      ledger.noteComplete(builds);
      return [];
    };

    const first = await tick(2 * hour, during, { vendorNow });
    const next = await tick(2 * hour + 1, saw(['before', -1], ['now', 0.1], ['after', 0.5]), {
      vendorNow: () => startMs + minuteMs,
    });

    expect(sumOf(first)).toEqual({ increase: 1, total: 1 });
    expect(sumOf(next)).toEqual({ increase: 1, total: 2 });
  });

  it('loses nothing of a stream that comes later', async () => {
    const { tick } = rig(everyMinute);
    const later: Stream = { name: 'a new repository' };
    await tick(2 * hour, quiet, { vendorNow: () => startMs });
    await tick(2 * hour + 1, quiet, { vendorNow: () => startMs + minuteMs });

    const counted = await tick(
      2 * hour + 2,
      ({ ledger, finished }) => {
        ledger.openWindow(later);
        finished('a', 1.5, {}, later);
        ledger.noteComplete(later);
        return [];
      },
      { vendorNow: () => startMs + 2 * minuteMs },
    );

    expect(sumOf(counted)).toEqual({ increase: 1, total: 1 });
  });
});
