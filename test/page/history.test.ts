/** Tests that the history of the page keeps what is new, forgets what is old, and never grows with the time. */
import { describe, expect, it } from 'vitest';
import { addRun, chooseLimit, createHistory, findNewest } from '../../lambda/page/history.ts';
import type { Fleet, QueueNow, Run } from '../../lambda/page/messages.ts';
import { mapHealth } from '../../lambda/page/figures/map-health.ts';
import { reportOf } from './runs.ts';

const fleet: Fleet = {
  ...{ queued: 1, running: 1, busy: 1, workers: 1, starvedQueues: 1, oldestWait: 1 },
  ...{ passed: 1, failed: 1, waitP50: 1, waitP95: 1, runMs: 1 },
};

const queueOf = (key: string, queued: number | null): QueueNow => ({
  ...{ key, source: 'main', scope: 'Linux', queue: key, isKnown: queued !== null, blocked: 0, idle: 0 },
  ...{ queued, running: 0, busy: 0, oldestWait: 0, starved: 0, starvedSinceMs: null, p50: null, p95: null },
});

const runOf = (atMs: number, queues: readonly QueueNow[], limit = 240): Run => ({
  ...{ atMs, limit, fleet, queues, pipelines: [] },
  health: mapHealth(reportOf(), { ok: 1, degraded: 0, failed: 0 }),
});

describe('the history of the page', () => {
  it('has the figures of each run, a gap where a queue was not read, and nothing of one that is gone', () => {
    const history = createHistory();
    addRun(history, runOf(1, [queueOf('a', 3), queueOf('b', 1)]));
    addRun(history, runOf(2, [queueOf('a', null), queueOf('b', 2)]));
    addRun(history, runOf(3, [queueOf('c', 9), queueOf('a', 0)]));

    expect(history.times).toEqual([1, 2, 3]);
    expect(history.queues.map(({ now, past }) => [now.key, past.queued])).toEqual([
      ['c', [9]],
      ['a', [3, null, 0]],
    ]);
    expect(findNewest(history, 'queued')).toBe(1);
    expect(history.health?.outcome).toBe('ok');
  });

  it('keeps 480 runs of the fleet, and of a queue as many as the limit says, also when it falls', () => {
    const history = createHistory();
    for (let run = 1; run <= 500; run += 1) addRun(history, runOf(run, [queueOf('a', run)]));
    const before = history.queues[0]?.past.queued;

    expect([history.times.length, history.times[0], history.fleet.queued.length]).toEqual([480, 21, 480]);
    expect([before?.length, before?.[0], before?.at(-1)]).toEqual([240, 261, 500]);

    addRun(history, runOf(501, [queueOf('a', 501)], 20));
    expect(history.queues[0]?.past.queued).toHaveLength(20);
  });

  it.each([
    ['nothing', 0, 0, 240],
    ['a usual fleet', 400, 40, 238],
    ['1,000 queues', 1000, 100, 95],
    ['more than can be', 50_000, 0, 20],
  ])('of %s is bounded in all', (_fleet, queues, pipelines, limit) => {
    expect(chooseLimit(queues, pipelines)).toBe(limit);
  });
});
