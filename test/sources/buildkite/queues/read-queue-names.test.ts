/** The names of clusters and queues by REST: what is beyond the last page that is read, or cannot be read, is told. */
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../../lambda/model/problem.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource, totalsOf, valuesOf } from '../harness.ts';

const startMs = Date.UTC(2026, 10, 21, 12);
const perPage = 100;

type ListedQueue = { readonly id: string; readonly key: string } | { readonly id: string };

interface Listed {
  readonly clusters: readonly unknown[];
  /** Of each cluster. */
  readonly queues: readonly ListedQueue[];
  readonly builds?: readonly unknown[];
  /** Id of a cluster whose queues cannot be read. */
  readonly failing?: string;
}

/** Buildkite's REST API with lists as long as they are, in pages with the `link` of the next one. */
async function startRest({ clusters, queues, builds = [], failing = 'none' }: Listed): Promise<LoopbackServer> {
  return startLoopbackServer((_, response, { path }) => {
    const url = new URL(path, 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (url.pathname.endsWith('/access-token')) {
      response.end(JSON.stringify({ scopes: ['read_builds', 'read_clusters'] }));
      return;
    }
    if (url.pathname.includes(`/clusters/${failing}/`)) {
      response.statusCode = 500;
      response.end();
      return;
    }
    const list = findList(url.pathname, { clusters, queues, builds });
    const page = Number(url.searchParams.get('page') ?? '1');
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    if (list.length > page * perPage) response.setHeader('link', `<${next.href}>; rel="next"`);
    response.end(JSON.stringify(list.slice((page - 1) * perPage, page * perPage)));
  });
}

function findList(path: string, { clusters, queues, builds = [] }: Listed): readonly unknown[] {
  if (path.endsWith('/builds')) return builds;
  if (path.endsWith('/clusters')) return clusters;
  const cluster = /\/clusters\/([^/]+)\/queues$/.exec(path)?.[1];
  if (cluster === undefined) return [];
  // Queues of two clusters have no id in common.
  return queues.map((queue) => ({ ...queue, id: `${cluster} ${queue.id}` }));
}

function listQueues(count: number): readonly ListedQueue[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `queue-${String(index)}`,
    key: `q${String(index)}`,
    dispatch_paused: true,
  }));
}

function listClusters(count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, index) => ({ id: `cluster-${String(index)}`, name: `c${String(index)}` }));
}

/** A build of one job, which names its queue by id only. */
function buildIn(cluster: string): unknown {
  const time = (seconds: number): string => new Date(startMs + seconds * 1000).toISOString();
  const times = { runnable_at: time(1), started_at: time(10), finished_at: time(40) };
  const queue = { cluster_id: cluster, cluster_queue_id: `${cluster} queue-0`, agent_query_rules: [] };
  return {
    ...{ id: 'build-1', number: 1, state: 'passed', branch: 'main', pipeline: { slug: 'api' }, created_at: time(0) },
    ...times,
    jobs: [{ id: 'job-1', type: 'script', state: 'passed', exit_status: 0, ...queue, ...times }],
  };
}

interface Run {
  readonly problems: readonly Problem[];
  readonly paused: number;
  /** Requests for clusters and queues. */
  readonly requests: number;
  /** All requests. */
  readonly sent: number;
  /** Counted jobs by scope and queue. */
  readonly jobs: Readonly<Record<string, number>>;
}

/** Runs one after another, a minute apart, in one process with its memory. */
async function runSource(listed: Listed, runs: number, requestsPerMinute = 1000): Promise<readonly Run[]> {
  await using server = await startRest(listed);
  let nowMs = startMs;
  await using source = buildkiteSource(
    {
      organization: 'acme',
      restEndpoint: `${server.url}/v2`,
      apiToken: { env: 'API_TOKEN' },
      waits: 'rest',
      // Each cluster costs a request.
      requestsPerMinute,
    },
    { variables: { API_TOKEN: 'bkua_any-token' }, clock: () => nowMs },
  );
  const done: Run[] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = server.requests.length;
    const { families, problems } = await source.count();
    const sent = server.requests.slice(before);
    const requests = sent.filter(({ path }) => path.includes('/clusters')).length;
    const paused = Object.keys(valuesOf(families, 'ci_queue_paused', ['scope', 'queue'])).length;
    const jobs = totalsOf(families, 'ci_jobs_total', ['scope', 'queue']);
    done.push({ problems, requests, sent: sent.length, paused, jobs });
    nowMs += 60_000;
  }
  return done;
}

const linux = { id: 'cluster-1', name: 'Linux' };

it('six pages of queues are cut after five, and that is told in each run that uses the names', async () => {
  const runs = await runSource({ clusters: [linux], queues: listQueues(5 * perPage + 1) }, 2);

  expect(runs.map(({ requests }) => requests)).toEqual([6, 0]);
  expect(runs.map(({ paused }) => paused)).toEqual([500, 500]);
  for (const { problems } of runs) {
    expect(problems.map(({ kind, where }) => [kind, where])).toEqual([['configuration', 'buildkite/main clusters']]);
    expect(problems[0]?.message).toMatch(
      /^truncated after 500 clusters or queues of one cluster; .* set waits: graphql/,
    );
  }
});

it('five full pages are the whole list', async () => {
  const [run] = await runSource({ clusters: [linux], queues: listQueues(5 * perPage) }, 1);

  expect(run).toMatchObject({ problems: [], requests: 6, paused: 500 });
});

it('six pages of clusters are cut as well', async () => {
  const [run] = await runSource({ clusters: listClusters(5 * perPage + 1), queues: [] }, 1);

  expect(run?.problems.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^truncated after 500/));
});

it('what cannot be read costs only itself, and is told in each run that uses the names', async () => {
  const clusters = [linux, { name: 'no id' }, { id: 'cluster-2', name: ' ' }];
  const runs = await runSource({ clusters, queues: [...listQueues(2), { id: 'no key' }] }, 2);

  for (const { problems, paused } of runs) {
    expect(paused).toBe(2);
    expect(problems).toEqual([
      {
        kind: 'bad-response',
        where: 'buildkite/main clusters',
        message: '4 elements are not what Buildkite documents and left out; the others are published',
      },
    ]);
  }
});

describe('more clusters than the budget allows', () => {
  const clusters = listClusters(120);
  const last = 'cluster-119';
  const unread =
    /^the queues of \d+ clusters are still to be read, .*; until then their jobs are not counted; set waits/;

  it('are read over several runs, with what was read published and the rest told', async () => {
    const runs = await runSource({ clusters, queues: listQueues(1) }, 8, 50);

    expect(Math.max(...runs.map(({ sent }) => sent))).toBeLessThanOrEqual(50);
    const published = runs.map(({ paused }) => paused);
    expect(published[0]).toBeGreaterThan(10);
    expect(published).toEqual(published.toSorted((a, b) => a - b));
    expect(published.at(-1)).toBe(clusters.length);
    for (const { problems, paused } of runs) {
      const expected = paused === clusters.length ? [] : [['rate-limited', 'buildkite/main clusters', true]];
      expect(problems.map(({ kind, where, message }) => [kind, where, unread.test(message)])).toEqual(expected);
    }
  });

  it('leave requests for the lists of builds', async () => {
    const [run] = await runSource({ clusters, queues: listQueues(1) }, 1, 50);

    expect(run?.sent).toBeGreaterThan(20);
    expect(run?.sent).toBeLessThan(30);
  });

  it('have their jobs counted once their names are known, under no other queue before', async () => {
    const runs = await runSource({ clusters, queues: listQueues(1), builds: [buildIn(last)] }, 8, 50);

    const counted = runs.map(({ jobs }) => jobs).filter((jobs) => Object.keys(jobs).length > 0);
    expect(runs[0]?.jobs).toEqual({});
    expect(new Set(counted.map((jobs) => JSON.stringify(jobs)))).toEqual(new Set(['{"c119 q0":1}']));
    expect(runs.at(-1)?.jobs).toEqual({ 'c119 q0': 1 });
  });

  it('are read again later without losing what is known meanwhile', async () => {
    const runs = await runSource({ clusters, queues: listQueues(1) }, 20, 50);

    const all = runs.slice(7);
    expect(all.some(({ requests }) => requests > 0)).toBe(true);
    expect(all.map(({ paused, problems }) => [paused, problems])).toEqual(all.map(() => [clusters.length, []]));
  });
});

it('a cluster whose queues cannot be read costs only itself', async () => {
  const listed = { clusters: listClusters(3), queues: listQueues(1), failing: 'cluster-1' };
  const runs = await runSource({ ...listed, builds: [buildIn('cluster-1')] }, 3);

  for (const { problems, paused } of runs.slice(1)) {
    expect(paused).toBe(2);
    expect(problems.map(({ kind }) => kind)).toEqual(['unavailable']);
  }
  expect(runs.at(-1)?.jobs).toEqual({});
});
