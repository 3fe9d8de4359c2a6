/** Tests of the simulated fleet of Buildkite agents: its numbers agree, and its seed and speed decide them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapMetricsAnswer, mapQueueAnswer } from '../../../../lambda/demo/simulators/buildkite/api/agent-api.ts';
import { mapBuild } from '../../../../lambda/demo/simulators/buildkite/api/rest-builds.ts';
import { createFleet } from '../../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import { demoPlan } from '../../../../lambda/demo/simulators/buildkite/fleet/plan.ts';
import type { FleetSnapshot, QueueSnapshot } from '../../../../lambda/demo/simulators/buildkite/fleet/snapshot.ts';

const startMs = 1_700_000_000_000;

function queuesOf({ clusters }: FleetSnapshot): readonly QueueSnapshot[] {
  return clusters.flatMap(({ queues }) => queues);
}

function queueIn(snapshot: FleetSnapshot, key: string): QueueSnapshot {
  const queue = queuesOf(snapshot).find((candidate) => candidate.key === key);
  if (queue === undefined) throw new Error(`no queue ${key}`);
  return queue;
}

/** The fleet once every simulated second for an hour. */
function hourOf(seed: number): readonly FleetSnapshot[] {
  const fleet = createFleet({ seed, startMs });
  return Array.from({ length: 3600 }, (_, second) => {
    fleet.advance(startMs + second * 1000);
    return fleet.snapshot();
  });
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const steps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 12 });
const speeds = fc.integer({ min: 1, max: 20 });

describe('a simulated fleet', () => {
  it('has numbers that agree with each other, whatever the seed, the steps and the speed', () => {
    fc.assert(
      fc.property(seeds, steps, speeds, (seed, gaps, speed) => {
        const fleet = createFleet({ seed, startMs, speed });
        let nowMs = startMs;
        for (const gap of gaps) {
          nowMs += gap;
          fleet.advance(nowMs);
          for (const { isHosted, jobs, agents } of queuesOf(fleet.snapshot())) {
            const figures = [jobs.scheduled, jobs.running, jobs.waiting, agents?.idle ?? 0, agents?.busy ?? 0];
            expect(figures.every((figure) => Number.isSafeInteger(figure) && figure >= 0)).toBe(true);
            expect(jobs.total).toBe(jobs.scheduled + jobs.running);
            expect(agents === undefined).toBe(isHosted);
            if (agents === undefined) continue;
            expect(agents.idle + agents.busy).toBe(agents.total);
            expect(agents.busy).toBe(jobs.running);
            // No job waits while an agent is idle.
            expect(Math.min(jobs.scheduled, agents.idle)).toBe(0);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is the same for the same seed, however the time is cut into steps', () => {
    fc.assert(
      fc.property(seeds, steps, (seed, gaps) => {
        const [inSteps, atOnce] = [createFleet({ seed, startMs }), createFleet({ seed, startMs })];
        let nowMs = startMs;
        for (const gap of gaps) inSteps.advance((nowMs += gap));
        atOnce.advance(nowMs);

        expect(inSteps.snapshot()).toEqual(atOnce.snapshot());
      }),
      { numRuns: 40 },
    );
  });

  it('differs from seed to seed', () => {
    const snapshots = [1, 2, 3].map((seed) => JSON.stringify(createFleet({ seed, startMs }).snapshot()));

    expect(new Set(snapshots).size).toBe(3);
  });

  it('lives a minute in three seconds at speed 20', () => {
    const fleet = createFleet({ seed: 1, startMs, speed: 20 });

    fleet.advance(startMs + 3000);

    expect(fleet.snapshot().simulatedSeconds).toBe(60);
  });

  it('stands still when the clock is set back, and does not live that time twice', () => {
    const fleet = createFleet({ seed: 1, startMs });
    fleet.advance(startMs + 60_000);
    const before = fleet.snapshot();

    fleet.advance(startMs + 30_000);
    fleet.advance(startMs + 60_000);

    expect(fleet.snapshot()).toEqual(before);
  });

  it.each([1, 7, 42])('has, with seed %i, a queue that gets stuck without agents and recovers', (seed) => {
    const hour = hourOf(seed).map((snapshot) => queueIn(snapshot, 'integration'));

    const stuck = hour.findIndex(({ jobs, agents }) => jobs.scheduled >= 3 && agents?.total === 0);
    const recovered = hour.findIndex(({ jobs, agents }, second) => {
      return second > stuck && jobs.scheduled === 0 && agents?.total === 5;
    });

    expect(stuck).toBeGreaterThan(0);
    expect(recovered).toBeGreaterThan(stuck);
  });

  it.each([1, 7, 42])('has, with seed %i, bursts, agents that come and go, and jobs behind wait steps', (seed) => {
    const hour = hourOf(seed);

    const mobileAgents = hour.map((snapshot) => queueIn(snapshot, 'mobile').agents?.total ?? -1);
    expect([Math.min(...mobileAgents), Math.max(...mobileAgents)]).toEqual([0, 6]);
    const deploy = hour.map((snapshot) => queueIn(snapshot, 'deploy').jobs);
    expect(deploy.some(({ scheduled }) => scheduled === 0)).toBe(true);
    expect(deploy.some(({ scheduled }) => scheduled > 3)).toBe(true);
    expect(deploy.some(({ waiting }) => waiting > 3)).toBe(true);
    const steady = hour.map((snapshot) => queueIn(snapshot, 'default').agents?.busy ?? 0);
    expect(steady.reduce((sum, busy) => sum + busy, 0) / steady.length).toBeGreaterThan(3);
  });

  it('names its hosted queues and tokens for a configuration', () => {
    const fleet = createFleet({ seed: 1, startMs });

    expect(fleet.hostedQueues).toEqual(['hosted']);
    expect(fleet.agentTokens).toEqual(demoPlan.clusters.map(({ agentToken }) => agentToken));
  });
});

describe('what the agent API tells of a fleet', () => {
  it('leaves out queues without jobs and without agents, and its totals are the sum of the others', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 7200 }), (seed, seconds) => {
        const fleet = createFleet({ seed, startMs });
        fleet.advance(startMs + seconds * 1000);
        const snapshot = fleet.snapshot();

        for (const cluster of snapshot.clusters) {
          const { jobs, agents } = mapMetricsAnswer(snapshot, cluster);
          for (const field of ['scheduled', 'running', 'waiting', 'total'] as const)
            expect(jobs[field]).toBe(Object.values(jobs.queues).reduce((sum, queue) => sum + queue[field], 0));
          for (const field of ['idle', 'busy', 'total'] as const)
            expect(agents[field]).toBe(Object.values(agents.queues).reduce((sum, queue) => sum + queue[field], 0));
          const listed = [...Object.values(jobs.queues), ...Object.values(agents.queues)];
          expect(listed.every((counts) => Object.values(counts).some((count) => count > 0))).toBe(true);
          expect(Object.keys(agents.queues)).not.toContain('hosted');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('answers for one queue without the maps, and with zeros for an unknown one', () => {
    const jobs = { scheduled: 2, running: 1, waiting: 2, total: 3 };
    const agents = { idle: 2, busy: 1, total: 3 };
    const answer = {
      organization: { slug: 'acme' },
      jobs: { ...jobs, queues: { default: jobs } },
      agents: { ...agents, queues: { default: agents } },
    };

    expect(mapQueueAnswer(answer, 'default')).toEqual({ organization: { slug: 'acme' }, jobs, agents });
    expect(mapQueueAnswer(answer, 'toString')).toEqual({
      organization: { slug: 'acme' },
      jobs: { scheduled: 0, running: 0, waiting: 0, total: 0 },
      agents: { idle: 0, busy: 0, total: 0 },
    });
  });
});

it('names its jobs after their steps, as the steps of real pipelines are named', () => {
  const fleet = createFleet({ seed: 1, startMs: 0 });
  fleet.advance(3_600_000);
  const builds = fleet.builds().map(({ build }) => build);
  const namesOf = (pipeline: string): readonly string[] => [
    ...new Set(
      builds.filter((build) => build.pipeline === pipeline).flatMap(({ jobs }) => jobs.map(({ name }) => name)),
    ),
  ];

  const [build, publish] = [':package: build', ':rocket: publish'];
  const tests = [1, 2, 3, 4].map((part) => `:test_tube: test ${String(part)}/4`);
  expect(namesOf('web').toSorted()).toEqual([build, publish, ...tests]);
  expect(namesOf('legacy')).toEqual([':test_tube: test']);
  const [placed] = fleet.builds().filter((one) => one.build.pipeline === 'legacy');
  const view = { origin: 'http://localhost', organization: 'acme', withJobs: true, withRetriedJobs: true };
  expect(placed === undefined ? undefined : mapBuild(placed, view)).toMatchObject({
    jobs: [{ name: ':test_tube: test' }],
  });
});
