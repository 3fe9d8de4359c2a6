/** Tests of the windows of alarms: each can go off, at any interval and for any minutes that are allowed. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseQueryWindow, chooseSilenceWindow, chooseWindow, findQueryCut } from '../../../infra/alarms/windows.ts';
import { configOf } from '../synthesis.ts';

/** Of a Metrics Insights alarm, in minutes; of any other one with a period below an hour, a day. */
const seen = { query: 180, metric: 1440 } as const;

const minutesAsked = fc.integer({ min: 1, max: 180 });
const periods = fc.integer({ min: 1, max: 60 });

function everyMinutes(period: number) {
  return { ...configOf('minimal'), interval: `${String(period)} minutes` };
}

describe('a window', () => {
  it('fits into what its alarm sees, so that the alarm can go off', () => {
    fc.assert(
      fc.property(periods, minutesAsked, (period, minutes) => {
        const config = everyMinutes(period);
        for (const [{ bad, of }, most] of [
          [chooseQueryWindow(minutes, config), seen.query],
          [chooseWindow(minutes, config), seen.metric],
          [chooseSilenceWindow(minutes, config), seen.metric],
        ] as const) {
          expect(bad).toBeGreaterThanOrEqual(1);
          expect(bad).toBeLessThanOrEqual(of);
          expect(of * period).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is as long as was asked for, or tells how much shorter it is', () => {
    fc.assert(
      fc.property(periods, minutesAsked, (period, minutes) => {
        const config = everyMinutes(period);
        const { bad } = chooseQueryWindow(minutes, config);
        const told = findQueryCut(minutes, config);
        if (bad * period >= minutes) expect(told).toBeUndefined();
        else expect(told).toContain(`after ${String(bad * period)} minutes instead of ${String(minutes)}`);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [50, 180, { bad: 3, of: 3 }],
    [7, 180, { bad: 25, of: 25 }],
    [1, 5, { bad: 5, of: 10 }],
    [60, 1, { bad: 2, of: 3 }],
  ])('at one run in %i minutes, and %i minutes asked', (period, minutes, expected) => {
    expect(chooseQueryWindow(minutes, everyMinutes(period))).toEqual(expected);
  });
});
