/** Tests of each way in which Buildkite's APIs for users can fail. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import { startBuildkiteServer } from '../../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import { startFaultServer } from '../../../support/network/fault-server.ts';
import { faultNamed, faults } from '../../../support/network/faults.ts';
import { buildkiteSource, totalsOf } from '../harness.ts';

const startMs = Date.UTC(2026, 0, 5, 12);

/** What never answers is waited for until the deadline; everything else answers at once, on a busy machine too. */
const budgetsMs: Readonly<Record<string, number>> = { timeout: 1500 };
const usualBudgetMs = 10_000;

describe('the APIs for users', () => {
  it.each(faults.map(({ name }) => name))('that fail with "%s" cost a tick, and no count', async (name) => {
    const fault = faultNamed(name);
    const time = { nowMs: startMs };
    const clock = (): number => time.nowMs;
    let finished = 0;
    const fleet = createFleet({
      ...{ seed: 5, startMs, speed: 1 },
      observer: {
        jobFinished: ({ finishedAt = 0 }, { convertToMs: msOf }) => {
          if (msOf(finishedAt) >= startMs) finished += 1;
        },
      },
    });
    await using broken = await startFaultServer(fault);
    const healthy = await startBuildkiteServer({ fleet, clock });
    const store = createMemoryStateStore();
    const at = ({
      restEndpoint,
      graphqlEndpoint,
    }: {
      readonly restEndpoint: string;
      readonly graphqlEndpoint: string;
    }) =>
      buildkiteSource(
        { restEndpoint, graphqlEndpoint, apiToken: { env: 'API_TOKEN' }, organization: 'acme' },
        { variables: { API_TOKEN: fleet.apiToken }, clock, store },
      );
    await using good = at(healthy);
    await using bad = at({ restEndpoint: `${broken.url}/v2`, graphqlEndpoint: `${broken.url}/v1` });

    await good.count();
    time.nowMs += 3 * 60_000;
    const failed = await bad.count(budgetsMs[fault.source] ?? usualBudgetMs);
    time.nowMs += 60_000;
    const { families, problems } = await good.count();
    await healthy.close();

    expect(new Set(failed.problems.map(({ kind }) => kind))).toEqual(new Set([fault.source]));
    const levels = failed.families.filter(({ definition }) =>
      /^ci_(queue|runs_active|runs_stuck)/.test(definition.name),
    );
    expect(levels).toEqual([]);
    // A source that has to wait has not failed: its totals are as true as before.
    expect(failed.families.some(({ type }) => type === 'counter')).toBe(fault.source === 'rate-limited');
    expect(broken.otherOrigin.requests).toEqual([]);
    expect(JSON.stringify([failed, bad.log.lines])).not.toContain(fleet.apiToken);
    expect(problems).toEqual([]);
    const counted = Object.values(totalsOf(families, 'ci_jobs_total', ['queue'])).reduce(
      (sum, value) => sum + value,
      0,
    );
    expect(finished).toBeGreaterThan(10);
    expect(counted).toBe(finished);
  });
});
