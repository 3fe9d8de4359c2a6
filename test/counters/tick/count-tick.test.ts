/** Tests of counting finished runs once over many ticks, and of starting to count. */
import { describe, expect, it } from 'vitest';
import { type OpenRun, type Stream, TickTakenError } from '../../../lambda/counters/ledger.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import { StateStoreError, type StateStore } from '../../../lambda/counters/stores/store.ts';
import {
  runDuration,
  runLastSuccess,
  runsFinished,
  systemErrors,
} from '../../../lambda/model/catalogue/run-metrics.ts';
import { builds, familiesOf, minuteMs, quiet, rig, saw, settings, source, startMs, sumOf, type Tell } from '../rig.ts';
import { countTick } from '../../../lambda/counters/tick/count-tick.ts';

const waiting = { kind: 'rate-limited', where: 'test/main', message: 'asked too often' } as const;
const unavailable = { kind: 'unavailable', where: 'test/main', message: 'the CI system did not answer' } as const;

describe('finishes', () => {
  it('count once, however often the same page is read', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const page = saw(['a', 0.2], ['b', 0.4]);
    const ticks = [await tick(1, page), await tick(2, page), await tick(3, page)];

    expect(ticks.map((counted) => sumOf(counted))).toEqual([
      { increase: 2, total: 2 },
      { increase: 0, total: 2 },
      { increase: 0, total: 2 },
    ]);
  });

  it('do not count when they ended before the counting and the vendor moves their end later', async () => {
    const { tick } = rig();
    await tick(0, saw(['old', -1]));

    expect(sumOf(await tick(1, saw(['old', 0.4])))).toBeUndefined();
    expect(sumOf(await tick(2, saw(['old', 0.4], ['new', 1.2])))).toEqual({ increase: 1, total: 1 });
  });

  it('count when a run ends five ticks after it was created', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    const open: OpenRun[] = [];
    for (const at of [1, 2, 3, 4, 5]) {
      await tick(at, ({ ledger }) => {
        ledger.noteOpen(builds, 'slow', 'note');
        ledger.noteComplete(builds);
        return [];
      });
    }
    const last = await tick(6, ({ ledger, finished }) => {
      open.push(...ledger.recallOpen(builds));
      finished('slow', 5.5);
      ledger.noteComplete(builds);
      return [];
    });

    const lastCheckedMs = startMs + 5 * minuteMs;
    expect(open).toEqual([{ id: 'slow', firstSeenMs: startMs + minuteMs, lastCheckedMs, note: 'note' }]);
    expect(sumOf(last)).toEqual({ increase: 1, total: 1 });
  });

  it('count all five of one interval', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const counted = await tick(1, saw(['a', 0.1], ['b', 0.2], ['c', 0.3], ['d', 0.4], ['e', 0.45]));

    expect(sumOf(counted)).toEqual({ increase: 5, total: 5 });
  });

  it('never make a total fall over 48 hours', async () => {
    const { tick } = rig();
    let last = 0;
    for (let at = 0; at < 48 * 60; at += 10) {
      const counted = await tick(at, saw([`run ${String(at)}`, at - 1], [`run ${String(at - 10)}`, at - 11]));
      const total = sumOf(counted)?.total ?? 0;
      expect(total).toBeGreaterThanOrEqual(last);
      last = total;
    }
    expect(last).toBe(48 * 6 - 1);
  });

  it('of two attempts count twice', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const counted = await tick(1, saw(['a', 0.2], ['a', 0.4, { attempt: 2 }]));

    expect(sumOf(counted)).toEqual({ increase: 2, total: 2 });
  });

  it('from before the installation never count, but are the last success', async () => {
    const { tick } = rig();

    const counted = await tick(0, saw(['old', -3]));

    expect(sumOf(counted)).toBeUndefined();
    const marks = familiesOf(counted).find(({ definition }) => definition.name === runLastSuccess.name);
    expect(marks?.type === 'gauge' && marks.samples.map(({ value }) => value)).toEqual([
      (startMs - 3 * minuteMs) / 1000,
    ]);
  });

  it('that end between the first tick and its read count', async () => {
    const { tick } = rig();

    expect(sumOf(await tick(0, saw(['a', 0.05])))).toEqual({ increase: 1, total: 1 });
  });

  it('that a list shows for longer than they are remembered do not count again', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5]));

    // Only the newest page, in which nothing happens for an hour.
    const counted = await tick(61, saw(['a', 0.5]));
    const later = await tick(121, saw(['a', 0.5]));

    expect([sumOf(counted), sumOf(later)]).toEqual([
      { increase: 0, total: 1 },
      { increase: 0, total: 1 },
    ]);
  });

  it('of a run that was waited for count however late they are found', async () => {
    const { tick } = rig();
    await tick(0, ({ ledger }) => {
      ledger.noteOpen(builds, 'a');
      ledger.noteComplete(builds);
      return [];
    });
    for (const at of [1, 20, 40]) await tick(at, quiet);

    const stale = ({ ledger }: Parameters<typeof quiet>[0]) => {
      ledger.noteOpen(builds, 'a');
      ledger.noteComplete(builds);
      return [];
    };
    const found = await tick(41, saw(['a', 5]));
    await tick(42, stale);
    const again = await tick(43, saw(['a', 5]));

    expect(sumOf(found)).toEqual({ increase: 1, total: 1 });
    expect(sumOf(again)).toEqual({ increase: 0, total: 1 });
  });

  it('stay open when another attempt of the run is open', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, ({ ledger, finished }) => {
      ledger.noteOpen(builds, 'a');
      finished('a', 0.5);
      ledger.noteComplete(builds);
      return [];
    });

    let open: readonly string[] = [];
    await tick(2, ({ ledger }) => {
      open = ledger.recallOpen(builds).map(({ id }) => id);
      return [];
    });

    expect(open).toEqual(['a']);
  });

  it('of a run that was given up as lost count all the same, and it is lost only once', async () => {
    const { tick } = rig();
    const stream: Stream = { ...builds, openForMs: 60 * minuteMs };
    const hangs: Tell = ({ ledger }) => {
      ledger.noteOpen(stream, 'a');
      ledger.noteComplete(stream);
      return [];
    };
    const lost: number[] = [];
    for (const at of [0, 30, 61, 62, 125, 190]) {
      lost.push(sumOf(await tick(at, hangs), systemErrors.name, { error: 'lost' })?.total ?? 0);
    }

    const found = await tick(191, ({ ledger, finished }) => {
      expect(ledger.recallOpen(stream)).toEqual([]);
      finished('a', 100, {}, stream);
      ledger.noteComplete(stream);
      return [];
    });

    expect(lost).toEqual([0, 0, 1, 1, 1, 1]);
    expect(sumOf(found)).toEqual({ increase: 1, total: 1 });
  });

  it('with negative values are taken for 0 and counted as clock skew', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const counted = await tick(1, saw(['a', 0.2, { seconds: -1 }]));

    expect(sumOf(counted, systemErrors.name, { error: 'skew' })?.increase).toBe(1);
    const family = familiesOf(counted).find(({ definition }) => definition.name === runDuration.name);
    expect(family?.type === 'distribution' && family.samples[0]?.observations).toEqual([0]);
  });

  it('fill a histogram whose count is the counter and whose sum is exact', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.2, { seconds: 5 }], ['b', 0.3, { seconds: 5.5 }]));

    const counted = await tick(2, saw(['c', 1.2, { seconds: 20_000 }]));

    const family = familiesOf(counted).find(({ definition }) => definition.name === runDuration.name);
    const [sample] = family?.type === 'distribution' ? family.samples : [];
    expect(sample?.observations).toEqual([20_000]);
    expect(sample?.exemplars?.map(({ labels }) => labels)).toEqual([{ build: 'c' }]);
    expect(sample?.total).toEqual({
      bounds: settings.durationBounds,
      // At most 5, at most 10, and above all bounds.
      counts: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      sum: 20_010.5,
      startMs,
    });
    expect(sumOf(counted)?.total).toBe(3);
  });
});

describe('a tick', () => {
  it('that was counted already publishes nothing', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(2, quiet);

    const repeated = await tick(2, saw(['a', 1]));
    const late = await tick(1, saw(['a', 0.5]));

    expect([repeated.outcome, late.outcome]).toEqual(['skipped', 'skipped']);
    expect(sumOf(await tick(3, saw(['a', 1])))).toEqual({ increase: 1, total: 1 });
  });

  it('that loses the race publishes nothing, and the other one has counted', async () => {
    const store = createMemoryStateStore();
    const { tick } = rig({ store });
    await tick(0, quiet);

    // Between its load and its save another invocation runs as a whole.
    const { promise: loaded, resolve: goOn } = Promise.withResolvers<undefined>();
    const slow = rig({
      store: {
        load: (...given) => store.load(...given),
        save: async (...given) => {
          await loaded;
          return await store.save(...given);
        },
      },
    }).tick(1, saw(['a', 0.5]));
    const fast = await tick(2, saw(['a', 0.5]));
    goOn(undefined);

    expect((await slow).outcome).toBe('skipped');
    expect(sumOf(fast)).toEqual({ increase: 1, total: 1 });
    expect(sumOf(await tick(3, quiet))).toEqual({ increase: 0, total: 1 });
  });

  it('that fails leaves the state as it was, byte for byte', async () => {
    const { tick, body } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5]));
    const before = await body();

    const thrown = tick(2, ({ finished }) => {
      finished('b', 1.5);
      throw new TypeError('a bug');
    });
    await expect(thrown).rejects.toThrow('a bug');
    const unread = await tick(3, () => [unavailable]);

    expect(await body()).toBe(before);
    expect(familiesOf(unread)).toEqual([]);
    expect(sumOf(await tick(4, saw(['b', 1.5])))).toEqual({ increase: 1, total: 2 });
  });

  it('in which the source has to wait publishes its totals as they are', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    await tick(1, saw(['a', 0.5]));

    const ticks = [await tick(2, () => [waiting]), await tick(3, () => [unavailable, waiting])];
    const after = await tick(4, saw(['b', 1.5]));

    expect(ticks.map((counted) => sumOf(counted))).toEqual([
      { increase: 0, total: 1 },
      { increase: 0, total: 1 },
    ]);
    expect(ticks.map((counted) => counted.outcome !== 'skipped' && counted.collection.problems.length)).toEqual([1, 2]);
    expect(sumOf(after)).toEqual({ increase: 1, total: 2 });
  });

  it('that is the first, and in which the source has to wait, is repeated as a whole', async () => {
    const { tick, body } = rig();

    await tick(0, () => [waiting]);

    expect(await body()).toBeUndefined();
    expect(await tick(1, quiet)).toMatchObject({ outcome: 'counted', figures: { isNew: true } });
  });

  it('that fails saves its request quotas and nothing else', async () => {
    const { tick, body } = rig();
    await tick(0, quiet);
    await tick(1, ({ ledger, finished }) => {
      expect(ledger.openBudget('rest', { requests: 50, windowMs: minuteMs }).take(20)).toBe(true);
      finished('a', 0.5);
      ledger.remember('cursor', 1);
      throw new TypeError('a bug');
    }).catch(() => undefined);

    const state = await body();
    let remaining = 0;
    await tick(1.5, ({ ledger }) => {
      remaining = ledger.openBudget('rest', { requests: 50, windowMs: minuteMs }).remaining();
      return [];
    });

    expect(state).toContain('"quotas":{"rest":[');
    expect(state).not.toContain('cursor');
    expect(remaining).toBe(30);
  });

  it('that fails before there was a state is a first tick once more', async () => {
    const { tick, body } = rig();
    await tick(0, ({ ledger }) => {
      ledger.openBudget('rest', { requests: 50, windowMs: minuteMs }).take(20);
      throw new TypeError('a bug');
    }).catch(() => undefined);

    expect(await body()).toBeUndefined();
    expect((await tick(1, quiet)).outcome).toBe('counted');
  });

  it('of a dry run reads the state and saves nothing', async () => {
    const { tick, body } = rig();
    await tick(0, quiet);
    const before = await body();

    const preview = await tick(1, saw(['a', 0.5]), { mode: 'preview' });

    expect(sumOf(preview)).toEqual({ increase: 1, total: 1 });
    expect(await body()).toBe(before);
  });

  it('does its work after the save, and only then', async () => {
    const { tick, store, log } = rig();
    const done: string[] = [];
    await tick(0, ({ ledger }) => {
      ledger.deferUntilSaved(async () => {
        const saved = await store.load(source.id, new AbortController().signal);
        done.push(`version ${String(saved?.version)}`);
      });
      ledger.deferUntilSaved(() => Promise.reject(new Error('the queue is gone')));
      ledger.noteComplete(builds);
      return [];
    });
    await tick(0, ({ ledger }) => {
      ledger.deferUntilSaved(() => Promise.reject(new Error('never')));
      return [];
    });

    expect(done).toEqual(['version 1']);
    expect(log.lines.map(({ message }) => message)).toEqual(['work after the state was saved failed']);
  });

  it('gives its finished runs for the log', async () => {
    const { tick } = rig();
    await tick(0, quiet);

    const counted = await tick(1, saw(['a', 0.5]));

    expect(counted.outcome === 'counted' && counted.lines).toEqual([{ run: 'a' }]);
  });
});

describe('a store', () => {
  const broken = new StateStoreError('unavailable', 'the table ci-state did not answer; nothing to do');

  it('that cannot be read costs the counters and leaves the levels', async () => {
    const store = { load: () => Promise.reject(broken), save: () => Promise.reject(broken) };
    const level = { kind: 'unavailable', where: 'test/main state' } as const;

    const counted = await countTick(
      async (openLedger) => {
        try {
          await openLedger();
          return { families: [], problems: [] };
        } catch {
          return { families: [], problems: [{ ...level, message: 'the source told it' }] };
        }
      },
      source,
      contextOf(store),
    );

    expect(counted).toMatchObject({ outcome: 'uncounted', collection: { problems: [level] } });
  });

  it('whose error escapes the source is a problem, not a bug', async () => {
    const { tick } = rig({ store: { load: () => Promise.reject(broken), save: () => Promise.reject(broken) } });

    expect(await tick(0, quiet)).toMatchObject({
      outcome: 'uncounted',
      collection: { problems: [{ kind: 'unavailable', where: 'test/main state' }] },
    });
  });

  it('whose answer is lost withholds the counters, and the next tick knows what was saved', async () => {
    const store = createMemoryStateStore();
    const { tick } = rig({ store });
    await tick(0, quiet);
    const lost = await rig({
      store: {
        load: (...given) => store.load(...given),
        save: async (...given) => {
          await store.save(...given);
          throw broken;
        },
      },
    }).tick(1, saw(['a', 0.5]));

    expect(familiesOf(lost)).toEqual([]);
    expect(lost.outcome !== 'skipped' && lost.collection.problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(sumOf(await tick(2, saw(['a', 0.5])))).toEqual({ increase: 0, total: 1 });
  });

  it('that lost the state begins anew, with a new start', async () => {
    const first = rig();
    await first.tick(0, quiet);
    await first.tick(1, saw(['a', 0.5]));

    const { tick } = rig();
    const counted = await tick(60, saw(['a', 0.5], ['b', 60.1]));

    const family = familiesOf(counted).find(({ definition }) => definition.name === runsFinished.name);
    expect(family?.type === 'counter' && family.samples.map(({ total }) => total)).toEqual([
      { value: 1, startMs: startMs + 60 * minuteMs },
    ]);
    expect(counted).toMatchObject({ outcome: 'counted', figures: { isNew: true } });
  });

  it.each([
    ['a newer version', '{"format":2,"everything":"else"}', 'newer version of the collector (format 2, not 1)'],
    ['another program', 'not json', 'cannot be read, and it was left as it is'],
    ['a damaged disk', '{"format":1,"tick":"x"}', 'cannot be read, and it was left as it is'],
  ])('with a document of %s is refused and left as it is', async (_by, body, message) => {
    const { tick, store, body: stored } = rig();
    await store.save(source.id, { body, before: 0 }, new AbortController().signal);

    const counted = await tick(0, quiet);

    expect(counted.outcome !== 'skipped' && counted.collection.problems[0]?.message).toContain(message);
    expect(await stored()).toBe(body);
  });

  it('is not written to once who waited has gone', async () => {
    const gone = new AbortController();
    const { tick, body } = rig({ signal: gone.signal });

    const counted = tick(0, ({ ledger }) => {
      ledger.noteComplete(builds);
      gone.abort();
      return [];
    });

    await expect(counted).rejects.toThrow();
    expect(await body()).toBeUndefined();
  });
});

describe('a source that hides a taken tick', () => {
  it('is skipped all the same', async () => {
    const { tick, store } = rig();
    await tick(1, quiet);

    const counted = await countTick(
      async (openLedger) => {
        const error: unknown = await openLedger().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(TickTakenError);
        return { families: [], problems: [] };
      },
      source,
      { ...contextOf(store), tickMs: startMs },
    );

    expect(counted.outcome).toBe('skipped');
  });
});

function contextOf(store: StateStore) {
  const { log } = rig();
  return {
    tickMs: startMs,
    store,
    signal: new AbortController().signal,
    settings,
    mode: 'commit' as const,
    additiveSinks: [],
    isSettled: () => false,
    log,
  };
}
