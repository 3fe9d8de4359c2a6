/** Tests of reading builds and jobs with a user's API token, over many ticks. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type BuildkiteServer,
  type ServerOptions,
  startBuildkiteServer,
} from '../../../lambda/demo/simulators/buildkite/server.ts';
import type { SimulatedBuild, SimulatedJob } from '../../../lambda/demo/simulators/buildkite/fleet/build-record.ts';
import { createFleet } from '../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import { demoPlan } from '../../../lambda/demo/simulators/buildkite/fleet/plan.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import {
  backlogQuery,
  moreQueuesQuery,
  queueSnapshotQuery,
} from '../../../lambda/sources/buildkite/user-api/graphql-queries.ts';
import { buildkiteSource, type TestSource, totalsOf, valuesOf } from './harness.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const startMs = Date.UTC(2026, 0, 5, 12);

interface World {
  readonly server: BuildkiteServer;
  readonly source: TestSource;
  /** Another process with the same memory. */
  readonly restarted: () => TestSource;
  readonly time: { nowMs: number };
  /** What ended since the start, as the simulation itself tells. */
  readonly truth: { readonly builds: Ended<SimulatedBuild>[]; readonly jobs: Ended<SimulatedJob>[] };
}

interface Ended<What> {
  readonly what: What;
  readonly atMs: number;
}

type Options = Partial<Omit<Extract<ServerOptions, { readonly fleet: unknown }>, 'fleet' | 'clock'>>;

const storedQueries = [queueSnapshotQuery, moreQueuesQuery, backlogQuery];

type Extra = Readonly<Record<string, unknown>>;

/** Settings that need the server's address. */
function portalOf({ slug }: { readonly slug: string }): (server: BuildkiteServer) => Extra {
  return ({ url }) => ({ portal: { slug, token: { env: 'PORTAL_TOKEN' }, endpoint: url } });
}

async function world(
  extra: Extra | ((server: BuildkiteServer) => Extra) = {},
  options: Options = {},
  { speed = 1, retriesByHand = 'some' }: { readonly speed?: number; readonly retriesByHand?: 'some' | 'none' } = {},
): Promise<World> {
  const truth: World['truth'] = { builds: [], jobs: [] };
  const time = { nowMs: startMs };
  const clock = (): number => time.nowMs;
  const fleet = createFleet({
    ...{ seed: 5, startMs, speed },
    plan: { ...demoPlan, retriesByHand },
    observer: {
      buildFinished: (what, { convertToMs: msOf }) => truth.builds.push({ what, atMs: msOf(what.finishedAt ?? 0) }),
      jobFinished: (what, { convertToMs: msOf }) => truth.jobs.push({ what, atMs: msOf(what.finishedAt ?? 0) }),
    },
  });
  const server = await startBuildkiteServer({ fleet, clock, ...options });
  closing.push(() => server.close());
  const store = createMemoryStateStore();
  const config = {
    restEndpoint: server.restEndpoint,
    graphqlEndpoint: server.graphqlEndpoint,
    apiToken: { env: 'API_TOKEN' },
    organization: 'acme',
    ...(typeof extra === 'function' ? extra(server) : extra),
  };
  const made = (): TestSource => {
    const source = buildkiteSource(config, { variables: { API_TOKEN: fleet.apiToken }, clock, store });
    closing.push(async () => {
      await source[Symbol.asyncDispose]();
    });
    return source;
  };
  return { server, source: made(), restarted: made, time, truth };
}

function counted(ended: readonly Ended<unknown>[]): number {
  return ended.filter(({ atMs }) => atMs >= startMs).length;
}

/** Whether the build has finished before. */
function isFurther(ended: readonly Ended<SimulatedBuild>[], index: number): boolean {
  return ended.slice(0, index).some(({ what }) => what === ended[index]?.what);
}

function sum(totals: Readonly<Record<string, number>>): number {
  return Object.values(totals).reduce((all, value) => all + value, 0);
}

describe('builds and jobs by a user’s API token', () => {
  it('are counted once each, whatever process counts them and however often they are read', async () => {
    const { source, restarted, time, truth } = await world({ requestsPerMinute: 1000 }, { requestsPerMinute: 1000 });
    await source.count();
    let reader = source;
    for (let tick = 1; tick <= 25; tick += 1) {
      time.nowMs += 60_000;
      if (tick % 8 === 0) reader = restarted();
      await reader.count();
    }
    time.nowMs += 1;
    const { families, problems } = await reader.count();

    expect(problems).toEqual([]);
    expect(sum(totalsOf(families, 'ci_runs_total', ['pipeline']))).toBe(counted(truth.builds));
    expect(sum(totalsOf(families, 'ci_jobs_total', ['queue']))).toBe(counted(truth.jobs));
    const lost = truth.jobs.filter(({ what, atMs }) => what.exitStatus === -1 && atMs >= startMs).length;
    expect(lost).toBeGreaterThan(0);
    expect(totalsOf(families, 'ci_system_errors_total', ['component', 'error'])).toMatchObject({
      'agent agent lost': lost,
    });
  });

  it('give waits, durations, attempts, last results and open runs', async () => {
    const { source, time, truth } = await world();
    await source.count();
    time.nowMs += 9 * 60_000;

    const { families } = await source.count();

    const ran = truth.jobs.filter(({ what, atMs }) => what.startedAt !== undefined && atMs >= startMs);
    expect(sum(totalsOf(families, 'ci_job_wait_seconds', ['queue']))).toBe(ran.length);
    expect(sum(totalsOf(families, 'ci_job_duration_seconds', ['queue']))).toBe(ran.length);
    const retries = truth.builds.filter(
      ({ what, atMs }, index) => atMs >= startMs && (what.rebuiltFrom !== undefined || isFurther(truth.builds, index)),
    );
    expect(totalsOf(families, 'ci_runs_total', ['attempt'])['retry'] ?? 0).toBe(retries.length);
    expect(valuesOf(families, 'ci_run_last_result', ['pipeline', 'branch'])).toHaveProperty('web main');
    expect(sum(valuesOf(families, 'ci_runs_active', ['pipeline', 'state']))).toBeGreaterThan(0);
    expect(valuesOf(families, 'ci_runs_stuck', ['pipeline'])).toHaveProperty('web', 0);
    const waits = families.find(({ definition }) => definition.name === 'ci_job_wait_seconds');
    const exemplars = waits?.type === 'distribution' ? waits.samples.flatMap((sample) => sample.exemplars ?? []) : [];
    expect(exemplars.length).toBeGreaterThan(0);
    for (const { labels } of exemplars) {
      expect(Object.entries(labels).flat().join('').length).toBeLessThanOrEqual(128);
      expect(labels['build_url']).toMatch(/^https:\/\/buildkite\.com\/acme\/[a-z]+\/builds\/\d+$/);
    }
    const line = source.log.lines.find(({ message }) => message === 'finished run');
    expect(line?.fields).toMatchObject({
      system: 'buildkite',
      scope: 'acme',
      commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
    });
  });

  it('know the last success from before the installation, and count nothing of it', async () => {
    const { source } = await world();

    const { families } = await source.count();

    expect(totalsOf(families, 'ci_runs_total', ['pipeline'])).toEqual({});
    expect(
      Object.keys(valuesOf(families, 'ci_run_last_success_timestamp_seconds', ['pipeline'])).length,
    ).toBeGreaterThan(2);
  });

  it('are those of the selected pipelines, with the branches that the operator names', async () => {
    const { source, time } = await world({
      pipelines: { include: ['web'] },
      namedBranches: ['feature/*'],
      mainBranches: ['trunk'],
    });
    await source.count();
    time.nowMs += 9 * 60_000;

    const { families } = await source.count();

    const runs = Object.keys(totalsOf(families, 'ci_runs_total', ['pipeline', 'branch']));
    expect(new Set(runs.map((key) => key.split(' ')[0]))).toEqual(new Set(['web']));
    const branches = new Set(runs.map((key) => key.split(' ')[1]));
    expect(branches.has('other')).toBe(true);
    expect([...branches].some((branch) => branch?.startsWith('feature/'))).toBe(true);
    expect(branches.has('main')).toBe(false);
    expect(new Set(Object.keys(totalsOf(families, 'ci_jobs_total', ['queue'])))).toEqual(new Set(['default']));
  });

  it('go on from the oldest build where Buildkite refuses to page deeper', async () => {
    // Of a build that ends twice between two looks Buildkite shows the last end only.
    const { server, source, time, truth } = await world({}, { deepestBuild: 60 }, { retriesByHand: 'none' });
    await source.count();
    time.nowMs += 30 * 60_000;

    const { families, problems } = await source.count();

    expect(counted(truth.builds)).toBeGreaterThan(100);
    expect(problems).toEqual([]);
    expect(sum(totalsOf(families, 'ci_runs_total', ['pipeline']))).toBe(counted(truth.builds));
    expect(server.requests.some(({ path }) => path.includes('created_to='))).toBe(true);
  });

  it('are counted in later runs, and told to be cut short, when the budget of requests is spent', async () => {
    const { server, source, time, truth } = await world({ requestsPerMinute: 8 }, {}, { retriesByHand: 'none' });
    await source.count();
    time.nowMs += 60 * 60_000;
    const short = await source.count();
    const first = server.requests.filter(({ atMs, path }) => atMs === time.nowMs && path.startsWith('/v2')).length;
    let last = short;
    for (let tick = 0; tick < 20 && last.problems.length > 0; tick += 1) {
      time.nowMs += 61_000;
      last = await source.count();
    }

    expect(first).toBeLessThanOrEqual(8);
    expect(short.problems.map(({ kind }) => kind)).toContain('rate-limited');
    expect(short.problems.map(({ message }) => message).join()).toContain('requests a minute');
    expect(counted(truth.builds)).toBeGreaterThan(250);
    expect(last.problems).toEqual([]);
    expect(sum(totalsOf(last.families, 'ci_runs_total', ['pipeline']))).toBe(counted(truth.builds));
    expect(sum(totalsOf(last.families, 'ci_jobs_total', ['queue']))).toBe(counted(truth.jobs));
  });

  it('are smaller without jobs', async () => {
    const { server, source, time } = await world({ jobs: 'skip' });
    await source.count();
    time.nowMs += 5 * 60_000;

    const { families, problems } = await source.count();

    expect(problems).toEqual([]);
    expect(totalsOf(families, 'ci_jobs_total', ['queue'])).toEqual({});
    expect(sum(totalsOf(families, 'ci_runs_total', ['pipeline']))).toBeGreaterThan(0);
    const lists = server.requests.filter(({ path }) => path.includes('/builds?'));
    expect(lists.every(({ path }) => path.includes('exclude_jobs=true'))).toBe(true);
  });
});

describe('waiting jobs', () => {
  it('are 0 seconds old in idle queues and have the age of the oldest elsewhere', async () => {
    const { source, time } = await world();
    // In the middle of the outage of `integration`, between 60 and 210 seconds.
    time.nowMs += 150_000;

    const { families, problems } = await source.count();

    const oldest = valuesOf(families, 'ci_queue_oldest_wait_seconds', ['scope', 'queue']);
    expect(problems).toEqual([]);
    expect(oldest['Linux integration']).toBeGreaterThan(30);
    expect(oldest['Linux integration']).toBeLessThanOrEqual(150);
    expect(Object.values(oldest)).toContain(0);
    expect(valuesOf(families, 'ci_queue_paused', ['scope', 'queue'])).toMatchObject({ 'Linux default': 0 });
    expect(valuesOf(families, 'ci_queue_wait_quantile_seconds', ['queue', 'rank'])).toHaveProperty('deploy 0.95');
    expect(valuesOf(families, 'ci_queue_jobs', ['queue', 'state'])['integration queued']).toBeGreaterThan(0);
  });

  it('tell which queues are hosted, so that nobody has to name them', async () => {
    const { source } = await world(({ endpoint }) => ({ endpoint, agentTokens: [{ env: 'APPLE' }] }));
    source.variables['APPLE'] = 'bkct_demo_apple';

    const { families } = await source.count();

    const queues = Object.keys(valuesOf(families, 'ci_queue_jobs', ['scope', 'queue']));
    expect(queues).toContain('Apple hosted');
    const starved = Object.keys(valuesOf(families, 'ci_queue_starved_jobs', ['scope', 'queue']));
    expect(starved).toContain('Apple mobile');
    expect(starved).not.toContain('Apple hosted');
    expect(Object.keys(valuesOf(families, 'ci_workers', ['scope', 'queue']))).not.toContain('Apple hosted');
  });

  it('do without the beta of queue metrics', async () => {
    const { source } = await world({}, { queueMetrics: 'off' });

    const { families, problems } = await source.count();

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'ci_queue_wait_quantile_seconds', ['queue', 'rank'])).toEqual({});
    expect(Object.keys(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).length).toBeGreaterThan(3);
  });

  it('come from REST for a token without GraphQL, with the same labels', async () => {
    const byGraphql = await world();
    const byRest = await world({ waits: 'rest' }, { scopes: ['read_builds', 'read_clusters'] });
    byGraphql.time.nowMs += 150_000;
    byRest.time.nowMs += 150_000;

    const [graphql, rest] = [await byGraphql.source.count(), await byRest.source.count()];

    expect(rest.problems).toEqual([]);
    expect(valuesOf(rest.families, 'ci_queue_paused', ['scope', 'queue'])).toMatchObject({ 'Linux default': 0 });
    const waiting = (families: typeof rest.families): Readonly<Record<string, number>> =>
      Object.fromEntries(
        Object.entries(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['scope', 'queue'])).filter(
          ([, age]) => age > 0,
        ),
      );
    expect(waiting(rest.families)).toMatchObject({ 'Linux integration': expect.any(Number) as number });
    // What is outside of clusters is asked for only when an agent token shows that there is such a thing.
    const ofClusters = Object.entries(waiting(rest.families)).filter(([key]) => !key.startsWith('unclustered '));
    expect(Object.fromEntries(ofClusters)).toEqual(waiting(graphql.families));
    expect(byRest.server.requests.every(({ path }) => !path.startsWith('/v1'))).toBe(true);
  });

  it('come from a portal for a token without GraphQL, and cost requests of the portal only', async () => {
    const portal = { slug: 'ci-metrics', token: 'portal-token', documents: storedQueries };
    const scopes = ['read_builds'];
    const { server, source, time } = await world(portalOf(portal), { portal, scopes });
    const byGraphql = await world();
    time.nowMs += 150_000;
    byGraphql.time.nowMs += 150_000;

    source.variables['PORTAL_TOKEN'] = portal.token;
    const [stored, free] = [await source.count(), await byGraphql.source.count()];

    expect(stored.problems).toEqual([]);
    const ages = valuesOf(stored.families, 'ci_queue_oldest_wait_seconds', ['scope', 'queue']);
    expect(ages['Linux integration']).toBeGreaterThan(30);
    expect(ages).toEqual(valuesOf(free.families, 'ci_queue_oldest_wait_seconds', ['scope', 'queue']));
    expect(valuesOf(stored.families, 'ci_queue_wait_quantile_seconds', ['queue', 'rank'])).toHaveProperty(
      'deploy 0.95',
    );
    const queries = server.requests.filter(({ method }) => method === 'POST');
    expect(new Set(queries.map(({ path }) => path))).toEqual(
      new Set(
        ['QueueSnapshot', 'Backlog'].map((name) => `/organizations/acme/portals/ci-metrics?operation_name=${name}`),
      ),
    );
    expect(new Set(queries.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer portal-token']));
  });

  it('are left out, and the portal’s secret named, when the portal refuses its token', async () => {
    const portal = { slug: 'ci-metrics', token: 'portal-token', documents: storedQueries };
    const { source } = await world(portalOf(portal), { portal });
    source.variables['PORTAL_TOKEN'] = 'wrong';

    const { families, problems } = await source.count();

    expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(problems[0]?.message).toContain('environment variable PORTAL_TOKEN');
    expect(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).toEqual({});
    expect(sum(valuesOf(families, 'ci_runs_active', ['pipeline', 'state']))).toBeGreaterThan(0);
  });

  it('are left out, and the rest kept, when the GraphQL points are spent', async () => {
    const { source } = await world({}, { pointsPerFiveMinutes: 1 });

    const { families, problems } = await source.count(2000);

    expect(problems.map(({ kind }) => kind)).toContain('rate-limited');
    expect(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).toEqual({});
    expect(sum(valuesOf(families, 'ci_runs_active', ['pipeline', 'state']))).toBeGreaterThan(0);
  });
});

describe('the API token', () => {
  it('tells when it expires and what it lacks', async () => {
    const scopes = ['graphql'];
    const { source } = await world({}, { scopes, tokenExpiresAt: '2026-02-01 00:00:00 UTC' });

    const { families, problems } = await source.count();

    const expiry = valuesOf(families, 'ci_collector_token_expiry_timestamp_seconds', ['source']);
    expect(expiry).toEqual({ main: Date.UTC(2026, 1, 1) / 1000 });
    const life = valuesOf(families, 'ci_collector_token_lifetime_seconds', ['source']);
    expect(life).toEqual({ main: (Date.UTC(2026, 1, 1) - Date.UTC(2024, 0, 2, 3, 4, 5)) / 1000 });
    expect(problems.map(({ message }) => message).join('\n')).toContain('lacks read_builds');
    expect(problems.every(({ kind }) => kind === 'auth')).toBe(true);
    expect(Object.keys(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).length).toBeGreaterThan(3);
  });

  it('is asked about itself once an hour', async () => {
    const { server, source, restarted, time } = await world();
    await source.count();
    for (let tick = 0; tick < 3; tick += 1) {
      time.nowMs += 10 * 60_000;
      await (tick === 1 ? restarted() : source).count();
    }

    expect(server.requests.filter(({ path }) => path === '/v2/access-token')).toHaveLength(1);
  });

  it('that lives for hours is asked about itself within a hundredth of its life, so that its successor is seen', async () => {
    const { server, source, time } = await world({}, { tokenExpiresAt: '2024-01-02 15:04:05 UTC' });
    await source.count();
    time.nowMs += 7 * 60_000;
    await source.count();
    time.nowMs += 60_000;
    await source.count();

    expect(server.requests.filter(({ path }) => path === '/v2/access-token')).toHaveLength(2);
  });

  it('that is wrong costs one problem, and names its secret only', async () => {
    const { source } = await world();
    source.variables['API_TOKEN'] = 'bkua_wrong';

    const { families, problems } = await source.count();

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(problems[0]?.message).toContain('environment variable API_TOKEN');
    expect(JSON.stringify(problems)).not.toContain('bkua_wrong');
  });

  it('that is an agent token is not sent at all', async () => {
    const { server, source } = await world();
    source.variables['API_TOKEN'] = 'bkct_agent';

    const { problems } = await source.count();

    expect(problems.map(({ kind }) => kind)).toEqual(['configuration']);
    expect(server.requests).toEqual([]);
  });

  it('that is an agent token is read again, and its successor is used in the same run', async () => {
    const { source } = await world();
    const valid = source.variables['API_TOKEN'];
    source.variables['API_TOKEN'] = 'bkct_agent';
    await source.count();
    source.variables['API_TOKEN'] = valid ?? '';

    const { problems } = await source.count();

    expect(problems).toEqual([]);
  });

  it('of another organization is told', async () => {
    const { source } = await world({ organization: 'globex' });

    const { families, problems } = await source.count();

    expect(families.filter(({ definition }) => definition.name.startsWith('ci_queue'))).toEqual([]);
    expect(problems.map(({ message }) => message).join('\n')).toMatch(/check organization/);
  });

  it('is used without a memory for what needs none', async () => {
    const { source } = await world();

    const { families, problems } = await source.collect();

    expect(problems.map(({ message }) => message)).toEqual(['this test has no state store']);
    expect(Object.keys(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).length).toBeGreaterThan(3);
    expect(sum(valuesOf(families, 'ci_runs_active', ['pipeline', 'state']))).toBeGreaterThan(0);
  });
});
