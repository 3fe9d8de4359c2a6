/** Tests of the lines and bars in rows, and of the stretches of time that builds are added up in. */
import { describe, expect, it } from 'vitest';
import { buildArea, buildBars, buildLine, collectBars } from '../../../lambda/page/browser/paths.ts';
import { collectBuilds } from '../../../lambda/page/browser/charts/time-bins.ts';

describe('a line of past figures', () => {
  it.each([
    ['stands at the right while it is short', [0, 4], 5, 'M75 23L100 2'],
    ['shows the newest where it is long', [9, 0, 4], 2, 'M0 23L100 2'],
    ['has a gap where nothing is known', [4, 4, null, 2, 4], 5, 'M0 2L25 2M75 12.5L100 2'],
    ['is a stroke for a single figure', [null, 4], 2, 'M99 2L100 2'],
    ['lies at the bottom for zeros', [0, 0], 2, 'M0 23L100 23'],
    ['is empty without figures', [null, null], 2, ''],
  ])('%s', (_case, figures, slots, path) => {
    expect(buildLine(figures, slots)).toBe(path);
  });

  it('has its area down to the bottom', () => {
    expect(buildArea([0, 4], 2)).toBe('M0 23L100 2L100 24L0 24Z');
  });
});

describe('bars of builds', () => {
  it('add runs up, the newest at the right', () => {
    expect(collectBars([1, 2, 3, null, 5], [0, 0, 1, 0, 0], 2, 4)).toEqual([
      { passed: 5, failed: 1 },
      { passed: 5, failed: 0 },
    ]);
  });

  it('stand on each other, as high as the highest of all', () => {
    const bars = [
      { passed: 1, failed: 1 },
      { passed: 0, failed: 0 },
    ];
    expect(buildBars(bars, ({ passed }) => [0, passed])).toBe('M7.5 24h35V13h-35Z');
    expect(buildBars(bars, ({ passed, failed }) => [passed, passed + failed])).toBe('M7.5 13h35V2h-35Z');
  });
});

describe('builds over time', () => {
  it('are added up in stretches of one interval while there are few', () => {
    const { starts, passed, failed } = collectBuilds(
      [10_000, 20_000, 40_000],
      { passed: [1, 2, null], failed: [0, 1, 3] },
      10_000,
    );

    expect({ starts, passed, failed }).toEqual({
      starts: [15, 25, 35, 45],
      passed: [1, 2, 0, 0],
      failed: [0, 1, 0, 3],
    });
  });

  it('are added up in longer stretches as time goes on, and none is lost', () => {
    const times = Array.from({ length: 480 }, (_, run) => run * 10_000);
    const { starts, passed } = collectBuilds(times, { passed: times.map(() => 1), failed: [] }, 10_000);

    expect(starts.length).toBeLessThanOrEqual(36);
    expect(passed.reduce((sum: number, value) => sum + (value ?? 0), 0)).toBe(480);
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBe(160);
  });

  it('are none without a run', () => {
    expect(collectBuilds([], { passed: [], failed: [] }, 1000)).toEqual({ starts: [], passed: [], failed: [] });
  });
});
