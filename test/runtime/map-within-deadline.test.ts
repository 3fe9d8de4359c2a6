/** Tests that each item has a fair share of the time that is left. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDeadline, type Deadline } from '../../lambda/runtime/deadline.ts';
import { mapWithinDeadline } from '../../lambda/runtime/map-within-deadline.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const readTime = (_: number, own: Deadline): Promise<number> => Promise.resolve(own.remainingMs());

/** An item that hangs until its own time is over. */
async function hang(_: number, own: Deadline): Promise<number> {
  const startMs = Date.now();
  await vi.advanceTimersByTimeAsync(own.remainingMs());
  return Date.now() - startMs;
}

describe('items within a deadline', () => {
  it('have the time together, as many at a time as may be', async () => {
    using deadline = createDeadline(1200, Date.now);

    expect(await mapWithinDeadline([1, 2, 3, 4], { deadline, limit: 2 }, readTime)).toEqual([600, 600, 1200, 1200]);
  });

  it('that hang leave as much time to each of the others', async () => {
    using deadline = createDeadline(1200, Date.now);

    expect(await mapWithinDeadline([1, 2, 3], { deadline, limit: 1 }, hang)).toEqual([400, 400, 400]);
  });

  it('have no more than the longest time that one may take', async () => {
    using deadline = createDeadline(1200, Date.now);

    expect(await mapWithinDeadline([1, 2], { deadline, limit: 2, maxMs: 300 }, readTime)).toEqual([300, 300]);
  });

  it('leave no timer behind', async () => {
    {
      using deadline = createDeadline(1200, Date.now);
      await mapWithinDeadline([1, 2, 3], { deadline, limit: 2 }, readTime);
    }

    expect(vi.getTimerCount()).toBe(0);
  });
});
