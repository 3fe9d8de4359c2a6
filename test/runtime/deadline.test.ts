/** Tests of the deadline of a run, and of the grace after it. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDeadline, graceAfter } from '../../lambda/runtime/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a deadline', () => {
  it('aborts when its time is over, not before', () => {
    using deadline = createDeadline(1000, Date.now);

    vi.advanceTimersByTime(999);
    const before = deadline.signal.aborted;
    vi.advanceTimersByTime(1);

    expect([before, deadline.signal.aborted]).toEqual([false, true]);
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
    expect(deadline.remainingMs()).toBe(0);
  });

  it('leaves no timer behind once it is disposed', () => {
    {
      using deadline = createDeadline(1000, Date.now);
      using slice = deadline.slice(0.5);
      expect([deadline, slice].map(({ signal }) => signal.aborted)).toEqual([false, false]);
    }

    expect(vi.getTimerCount()).toBe(0);
  });

  it('has a grace that begins when it has passed, and leaves no timer behind', () => {
    using deadline = createDeadline(1000, Date.now);
    {
      using grace = graceAfter(deadline, 200);
      vi.advanceTimersByTime(1199);
      const before = grace.signal.aborted;
      vi.advanceTimersByTime(1);
      expect([before, grace.signal.aborted]).toEqual([false, true]);
      using late = graceAfter(deadline, 200);
      expect(late.signal.aborted).toBe(false);
    }

    expect(vi.getTimerCount()).toBe(0);
  });

  it('is extended to a least time, which also one that has passed leaves', () => {
    using deadline = createDeadline(1000, Date.now);
    using longer = deadline.extendTo(1500);
    using same = deadline.extendTo(300);
    vi.advanceTimersByTime(1000);
    using late = deadline.extendTo(300);

    expect([same, longer, late].map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
    expect([longer.remainingMs(), late.remainingMs()]).toEqual([500, 300]);
  });

  it('is not extended beyond Ctrl-C', () => {
    const interruption = new AbortController();
    using deadline = createDeadline(1000, Date.now, interruption.signal);
    using extended = deadline.extendTo(5000);
    interruption.abort();

    expect(extended.signal.aborted).toBe(true);
    using after = deadline.extendTo(5000);
    expect(after.remainingMs()).toBe(0);
  });

  it('is over at once when no time is left', () => {
    using deadline = createDeadline(-5, Date.now);

    vi.advanceTimersByTime(1);

    expect(deadline.remainingMs()).toBe(0);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('ends with its parent', () => {
    const parent = new AbortController();
    using deadline = createDeadline(1000, Date.now, parent.signal);

    parent.abort();

    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.remainingMs()).toBe(0);
  });

  it('has no more time left than it began with when the clock is set back', () => {
    using deadline = createDeadline(1000, Date.now);

    vi.setSystemTime(Date.now() - 3_600_000);
    using slice = deadline.slice(0.6);

    expect([deadline.remainingMs(), slice.remainingMs()]).toEqual([1000, 600]);
  });

  it('has a slice that ends before it and does not end it', () => {
    using deadline = createDeadline(1000, Date.now);
    using slice = deadline.slice(0.6);

    vi.advanceTimersByTime(600);

    expect(slice.signal.aborted).toBe(true);
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.remainingMs()).toBe(400);
  });

  it('never lets a slice, however nested and whenever cut, outlive it', () => {
    const step = fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), waitMs: fc.nat(500) });

    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.array(step, { maxLength: 6 }), (budgetMs, steps) => {
        vi.setSystemTime(0);
        using deadline = createDeadline(budgetMs, Date.now);
        using made = new DisposableStack();
        let innermost = deadline;

        for (const { share, waitMs } of steps) {
          vi.advanceTimersByTime(waitMs);
          const outerMs = innermost.remainingMs();
          innermost = made.use(innermost.slice(share));
          expect(innermost.remainingMs()).toBeLessThanOrEqual(outerMs);
          expect(innermost.remainingMs()).toBeCloseTo(outerMs * share, 6);
        }
        vi.setSystemTime(budgetMs);
        vi.advanceTimersByTime(budgetMs);

        expect(deadline.signal.aborted && innermost.signal.aborted).toBe(true);
        expect(innermost.remainingMs()).toBe(0);
      }),
    );
  });

  it('counts down with the clock and is never negative', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.array(fc.nat(3000), { maxLength: 8 }), (budgetMs, waits) => {
        using deadline = createDeadline(budgetMs, Date.now);
        let passedMs = 0;

        for (const waitMs of waits) {
          vi.advanceTimersByTime(waitMs);
          passedMs += waitMs;
          expect(deadline.remainingMs()).toBe(Math.max(0, budgetMs - passedMs));
        }
      }),
    );
  });
});
