/** Tests of when increases began: windows of one source neither overlap nor leave a gap. */
import { expect, it } from 'vitest';
import { createWindowFinder, findRunStart } from '../../../lambda/model/for-sinks/increase-windows.ts';
import { counterOf, partOf } from '../../sinks/remote-write/batches.ts';

const tickMs = Date.UTC(2026, 0, 5, 12);
const [second, minute, hour] = [1000, 60_000, 3_600_000];

/** How long before the tick the window of a source begins whose last run was so long ago. */
function windowAfter(pauseMs: number | undefined, intervalMs = minute): number {
  const family = counterOf('ci_runs_total', []);
  const part = partOf([family], pauseMs === undefined ? {} : { countedSinceMs: tickMs - pauseMs });
  return tickMs - createWindowFinder({ tickMs, sources: [part] }, intervalMs)(family);
}

it.each([
  ['an interval before, for a first run', undefined, minute],
  ['where the last one ended, for a run by hand soon after another', 10 * second, 10 * second],
  ['where the last one ended, after runs that failed', 5 * minute, 5 * minute],
  ['an hour before, after a pause of a day', 24 * hour, hour],
  ['an interval before, where the last tick was of a clock that was ahead', -minute, minute],
  ['an interval before, where the last tick is this one', 0, minute],
])('a window begins %s', (_, pauseMs, expected) => {
  expect(windowAfter(pauseMs)).toBe(expected);
});

it('a window of an interval that is longer than an hour is as long as the interval', () => {
  expect(windowAfter(2 * hour, 2 * hour)).toBe(2 * hour);
});

it('each source has its own window, and a run the shortest of them', () => {
  const [a, b, health] = ['ci_a_total', 'ci_b_total', 'ci_c_total'].map((name) => counterOf(name, []));
  if (a === undefined || b === undefined || health === undefined) throw new Error('three families were made');
  const sources = [
    partOf([a], { countedSinceMs: tickMs - 10 * second }),
    partOf([b], { source: 'other', countedSinceMs: tickMs - 5 * minute }),
    partOf([], { source: 'uncounted' }),
  ];

  const findStart = createWindowFinder({ tickMs, sources }, minute);

  expect([a, b, health].map((family) => tickMs - findStart(family))).toEqual([10 * second, 5 * minute, minute]);
  expect(tickMs - findRunStart({ tickMs, sources }, minute)).toBe(10 * second);
  expect(tickMs - findRunStart({ tickMs, sources: [] }, minute)).toBe(minute);
});
