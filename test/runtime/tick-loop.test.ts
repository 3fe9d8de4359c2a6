/** Tests of the loop that runs ticks on a grid, whatever the clock does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateTicks } from '../../lambda/runtime/tick-loop.ts';

/** A clock that moves only by sleeping and by the work that the consumer says it does. */
function simulatedTime(startMs: number) {
  let nowMs = startMs;
  const stop = new AbortController();
  return {
    stop,
    schedule: {
      clock: () => nowMs,
      signal: stop.signal,
      sleep: (ms: number): Promise<void> => {
        nowMs += ms;
        return Promise.resolve();
      },
    },
    work: (ms: number): void => {
      nowMs += ms;
    },
    now: () => nowMs,
  };
}

/** Takes one tick for each entry of `workMs`, working that long after it. */
async function takeTicks(
  time: ReturnType<typeof simulatedTime>,
  intervalMs: number,
  workMs: readonly number[],
  startMs?: number,
): Promise<{ scheduledMs: number; atMs: number }[]> {
  const taken: { scheduledMs: number; atMs: number }[] = [];
  const start = startMs === undefined ? {} : { startMs };
  for await (const scheduledMs of generateTicks({ ...time.schedule, ...start, intervalMs })) {
    taken.push({ scheduledMs, atMs: time.now() });
    time.work(workMs[taken.length - 1] ?? 0);
    if (taken.length === workMs.length) break;
  }
  return taken;
}

describe('ticks', () => {
  it('yields the first tick at once and the others on the grid, however long the work takes', async () => {
    const time = simulatedTime(1_000_003);

    const taken = await takeTicks(time, 10_000, [900, 9_999, 1, 0]);

    expect(taken.map(({ scheduledMs }) => scheduledMs)).toEqual([1_000_003, 1_010_003, 1_020_003, 1_030_003]);
    expect(taken.map(({ atMs, scheduledMs }) => atMs - scheduledMs)).toEqual([0, 0, 0, 0]);
  });

  it('skips the ticks that were missed and yields the latest one at once', async () => {
    const time = simulatedTime(0);

    const taken = await takeTicks(time, 10_000, [34_000, 0, 0]);

    expect(taken).toEqual([
      { scheduledMs: 0, atMs: 0 },
      { scheduledMs: 30_000, atMs: 34_000 },
      { scheduledMs: 40_000, atMs: 40_000 },
    ]);
  });

  it('takes a given first tick, in the past or in the future', async () => {
    const late = simulatedTime(65_000);
    const early = simulatedTime(55_000);

    const afterLate = await takeTicks(late, 10_000, [0, 0], 60_000);
    const afterEarly = await takeTicks(early, 10_000, [0, 0], 60_000);

    expect(afterLate).toEqual([
      { scheduledMs: 60_000, atMs: 65_000 },
      { scheduledMs: 70_000, atMs: 70_000 },
    ]);
    expect(afterEarly).toEqual([
      { scheduledMs: 60_000, atMs: 60_000 },
      { scheduledMs: 70_000, atMs: 70_000 },
    ]);
  });

  it('never yields a tick before it is due or more than one interval late, and never twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 0, max: 2 ** 41 }),
        fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 30 }),
        async (intervalMs, startMs, work) => {
          const taken = await takeTicks(simulatedTime(startMs), intervalMs, work);

          for (const [index, { scheduledMs, atMs }] of taken.entries()) {
            expect((scheduledMs - startMs) % intervalMs).toBe(0);
            expect(atMs - scheduledMs).toBeGreaterThanOrEqual(0);
            expect(atMs - scheduledMs).toBeLessThan(intervalMs);
            if (index > 0) expect(scheduledMs).toBeGreaterThan(taken[index - 1]?.scheduledMs ?? Infinity);
          }
        },
      ),
    );
  });

  it('goes on when the clock is set back by an hour', async () => {
    const time = simulatedTime(10_000_000);

    const taken = await takeTicks(time, 10_000, [0, -3_600_000, 0, 0]);

    const gaps = taken.slice(1).map(({ atMs }, index) => atMs - (taken[index]?.atMs ?? 0));
    expect(gaps).toEqual([10_000, -3_590_000, 10_000]);
  });

  it('starts a new grid when the clock is set back by little more than an interval', async () => {
    const taken = await takeTicks(simulatedTime(10_000_000), 10_000, [0, -15_000, 0, 0]);

    const gaps = taken.slice(1).map(({ atMs }, index) => atMs - (taken[index]?.atMs ?? 0));
    expect(gaps).toEqual([10_000, -5_000, 10_000]);
  });

  it('goes on when the clock is set back by an hour during a wait', async () => {
    let nowMs = 10_000_000;
    const steps = [10_000, 10_000 - 3_600_000, 10_000];
    const sleep = (): Promise<void> => {
      nowMs += steps.shift() ?? Infinity;
      return Promise.resolve();
    };
    const seen: number[] = [];

    const signal = new AbortController().signal;
    for await (const scheduledMs of generateTicks({ intervalMs: 10_000, clock: () => nowMs, signal, sleep })) {
      seen.push(scheduledMs);
      if (seen.length === 4) break;
    }

    expect(seen).toEqual([10_000_000, 10_010_000, 6_420_000, 6_430_000]);
  });

  it('ends without an error when the signal aborts during the work or during a real wait', async () => {
    const stop = new AbortController();
    const seen: number[] = [];

    for await (const scheduledMs of generateTicks({ intervalMs: 60_000, clock: Date.now, signal: stop.signal })) {
      seen.push(scheduledMs);
      setTimeout(() => {
        stop.abort();
      }, 5);
    }

    expect(seen).toHaveLength(1);
  });

  it('hands over an error of the wait that is not the abort', async () => {
    const broken = { sleep: () => Promise.reject(new Error('no timers left')) };
    const loop = generateTicks({ intervalMs: 10, clock: () => 0, signal: new AbortController().signal, ...broken });

    await loop.next();

    await expect(loop.next()).rejects.toThrow('no timers left');
  });

  it('yields nothing when the signal is aborted already', async () => {
    const time = simulatedTime(0);
    time.stop.abort();

    const taken = await takeTicks(time, 1000, [0, 0]);

    expect(taken).toEqual([]);
  });

  it('waits in real time as often as it takes for the clock to reach the tick', async () => {
    const stop = new AbortController();
    const lags: number[] = [];

    for await (const scheduledMs of generateTicks({ intervalMs: 7, clock: Date.now, signal: stop.signal })) {
      lags.push(Date.now() - scheduledMs);
      if (lags.length === 10) stop.abort();
    }

    expect(Math.min(...lags)).toBeGreaterThanOrEqual(0);
    expect(lags).toHaveLength(10);
  });

  it.each([0, -1, Number.NaN])('refuses an interval of %s', async (intervalMs) => {
    const loop = generateTicks({ intervalMs, clock: Date.now, signal: new AbortController().signal });

    await expect(loop.next()).rejects.toThrow(/interval must be positive/);
  });
});
