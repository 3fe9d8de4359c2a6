/** Two simulated hours of a workspace with 500 repositories, within 1,000 requests an hour. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startBitbucketServer } from '../../../lambda/demo/simulators/bitbucket/server.ts';
import { mapDeployments } from '../../../lambda/demo/simulators/bitbucket/deployments.ts';
import {
  createWorkspace,
  type RepositoryPlan,
  type SimulatedWorkspace,
} from '../../../lambda/demo/simulators/bitbucket/workspace.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { bitbucketSource, valuesOf } from './harness.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 5, 9);
const busyMs = 120 * minuteMs;
/** Long enough for the sweep to come to every repository once more. */
const calmMs = 150 * minuteMs;

/** Some 4,000 requests over loopback: seconds on an idle machine, and no statement about speed on a busy one. */
const timeout = 600_000;

const runners = [
  { uuid: '{runner}', name: 'r1', labels: ['gpu'], status: 'ONLINE' as const, cordoned: true, isBusy: false },
];

/** Few repositories do most of the work, as everywhere. */
function plans(count: number): readonly RepositoryPlan[] {
  return Array.from({ length: count }, (_, index): RepositoryPlan => {
    const slug = `repository-${String(index).padStart(3, '0')}`;
    const project = index % 2 === 0 ? 'WEB' : 'OPS';
    if (index % 10 === 9) return { slug, project, runsPerHour: 0, pipelines: 'none' };
    const runsPerHour = index < 10 ? 6 : 0.25;
    const environments = index < 5 ? ['staging', 'production'] : [];
    return { slug, project, runsPerHour, pipelines: 'some', hasManualStep: index % 5 === 0, environments };
  });
}

describe('two hours of a workspace with 500 repositories at 1000 requests an hour', () => {
  it('count every finished run once and never provoke a 429', { timeout }, async () => {
    let nowMs = startMs;
    const clock = (): number => nowMs;
    const workspace = createWorkspace({ slug: 'acme', seed: 1, startMs, repositories: plans(500), runners });
    await using server = await startBitbucketServer({
      workspace,
      clock,
      credentials: new Map([['Bearer token', 'api-token']]),
    });
    await using source = bitbucketSource(
      { endpoint: server.endpoint, deployments: { include: ['repository-00*'] } },
      { clock },
    );
    const oldest: number[] = [];
    const tick = async (): Promise<readonly MetricFamily[]> => {
      const { collection } = await source.collect();
      expect(collection.problems).toEqual([]);
      // Whatever there is to look at, runners and deployments have their turn.
      expect(valuesOf(collection.families, 'ci_workers', ['state'])).toEqual({ offline: 0, paused: 1 });
      oldest.push(
        valuesOf(collection.families, 'ci_collector_repository_oldest_look_seconds', ['source'])['acme'] ?? 0,
      );
      return collection.families;
    };

    for (; nowMs < startMs + busyMs; nowMs += minuteMs) {
      // Functions are replaced now and then, and nothing may depend on what they remembered.
      if ((nowMs - startMs) % (17 * minuteMs) === 0) source.coldStart();
      await tick();
    }
    workspace.rest();
    let families: readonly MetricFamily[] = [];
    for (; nowMs < startMs + busyMs + calmMs; nowMs += minuteMs) families = await tick();

    const finished = workspace.repositories
      .filter(({ plan }) => plan.pipelines === 'some')
      .flatMap(({ plan, runs }) => runs.map((run) => ({ ...run, slug: plan.slug })))
      .filter(({ endMs }) => endMs !== undefined && endMs >= startMs);
    const truth = counted(finished.map(({ slug, result }) => `${slug} ${resultOf[result]}`));
    expect(finished.length).toBeGreaterThan(250);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['scope', 'result']))).toEqual(truth);
    // Each with its steps, so each with its duration, but for those without a step that ran.
    const timed = finished.filter(({ steps }) => steps.length > 0);
    expect(valuesOf(families, 'ci_run_duration_seconds', ['source'])).toEqual({ acme: timed.length });
    expect(valuesOf(families, 'ci_collector_step_lists_left_out_total', ['source'])).toEqual({ acme: 0 });
    expect(valuesOf(families, 'ci_deployments_total', ['source'])).toEqual({
      acme: deployed(workspace, startMs, nowMs),
    });
    expect(server.answers.get(429)).toBeUndefined();
    expect(server.mostInAnHour()).toBeLessThanOrEqual(950);
    // What the forecast promises for such a workspace, and a little for its irregular life.
    expect(Math.max(...oldest)).toBeLessThan(2 * 3600);
  });
});

/** Deployments to both environments that have ended since then. */
function deployed({ repositories }: SimulatedWorkspace, sinceMs: number, nowMs: number): number {
  const answers = repositories.flatMap((repository) => mapDeployments(repository, nowMs));
  const ended = answers.flatMap((answer) => Ended.safeParse(answer).data ?? []);
  return ended.filter(({ state }) => Date.parse(state.completed_on) >= sinceMs).length;
}

const Ended = z.object({ state: z.object({ completed_on: z.string() }) });

const resultOf = { SUCCESSFUL: 'success', FAILED: 'failure', ERROR: 'error', STOPPED: 'cancellation' } as const;

function counted(keys: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(keys, (key) => key)].map(([key, same]) => [key, same.length]));
}

function nonZero(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value > 0));
}
