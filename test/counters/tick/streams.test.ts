/** Tests of the time window that a stream of finished runs is read for. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Stream, Window } from '../../../lambda/counters/ledger.ts';
import { systemErrors } from '../../../lambda/model/catalogue/run-metrics.ts';
import { builds, minuteMs, quiet, type Rig, rig, settings, startMs, sumOf, type Tell } from '../rig.ts';

/** Minutes after the first tick. */
function minutes({ fromMs, toMs }: Window): readonly [number, number] {
  return [(fromMs - startMs) / minuteMs, (toMs - startMs) / minuteMs];
}

async function windowAt({ tick }: Rig, at: number, how: 'completely' | 'partly', stream = builds) {
  let window: Window | undefined;
  await tick(at, ({ ledger }) => {
    window = ledger.openWindow(stream);
    if (how === 'completely') ledger.noteComplete(stream);
    else ledger.notePartial(stream);
    return [];
  });
  return window === undefined ? [] : minutes(window);
}

describe('the window of a stream', () => {
  it('reaches back by the overlap, and leaves the last half minute to the next tick', async () => {
    const test = rig();

    expect(await windowAt(test, 0, 'completely')).toEqual([-10, -0.5]);
    expect(await windowAt(test, 1, 'completely')).toEqual([-10, 0.5]);
    expect(await windowAt(test, 2, 'completely')).toEqual([-9.5, 1.5]);
  });

  it('has no news from before the counting, however far it reaches back', async () => {
    const { tick } = rig();
    const news: number[] = [];
    for (const at of [0, 1, 2, 11, 12]) {
      await tick(at, ({ ledger }) => {
        news.push((ledger.openWindow(builds).newsFromMs - startMs) / minuteMs);
        ledger.noteComplete(builds);
        return [];
      });
    }

    // The last window begins half a minute after the counting.
    expect(news).toEqual([0, 0, 0, 0, 0.5]);
  });

  it('has news from before the counting where it is told to those who take it', async () => {
    const { tick } = rig({ settings: { ...settings, backfillMs: 60 * minuteMs } });
    const news: number[] = [];
    for (const at of [0, 1]) {
      await tick(at, ({ ledger }) => {
        news.push((ledger.openWindow(builds).newsFromMs - startMs) / minuteMs);
        ledger.noteComplete(builds);
        return [];
      });
    }

    expect(news).toEqual([-60, 0]);
  });

  it('waits for missed ticks', async () => {
    const test = rig();
    await windowAt(test, 0, 'completely');

    expect(await windowAt(test, 240, 'completely')).toEqual([-10, 239.5]);
  });

  it('is halved when the list is cut short, and doubled until it reaches the present again', async () => {
    const test = rig();
    await windowAt(test, 0, 'completely');
    const seen = [];
    for (const at of [60, 61]) seen.push(await windowAt(test, at, 'partly'));
    for (const at of [62, 63, 64, 65]) seen.push(await windowAt(test, at, 'completely'));

    const ends = seen.map(([, to]) => to);
    expect(ends[0]).toBe(59.5);
    expect(ends[1]).toBeCloseTo(29.75, 3);
    expect(ends[2]).toBeCloseTo(14.875, 3);
    // From there on each one reaches further, as far as twice of the one before.
    expect(ends.slice(3).map((to, index) => to > (ends[index + 2] ?? 0))).toEqual([true, true, true]);
    expect(ends.at(-1)).toBe(64.5);
  });

  it('of a stream that comes later begins an hour before it, not with the installation', async () => {
    const { tick } = rig();
    for (const at of [0, 299]) await tick(at, quiet);
    const later: Stream = { name: 'later' };

    const counted = await tick(300, ({ ledger, finished }) => {
      expect(minutes(ledger.openWindow(later))).toEqual([230, 299.5]);
      finished('history', 239, {}, later);
      finished('of its first hour', 241, {}, later);
      ledger.noteComplete(later);
      return [];
    });

    expect(sumOf(counted)).toEqual({ increase: 1, total: 1 });
  });
});

describe('open runs', () => {
  const opens: Tell = ({ ledger }) => {
    ledger.noteOpen(builds, 'a');
    ledger.noteComplete(builds);
    return [];
  };
  const misses: Tell = ({ ledger }) => {
    ledger.noteMissing(builds, 'a');
    ledger.noteComplete(builds);
    return [];
  };

  it('are lost when the vendor does not know them in three ticks in a row', async () => {
    const { tick } = rig();
    await tick(0, opens);
    const lost: (number | undefined)[] = [];
    for (const [index, tell] of [misses, misses, opens, misses, misses, misses, misses].entries())
      lost.push(sumOf(await tick(index + 1, tell), systemErrors.name, { error: 'lost' })?.total);

    expect(lost).toEqual([0, 0, 0, 0, 0, 1, 1]);
  });

  it('are given oldest look first, so that no budget starves one of them', async () => {
    const { tick } = rig();
    await tick(0, ({ ledger }) => {
      for (const id of ['a', 'b', 'c']) ledger.noteOpen(builds, id);
      ledger.noteComplete(builds);
      return [];
    });
    await tick(1, opens);

    let order: readonly string[] = [];
    await tick(2, ({ ledger }) => {
      order = ledger.recallOpen(builds).map(({ id }) => id);
      return [];
    });

    expect(order).toEqual(['b', 'c', 'a']);
  });

  it('are waited for no longer when they are forgotten, and are not lost', async () => {
    const { tick } = rig();
    await tick(0, opens);

    const counted = await tick(1, ({ ledger }) => {
      ledger.forget(builds, 'a');
      ledger.noteComplete(builds);
      return [];
    });

    expect(counted.outcome === 'counted' && counted.figures.openRuns).toBe(0);
    expect(sumOf(counted, systemErrors.name, { error: 'lost' })?.total).toBe(0);
  });
});

describe('what is remembered', () => {
  it('of a stream that is dropped is gone', async () => {
    const { tick } = rig();
    await tick(0, quiet);
    let names: readonly string[] = [];
    await tick(1, ({ ledger }) => {
      ledger.dropStream(builds.name, 'gone');
      names = ledger.recallStreams();
      return [];
    });

    expect(names).toEqual([]);
  });

  it('is given back in its shape, and not at all in another', async () => {
    const { tick } = rig();
    await tick(0, ({ ledger }) => {
      ledger.remember('cursor', { page: 7 });
      ledger.noteComplete(builds);
      return [];
    });
    const recalled: unknown[] = [];
    await tick(1, ({ ledger }) => {
      recalled.push(ledger.recall('cursor', z.object({ page: z.number() })));
      recalled.push(ledger.recall('cursor', z.string()), ledger.recall('another', z.unknown()));
      return [];
    });

    expect(recalled).toEqual([{ page: 7 }, undefined, undefined]);
  });
});

describe('a quota', () => {
  const rate = { requests: 50, windowMs: 60 * minuteMs };

  it('lasts over runs, and begins anew after its window', async () => {
    const { tick } = rig();
    const left: number[] = [];
    for (const at of [0, 30, 61]) {
      await tick(at, ({ ledger }) => {
        const quota = ledger.openBudget('rest', rate);
        left.push(quota.remaining());
        expect(quota.take(40)).toBe(quota.remaining() >= 0 && left.at(-1) === 50);
        ledger.noteComplete(builds);
        return [];
      });
    }

    expect(left).toEqual([50, 10, 50]);
  });

  it("is the lower of what was counted and what the vendor says, until the vendor's window ends", async () => {
    const { tick } = rig();
    const left: number[] = [];
    const look: Tell = ({ ledger }) => {
      left.push(ledger.openBudget('rest', rate).remaining());
      ledger.noteComplete(builds);
      return [];
    };
    await tick(0, (told) => {
      told.ledger.openBudget('rest', rate).noteRateLimit({ remaining: 3, resetMs: startMs + 10 * minuteMs });
      return look(told);
    });
    await tick(9, look);
    await tick(11, look);

    expect(left).toEqual([3, 3, 50]);
  });

  it('that the vendor has refused is spent until the time that the vendor named, and no longer', async () => {
    const { tick } = rig();
    const left: number[] = [];
    const look: Tell = ({ ledger }) => {
      left.push(ledger.openBudget('rest', rate).remaining());
      ledger.noteComplete(builds);
      return [];
    };
    await tick(0, look);
    await tick(5, (told) => {
      told.ledger.openBudget('rest', rate).noteRateLimit({ remaining: 0, resetMs: startMs + 6 * minuteMs });
      return look(told);
    });
    await tick(5.5, look);
    await tick(6, (told) => {
      expect(told.ledger.openBudget('rest', rate).take(20)).toBe(true);
      return look(told);
    });
    await tick(59, look);

    expect(left).toEqual([50, 0, 0, 30, 30]);
  });

  it('that the vendor has refused outlives the window of its own count', async () => {
    const { tick } = rig();
    const left: number[] = [];
    await tick(0, ({ ledger }) => {
      ledger.openBudget('rest', rate).noteRateLimit({ remaining: 0, resetMs: startMs + 90 * minuteMs });
      ledger.noteComplete(builds);
      return [];
    });
    for (const at of [61, 89, 90]) {
      await tick(at, ({ ledger }) => {
        left.push(ledger.openBudget('rest', rate).remaining());
        ledger.noteComplete(builds);
        return [];
      });
    }

    expect(left).toEqual([0, 0, 50]);
  });
});
