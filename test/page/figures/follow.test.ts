/** Tests of what the page shows of a run: queues, pipelines, the whole fleet, and the collector's own health. */
import { describe, expect, it } from 'vitest';
import { createFleetFollower } from '../../../lambda/page/figures/follow-fleet.ts';
import { createPipelineFollower } from '../../../lambda/page/figures/follow-pipelines.ts';
import { createQueueFollower } from '../../../lambda/page/figures/follow-queues.ts';
import { mapHealth } from '../../../lambda/page/figures/map-health.ts';
import { findQuantile } from '../../../lambda/page/figures/quantile.ts';
import { batchOf, partOf } from '../../sinks/remote-write/batches.ts';
import { batchOfStatus, batchWith, familiesOf, reportOf } from '../runs.ts';

describe('the queues of the page', () => {
  it('have the figures of the run, and since when one is starved', () => {
    const queues = createQueueFollower();
    queues.follow(batchWith([{ queue: 'ios', queued: 2, oldestWait: 4.26 }]), 1000);
    const [now] = queues.follow(batchWith([{ queue: 'ios', queued: 3, running: 1, oldestWait: 7.26 }]), 4000);

    expect(now).toMatchObject({ source: 'main', scope: 'Linux', queue: 'ios', isKnown: true, queued: 3, running: 1 });
    expect(now).toMatchObject({ idle: 0, busy: 0, blocked: null, starved: 3, starvedSinceMs: 1000, oldestWait: 7.3 });
  });

  it('have the quantiles of their newest 64 jobs, over runs', () => {
    const queues = createQueueFollower();
    queues.follow(batchWith([{ queue: 'a', waits: Array.from({ length: 80 }, () => 1000) }]), 0);
    queues.follow(batchWith([{ queue: 'a', waits: Array.from({ length: 60 }, (_, index) => index + 1) }]), 1);
    const [now] = queues.follow(batchWith([{ queue: 'a' }]), 2);

    expect([now?.p50, now?.p95]).toEqual([32, 1000]);
  });

  it.each(['partial', 'failed'] as const)('stay without figures while their source is %s', (status) => {
    const queues = createQueueFollower();
    queues.follow(
      batchWith([
        { queue: 'a', queued: 2 },
        { queue: 'b', queued: 1 },
      ]),
      0,
    );
    const during = queues.follow(batchOfStatus(status, [{ queue: 'b', queued: 5 }]), 1);
    const after = queues.follow(batchWith([{ queue: 'b', queued: 5 }]), 2);

    expect(during.map(({ queue, isKnown, queued }) => [queue, isKnown, queued])).toEqual([
      ['b', true, 5],
      ['a', false, null],
    ]);
    expect(after.map(({ queue }) => queue)).toEqual(['b']);
  });
});

describe('the pipelines of the page', () => {
  it('count what passed and failed in the run and in all, and nothing of what was cancelled', () => {
    const pipelines = createPipelineFollower();
    pipelines.follow(batchWith([], [{ pipeline: 'web', passed: 3, failed: 1, cancelled: 7 }]));
    const [now] = pipelines.follow(batchWith([], [{ pipeline: 'web', passed: 2, cancelled: 1 }]));

    expect(now).toMatchObject({ pipeline: 'web', passed: 2, failed: 0, passedInAll: 5, failedInAll: 1 });
  });

  it('are at most 2,000, and the one that has been quiet for longest goes', () => {
    const pipelines = createPipelineFollower();
    const named = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ pipeline: `p${String(index)}`, passed: 1 }));
    pipelines.follow(batchWith([], named(2000)));
    pipelines.follow(batchWith([], [{ pipeline: 'p0', passed: 1 }]));
    const now = pipelines.follow(batchWith([], [{ pipeline: 'new', failed: 1 }]));

    const names = new Set(now.map(({ pipeline }) => pipeline));
    expect([names.size, names.has('p0'), names.has('p1'), names.has('new')]).toEqual([2000, true, false, true]);
  });
});

describe('the fleet of the page', () => {
  const follow = (batch = batchWith([])) => {
    const queues = createQueueFollower().follow(batch, 0);
    const pipelines = createPipelineFollower().follow(batch);
    return createFleetFollower().follow({ batch, queues, pipelines, runMs: 240 });
  };

  it('is the sum of its queues and pipelines, and the longest wait', () => {
    const queues = [
      { queue: 'a', queued: 2, running: 3, busy: 3, idle: 1, oldestWait: 9, waits: [1, 2, 3] },
      { queue: 'b', queued: 4, oldestWait: 30 },
    ];
    expect(follow(batchWith(queues, [{ pipeline: 'web', passed: 3, failed: 1 }]))).toEqual({
      ...{ queued: 6, running: 3, busy: 3, workers: 4, starvedQueues: 1, oldestWait: 30 },
      ...{ passed: 3, failed: 1, waitP50: 2, waitP95: 3, runMs: 240 },
    });
  });

  it('is unknown, and not 0, where nothing could be read', () => {
    expect(follow(batchOfStatus('failed'))).toMatchObject({
      ...{ queued: null, running: null, busy: null, workers: null, starvedQueues: null, oldestWait: null },
      ...{ passed: null, failed: null, waitP50: null, waitP95: null },
    });
  });

  it('does not count attested builds twice', () => {
    const attested = partOf(familiesOf([], [{ pipeline: 'web', passed: 3 }]), { system: 'chainloop' });
    expect(follow(batchOf([], { sources: [attested] })).passed).toBeNull();
  });
});

describe('the health of the page', () => {
  const problem = {
    kind: 'auth',
    where: 'buildkite/main GET /v3/metrics',
    message: 'refused; make a new token',
  } as const;

  it('has the problems with their remedies, and nothing else that a problem holds', () => {
    const spoiled = { ...problem, cause: new Error('canary') };
    const health = mapHealth(reportOf([spoiled]), { ok: 3, degraded: 1, failed: 0 });

    expect(health.problems).toEqual([{ component: 'buildkite/main', ...problem }]);
    expect(health.sources).toMatchObject([{ id: 'buildkite/main', answers: '3 × 2xx', quota: 180, quotaLimit: 200 }]);
    expect(health.sinks).toMatchObject([{ id: 'scrape-page/page', isUp: true, accepted: 37 }]);
    expect(JSON.stringify(health)).not.toContain('canary');
  });

  it('shows 40 problems and says how many more there are', () => {
    const { problems, moreProblems } = mapHealth(reportOf(Array.from({ length: 45 }, () => problem)), {
      ok: 0,
      degraded: 1,
      failed: 0,
    });

    expect([problems.length, moreProblems]).toEqual([40, 5]);
  });
});

describe('a quantile', () => {
  it.each([
    [[], 0.5, null],
    [[7], 0, 7],
    [[10, 9, 100], 0.5, 10],
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.95, 4],
  ])('of %j at %d is a value that was observed', (values, ratio, expected) => {
    expect(findQuantile(values, ratio)).toBe(expected);
  });
});
