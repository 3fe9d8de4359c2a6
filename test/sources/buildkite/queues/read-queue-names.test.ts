/** The names of clusters and queues by REST: what is beyond the last page that is read, or cannot be read, is told. */
import { expect, it } from 'vitest';
import type { Problem } from '../../../../lambda/model/problem.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource, valuesOf } from '../harness.ts';

const startMs = Date.UTC(2026, 10, 21, 12);
const perPage = 100;

interface Listed {
  readonly clusters: readonly unknown[];
  /** Of each cluster. */
  readonly queues: readonly unknown[];
}

/** Buildkite's REST API with lists as long as they are, in pages with the `link` of the next one. */
async function startRest({ clusters, queues }: Listed): Promise<LoopbackServer> {
  return startLoopbackServer((_, response, { path }) => {
    const url = new URL(path, 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (url.pathname.endsWith('/access-token')) {
      response.end(JSON.stringify({ scopes: ['read_builds', 'read_clusters'] }));
      return;
    }
    const list = findList(url.pathname, { clusters, queues });
    const page = Number(url.searchParams.get('page') ?? '1');
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    if (list.length > page * perPage) response.setHeader('link', `<${next.href}>; rel="next"`);
    response.end(JSON.stringify(list.slice((page - 1) * perPage, page * perPage)));
  });
}

function findList(path: string, { clusters, queues }: Listed): readonly unknown[] {
  if (path.endsWith('/clusters')) return clusters;
  return path.endsWith('/queues') ? queues : [];
}

function listQueues(count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `queue-${String(index)}`,
    key: `q${String(index)}`,
    dispatch_paused: true,
  }));
}

interface Run {
  readonly problems: readonly Problem[];
  readonly paused: number;
  /** Requests for clusters and queues. */
  readonly requests: number;
}

/** Runs one after another, a minute apart, in one process with its memory. */
async function runSource(listed: Listed, runs: number): Promise<readonly Run[]> {
  await using server = await startRest(listed);
  let nowMs = startMs;
  await using source = buildkiteSource(
    {
      organization: 'acme',
      restEndpoint: `${server.url}/v2`,
      apiToken: { env: 'API_TOKEN' },
      waits: 'rest',
      // Each cluster costs a request.
      requestsPerMinute: 1000,
    },
    { variables: { API_TOKEN: 'bkua_any-token' }, clock: () => nowMs },
  );
  const done: Run[] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = server.requests.length;
    const { families, problems } = await source.count();
    const requests = server.requests.slice(before).filter(({ path }) => path.includes('/clusters')).length;
    done.push({ problems, requests, paused: Object.keys(valuesOf(families, 'ci_queue_paused', ['queue'])).length });
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

  expect(run).toEqual({ problems: [], requests: 6, paused: 500 });
});

it('six pages of clusters are cut as well', async () => {
  const clusters = Array.from({ length: 5 * perPage + 1 }, (_, index) => ({
    id: `cluster-${String(index)}`,
    name: `c${String(index)}`,
  }));
  const [run] = await runSource({ clusters, queues: [] }, 1);

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
