/** Clusters and queues by GraphQL: what the budget of points cuts short is kept, told, and read on in the next run. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import type { Problem } from '../../../../lambda/model/problem.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource, valuesOf } from '../harness.ts';

const startMs = Date.UTC(2026, 10, 21, 12);
const pointsOfPage = 200;

const Post = z.object({
  query: z.string(),
  variables: z.object({ c: z.number().optional(), after: z.string().nullish() }),
});

/** Buildkite's GraphQL with so many clusters of one paused queue each, and no waiting jobs or a list without an end. */
async function startGraphql(clusters: number, waiting: 'none' | 'endless'): Promise<LoopbackServer> {
  return startLoopbackServer((_, response, { path, body }) => {
    response.setHeader('content-type', 'application/json');
    if (!path.endsWith('/graphql')) {
      response.end(JSON.stringify(path.endsWith('/access-token') ? { scopes: ['read_builds', 'graphql'] } : []));
      return;
    }
    const { query, variables } = Post.parse(JSON.parse(body.toString()));
    response.setHeader('ratelimit-complexity-actual', String(pointsOfPage));
    const organization = query.includes('clusters(')
      ? { clusters: buildPage(clusters, Number(variables.after ?? 0), variables.c ?? 0) }
      : { jobs: { edges: [], pageInfo: { hasNextPage: waiting === 'endless', endCursor: '1' } } };
    response.end(JSON.stringify({ data: { organization } }));
  });
}

function buildPage(clusters: number, from: number, size: number): unknown {
  const end = Math.min(from + size, clusters);
  const edges = Array.from({ length: end - from }, (_, index) => buildCluster(String(from + index)));
  return { edges, pageInfo: { hasNextPage: end < clusters, endCursor: String(end) } };
}

function buildCluster(id: string): unknown {
  const queue = { uuid: `queue-${id}`, key: 'default', hosted: false, dispatchPaused: true, dispatchPausedAt: null };
  const queues = { edges: [{ node: queue }], pageInfo: { hasNextPage: false, endCursor: null } };
  return { node: { id: `node-${id}`, uuid: `cluster-${id}`, name: `c${id}`, queues } };
}

interface Run {
  readonly problems: readonly Problem[];
  readonly paused: readonly string[];
}

interface Settings {
  readonly minutes?: number;
  readonly waiting?: 'none' | 'endless';
  /** The default is enough for three pages: what a page costs is known when it is there. */
  readonly points?: number;
}

/** Runs one after another in one process with its memory. */
async function runSource(
  clusters: number,
  runs: number,
  { minutes = 1, waiting = 'none', points = 450 }: Settings,
): Promise<readonly Run[]> {
  await using server = await startGraphql(clusters, waiting);
  let nowMs = startMs;
  await using source = buildkiteSource(
    {
      organization: 'acme',
      restEndpoint: `${server.url}/v2`,
      graphqlEndpoint: `${server.url}/graphql`,
      apiToken: { env: 'API_TOKEN' },
      pointsPerFiveMinutes: points,
    },
    { variables: { API_TOKEN: 'bkua_any-token' }, clock: () => nowMs },
  );
  const done: Run[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { families, problems } = await source.count();
    done.push({ problems, paused: Object.keys(valuesOf(families, 'ci_queue_paused', ['scope'])) });
    nowMs += minutes * 60_000;
  }
  return done;
}

it('the budget of points ends the reading, and the next run with a budget goes on from there', async () => {
  const [first, second, third] = await runSource(200, 3, { minutes: 5 });

  expect(first?.paused).toHaveLength(150);
  expect(first?.problems[0]).toMatchObject({
    kind: 'rate-limited',
    where: 'buildkite/main queues',
    message:
      'cut short, because the budget is spent: the names of the other queues are those of earlier runs; raise the interval, or pointsPerFiveMinutes if Buildkite allows more',
  });
  expect(second?.paused).toHaveLength(50);
  expect(second?.paused).toContain('c199');
  expect(third?.paused).toHaveLength(150);
});

it('a run without any points left forgets nothing of where to go on', async () => {
  const runs = await runSource(200, 6, {});

  expect(runs.map(({ paused }) => paused.length)).toEqual([150, 0, 0, 0, 0, 50]);
});

it('waiting jobs beyond the bound of the collector are a matter of settings, not of a rate limit', async () => {
  const [run] = await runSource(1, 1, { waiting: 'endless', points: 5000 });

  expect(run?.problems).toEqual([
    {
      kind: 'configuration',
      where: 'buildkite/main waiting jobs',
      message:
        'truncated after 1,000 jobs, as many as the points that Buildkite gives a user allow (waits: rest takes them from the list of open builds); so nothing is said about the oldest wait',
    },
  ]);
});
