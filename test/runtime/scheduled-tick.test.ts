/** Tests of the tick that belongs to a scheduled event. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundDownTo, findScheduledTime, determineTick } from '../../lambda/runtime/scheduled-tick.ts';

const minute = 60_000;
const now = Date.UTC(2026, 10, 21, 12, 30, 25);

describe('the tick of an event', () => {
  it.each<[string, unknown, string]>([
    ['its scheduled time', { scheduledTime: '2026-11-21T12:30:00Z' }, '2026-11-21T12:30:00.000Z'],
    [
      'its scheduled time although it comes late',
      { scheduledTime: '2026-11-21T12:27:00Z' },
      '2026-11-21T12:27:00.000Z',
    ],
    ['now for a manual event', {}, '2026-11-21T12:30:00.000Z'],
    ['now for no event', undefined, '2026-11-21T12:30:00.000Z'],
    ['now for null', null, '2026-11-21T12:30:00.000Z'],
    ['now for a placeholder', { scheduledTime: '<aws.scheduler.scheduled-time>' }, '2026-11-21T12:30:00.000Z'],
    ['now for a number', { scheduledTime: 5 }, '2026-11-21T12:30:00.000Z'],
    ['now for a time long ago', { scheduledTime: '2026-11-21T11:00:00Z' }, '2026-11-21T12:30:00.000Z'],
    ['now for a time ahead', { scheduledTime: '2026-11-21T13:00:00Z' }, '2026-11-21T12:30:00.000Z'],
  ])('is %s', (_, event, expected) => {
    expect(new Date(determineTick(event, now, minute)).toISOString()).toBe(expected);
  });

  it('is the same for every invocation of one scheduled time', () => {
    fc.assert(
      fc.property(fc.nat(4 * minute), fc.nat(minute - 1), (lateMs, offsetMs) => {
        const scheduledMs = roundDownTo(now, minute) + offsetMs;
        const event = { scheduledTime: new Date(scheduledMs).toISOString() };

        expect(determineTick(event, scheduledMs + lateMs, minute)).toBe(roundDownTo(now, minute));
      }),
    );
  });
});

describe('the scheduled time of an event', () => {
  it('is what the schedule wrote, to the second', () => {
    expect(findScheduledTime({ scheduledTime: '2026-11-21T12:30:07Z' }, now)).toBe(Date.UTC(2026, 10, 21, 12, 30, 7));
  });

  it('is unknown for a run that nobody scheduled', () => {
    expect(findScheduledTime({}, now)).toBeUndefined();
  });
});
