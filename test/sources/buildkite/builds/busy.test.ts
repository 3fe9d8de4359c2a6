/** An organization with more builds than a run can read: what is cut short is told, and comes back. */
import { afterEach, describe, expect, it } from 'vitest';
import { type BuildkiteServer, startBuildkiteServer } from '../../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { QueuePlan } from '../../../../lambda/demo/simulators/buildkite/fleet/plan.ts';
import type { Collection } from '../../../../lambda/sources/source.ts';
import { buildkiteSource, type TestSource, totalsOf, valuesOf } from '../harness.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const startMs = Date.UTC(2026, 0, 5, 12);
const minuteMs = 60_000;

function queueOf(
  key: string,
  slug: string,
  plan: Pick<QueuePlan, 'buildsPerHour' | 'jobSeconds' | 'agents'>,
): QueuePlan {
  return { key, pipelines: [{ slug, failRate: 0 }], stages: [1], ...plan };
}

interface World {
  readonly server: BuildkiteServer;
  readonly source: TestSource;
  readonly time: { nowMs: number };
  /** Ends since the start, by pipeline. */
  readonly ended: Map<string, number>;
}

async function world(queues: readonly QueuePlan[], allowed = 50): Promise<World> {
  const time = { nowMs: startMs };
  const ended = new Map<string, number>();
  const fleet = createFleet({
    ...{ seed: 3, startMs },
    plan: {
      organization: 'acme',
      apiToken: 'bkua_busy',
      clusters: [{ name: 'Linux', agentToken: 'bkct_busy', queues }],
    },
    observer: {
      buildFinished: ({ pipeline, finishedAt = 0 }, { convertToMs: msOf }) => {
        if (msOf(finishedAt) >= startMs) ended.set(pipeline, (ended.get(pipeline) ?? 0) + 1);
      },
    },
  });
  const clock = (): number => time.nowMs;
  const server = await startBuildkiteServer({ fleet, clock, requestsPerMinute: allowed });
  const config = {
    restEndpoint: server.restEndpoint,
    apiToken: { env: 'API' },
    organization: 'acme',
    waits: 'off',
    requestsPerMinute: allowed,
  };
  const source = buildkiteSource(config, { variables: { API: fleet.apiToken }, clock });
  closing.push(
    () => server.close(),
    async () => {
      await source[Symbol.asyncDispose]();
    },
  );
  return { server, source, time, ended };
}

const plenty = { kind: 'fixed', count: 2_000 } as const;

function openBuilds({ families }: Collection): number {
  return Object.values(valuesOf(families, 'ci_runs_active', ['state'])).reduce((sum, count) => sum + count, 0);
}

describe('more open builds than the jobs of one run', () => {
  it('are told to be cut short, stay in ci_runs_active, and have their jobs counted in the end', async () => {
    const long = { buildsPerHour: 6_000, jobSeconds: 1_200, agents: plenty };
    const { source, time, ended } = await world([queueOf('long', 'nightly', long)], 200);
    const first = await source.count(60_000);
    time.nowMs += minuteMs;
    const second = await source.count(60_000);

    expect(openBuilds(first)).toBeGreaterThan(600);
    expect(first.problems.map(({ message }) => message).join()).toContain('the next runs go on from there');
    // Buildkite refused nothing.
    expect(new Set(first.problems.map(({ kind }) => kind))).toEqual(new Set(['configuration']));
    expect(openBuilds(second)).toBeGreaterThan(600);

    let last = second.families;
    for (let tick = 0; tick < 6; tick += 1) {
      time.nowMs += minuteMs;
      last = (await source.count(60_000)).families;
    }
    expect(totalsOf(last, 'ci_runs_total', ['pipeline'])).toEqual({ nightly: ended.get('nightly') });
    expect(totalsOf(last, 'ci_jobs_total', ['queue'])).toEqual({ long: ended.get('nightly') });
  });
});

describe('140 builds a minute, one in ten of them long', () => {
  it('does not keep the long ones from being counted while it lasts', async () => {
    const { source, time, ended } = await world([
      queueOf('short', 'web', { buildsPerHour: 7_560, jobSeconds: 20, agents: plenty }),
      queueOf('long', 'nightly', { buildsPerHour: 840, jobSeconds: 1_200, agents: plenty }),
    ]);
    let { families } = await source.count(60_000);
    const endedAfter: number[] = [];
    for (let tick = 0; tick < 30; tick += 1) {
      time.nowMs += minuteMs;
      families = (await source.count(60_000)).families;
      endedAfter.push(ended.get('nightly') ?? 0);
    }

    const counted = totalsOf(families, 'ci_runs_total', ['pipeline'])['nightly'] ?? 0;
    expect(endedAfter.at(-1)).toBeGreaterThan(100);
    // They are asked for every other minute.
    expect(counted).toBeGreaterThanOrEqual(endedAfter.at(-4) ?? Infinity);
  });
});

describe('250 builds a minute, of which five minutes are more than a run reads', () => {
  it('are looked for half a minute before the last list at least, for Buildkite’s index may lag', async () => {
    const { server, source, time } = await world([
      queueOf('short', 'web', { buildsPerHour: 15_000, jobSeconds: 20, agents: plenty }),
    ]);
    await source.count(60_000);
    /** Beyond whole minutes. */
    const lookBacks = new Set<number>();
    for (let tick = 0; tick < 14; tick += 1) {
      time.nowMs += minuteMs;
      await source.count(60_000);
      for (const { path, atMs } of server.requests) {
        const from = new URL(path, server.url).searchParams.get('finished_from');
        // Every list before was read at a full minute.
        if (atMs === time.nowMs && from !== null) lookBacks.add((minuteMs - (Date.parse(from) % minuteMs)) % minuteMs);
      }
    }

    // Ten and five minutes, two and a half, 75 seconds, 37.5 and the least.
    expect([...lookBacks].toSorted((a, b) => a - b)).toEqual([0, 15_000, 30_000, 37_500]);
  });
});

describe('90 builds a minute, of which ten minutes are more than a run reads', () => {
  it('are all counted again and again while it lasts, and the remedy is one that helps', async () => {
    const { source, time, ended } = await world([
      queueOf('short', 'web', { buildsPerHour: 5_400, jobSeconds: 20, agents: plenty }),
    ]);
    await source.count(60_000);
    const behind: number[] = [];
    const messages = new Set<string>();
    for (let tick = 0; tick < 40; tick += 1) {
      time.nowMs += minuteMs;
      const { families, problems } = await source.count(60_000);
      behind.push((ended.get('web') ?? 0) - (totalsOf(families, 'ci_runs_total', ['pipeline'])['web'] ?? 0));
      for (const { message } of problems) messages.add(message);
    }

    expect(behind.slice(-10)).toContain(0);
    expect([...messages].join()).toContain(
      'raise requestsPerMinute as far as Buildkite allows the token or set jobs: skip',
    );
    expect([...messages].join()).not.toContain('raise the interval');
  });

  it('are read as a whole where more requests are allowed', async () => {
    const { source, time, ended } = await world(
      [queueOf('short', 'web', { buildsPerHour: 5_400, jobSeconds: 20, agents: plenty })],
      200,
    );
    let last = await source.count(60_000);
    const problems: string[] = [];
    for (let tick = 0; tick < 20; tick += 1) {
      time.nowMs += minuteMs;
      last = await source.count(60_000);
      problems.push(...last.problems.map(({ message }) => message));
    }

    expect(problems).toEqual([]);
    expect(totalsOf(last.families, 'ci_runs_total', ['pipeline'])).toEqual({ web: ended.get('web') });
  });
});
