/** Tests of durations as people type them and as the command line shows them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatElapsed,
  longestDurationMs,
  parseDuration,
} from '../../../lambda/cli/render/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['10s', 10_000],
    ['10', 10_000],
    ['500ms', 500],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    [' 3 s ', 3000],
    ['24h', 86_400_000],
  ])('reads %j as %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '0', '0s', '-3s', '3 seconds', 's', '1d', '1e3', '25h', 'Infinity', '0.0001s', '3s3'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [740.4, '740 ms'],
    [999.6, '1.0 s'],
    [4200, '4.2 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1m 00s'],
    [185_000, '3m 05s'],
    [7_800_000, '2h 10m'],
    [4 * 86_400_000 + 3_600_000, '4d 01h'],
  ])('writes %d ms as %j', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('never writes sixty seconds or sixty minutes', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40 * longestDurationMs, noNaN: true }), (milliseconds) => {
        expect(formatDuration(milliseconds)).not.toMatch(/\b60[sm ]/);
      }),
    );
  });
});

describe('formatElapsed', () => {
  it.each([
    [-1, '0 s'],
    [999, '0 s'],
    [8999, '8 s'],
    [59_999, '59 s'],
    [60_000, '1m 00s'],
    [185_900, '3m 05s'],
  ])('writes %d ms as %j', (milliseconds, text) => {
    expect(formatElapsed(milliseconds)).toBe(text);
  });
});
