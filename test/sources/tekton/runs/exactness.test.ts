/** Tests that totals after hours of a busy simulated cluster are the truth. */
import { describe, expect, it } from 'vitest';
import { createCluster } from '../../../../lambda/demo/simulators/tekton/cluster.ts';
import { createResultsApi } from '../../../../lambda/demo/simulators/tekton/results-api.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { nonZero, observationsOf, startCluster, startMs, valuesOf } from '../harness.ts';

const minuteMs = 60_000;
/** Longer than any run of the simulation takes, held back and all. */
const restMinutes = 150;
const busyMinutes = 120;

/** Two busy hours and a rest, a collection a minute; the totals at the end. */
async function totalsOf({
  seed,
  keepSeconds,
  hasResults,
  isDown = () => false,
}: {
  readonly seed: number;
  readonly keepSeconds: number;
  readonly hasResults: boolean;
  /** By minute: the API server refuses everything. */
  readonly isDown?: (minute: number) => boolean;
}) {
  const results = createResultsApi({ isKnown: () => true });
  await using server = await startLoopbackServer(results.listener);
  const simulated = createCluster({
    seed,
    startMs,
    keepSeconds,
    arrivalsUntilMs: startMs + busyMinutes * minuteMs,
    archive: (run) => {
      results.store(run);
    },
  });
  const settings = { url: server.url, token: { env: 'TOKEN' } };
  await using cluster = await startCluster({
    runStore: simulated.store,
    config: { tasks: { include: ['*'] }, ...(hasResults ? { results: settings } : {}) },
  });
  let last = await cluster.tick();
  const waits: number[] = [];
  for (let minute = 1; minute < busyMinutes + restMinutes; minute += 1) {
    simulated.advance(startMs + minute * minuteMs);
    cluster.api.playScenario(isDown(minute) ? 'unauthorized' : 'ok');
    last = await cluster.tick();
    const { families } = last;
    waits.push(...observationsOf(families, 'ci_job_wait_seconds'));
    waits.push(...observationsOf(families, 'ci_tekton_pod_start_seconds'));
  }
  const { families, problems } = last;
  return {
    truth: simulated.ended(),
    problems,
    counted: {
      runs: nonZero(valuesOf(families, 'ci_runs_total', ['scope', 'pipeline', 'result'])),
      tasks: nonZero(valuesOf(families, 'ci_jobs_total', ['scope', 'result'])),
    },
    pipelines: new Set(Object.keys(valuesOf(families, 'ci_tekton_tasks_total', ['pipeline']))),
    shortestWait: Math.min(...waits),
    faults: nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error'])),
    lost: valuesOf(families, 'ci_system_errors_total', ['error'])['lost'] ?? 0,
  };
}

/** Hours of collections one after the other, on a machine that may be busy. */
const timeout = 180_000;

describe('totals after hours of a busy cluster', { timeout }, () => {
  it.each([1, 2])('are the truth, with finished runs kept for a quarter of an hour (seed %i)', async (seed) => {
    const { truth, counted, lost, problems, ...others } = await totalsOf({ seed, keepSeconds: 900, hasResults: false });

    expect(Object.values(truth.runs).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(150);
    expect(problems).toEqual([]);
    expect(counted).toEqual(truth);
    expect(lost).toBe(0);
    // Pods take two seconds at least, and what was ended before its first step has no wait.
    expect(others.shortestWait).toBeGreaterThanOrEqual(2);
    expect(others.faults).toEqual({});
    expect([...others.pipelines].toSorted()).toEqual(['anonymous', 'build', 'deploy', 'release']);
  });

  it('are the truth although the API server is down again and again', async () => {
    const isDown = (minute: number): boolean => minute % 20 < 8;

    const { truth, counted, lost } = await totalsOf({ seed: 3, keepSeconds: 900, hasResults: false, isDown });

    expect(counted).toEqual(truth);
    expect(lost).toBe(0);
  });

  it('are the truth with Tekton Results where runs are pruned after five seconds', async () => {
    const { truth, counted, lost, problems } = await totalsOf({ seed: 4, keepSeconds: 5, hasResults: true });

    expect(problems).toEqual([]);
    expect(counted).toEqual(truth);
    expect(lost).toBe(0);
  });

  it('are too small without Tekton Results where runs are pruned after five seconds, and say what was lost', async () => {
    const { truth, counted, lost } = await totalsOf({ seed: 4, keepSeconds: 5, hasResults: false });

    const sum = (counts: Readonly<Record<string, number>>): number =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    expect(sum(counted.runs)).toBeLessThan(sum(truth.runs));
    expect(lost).toBeGreaterThan(0);
    expect(sum(counted.runs) + sum(counted.tasks) + lost).toBeLessThanOrEqual(sum(truth.runs) + sum(truth.tasks));
  });
});
