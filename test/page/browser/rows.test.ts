/** Tests of the order of the rows, of their filter, and of how figures are written. */
import { describe, expect, it } from 'vitest';
import { formatMilliseconds, formatPercent, formatSeconds } from '../../../lambda/page/browser/format.ts';
import { filterQueues, sortQueues } from '../../../lambda/page/browser/order.ts';
import { createQueueFollower } from '../../../lambda/page/figures/follow-queues.ts';
import type { FollowedQueue } from '../../../lambda/page/messages.ts';
import { batchWith, type QueueSpec } from '../runs.ts';

const follow = (specs: readonly QueueSpec[]) =>
  createQueueFollower()
    .follow(batchWith(specs), 0)
    .map((now) => ({ now, past: { queued: [], running: [], busy: [], oldestWait: [] } }));

const fleet = follow([
  { queue: 'q10', queued: 5, busy: 1 },
  { queue: 'q9', queued: 1, busy: 1, oldestWait: 30 },
  { queue: 'starved', queued: 1 },
  { queue: 'mac', scope: 'Apple', queued: 0, idle: 1 },
]);
const missing = fleet
  .map((queue) => ({ ...queue, now: { ...queue.now, key: 'x', queue: 'lost', isKnown: false, starved: null } }))
  .slice(0, 1);
const namesOf = (queues: readonly FollowedQueue[]) => queues.map(({ now }) => now.queue);

describe('the rows of the queues', () => {
  it.each([
    ['name', false, ['starved', 'mac', 'q9', 'q10', 'lost']],
    ['name', true, ['starved', 'q10', 'q9', 'mac', 'lost']],
    ['queued', true, ['starved', 'q10', 'q9', 'mac', 'lost']],
    ['oldestWait', true, ['starved', 'q9', 'mac', 'q10', 'lost']],
  ] as const)(
    'by %s (descending: %s) begin with what is starved and end with what was not read',
    (column, isDescending, names) => {
      expect(namesOf(sortQueues([...missing, ...fleet], { column, isDescending }))).toEqual(names);
    },
  );

  it.each([
    ['', 4],
    ['  Q9 ', 1],
    ['linux q', 2],
    ['main apple', 1],
    ['nothing', 0],
  ])('are filtered by the words %j in any of their names', (text, count) => {
    expect(filterQueues(fleet, text)).toHaveLength(count);
  });
});

describe('a figure', () => {
  it.each([
    [null, '–'],
    [0, '0 s'],
    [0.4, '0.4 s'],
    [59.7, '1m 00s'],
    [185, '3m 05s'],
    [7800, '2h 10m'],
    [356_400, '4d 03h'],
  ])('of %j seconds is %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('is 100 % only of all, and unknown of nothing', () => {
    expect([formatPercent(999, 1000), formatPercent(3, 3), formatPercent(0, 0)]).toEqual(['99 %', '100 %', '–']);
    expect([formatMilliseconds(240), formatMilliseconds(1240)]).toEqual(['240 ms', '1.2 s']);
  });
});
