/** The address of a next page comes from an answer, and the API token goes with the request for it. */
import { expect, it } from 'vitest';
import { contractPipeline } from '../../../contracts/pipeline.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);

it('at another origin is not asked for: no credential goes there, and it is told', async () => {
  await using elsewhere = await startLoopbackServer((_, response) => {
    response.end('[]');
  });
  await using buildkite = await startLoopbackServer((_, response, { path }) => {
    response.setHeader('content-type', 'application/json');
    if (/\/builds\?/.test(path)) response.setHeader('link', `<${elsewhere.url}${path}&page=2>; rel="next"`);
    response.end(JSON.stringify(answerTo(path)));
  });
  const source = {
    kind: 'buildkite',
    organization: 'acme',
    restEndpoint: `${buildkite.url}/v2`,
    graphqlEndpoint: `${buildkite.url}/v1`,
    apiToken: { env: 'CANARY_TOKEN' },
    waits: 'rest',
  };
  const config = { sources: [source], sinks: [{ kind: 'stdout' }] };
  await using pipeline = await contractPipeline(config, { token: 'bkua_any-token', clock: () => nowMs });

  const { sources } = await pipeline.run(20_000);

  const told = sources.flatMap(({ problems }) => problems.map(({ message }) => message));
  expect(told).toContainEqual(expect.stringMatching(/the next page is on another server/));
  expect(buildkite.requests.some(({ path }) => path.includes('/builds?'))).toBe(true);
  expect(elsewhere.requests).toEqual([]);
});

function answerTo(path: string): unknown {
  if (path.endsWith('/access-token')) return { scopes: ['read_builds', 'read_clusters', 'graphql'] };
  if (!path.includes('/builds?')) return [];
  const createdAt = new Date(nowMs - 60_000).toISOString();
  return [
    {
      ...{ id: '0190f3c2-0000-4000-8000-000000000001', number: 1, state: 'passed', branch: 'main', jobs: [] },
      ...{ created_at: createdAt, started_at: createdAt, finished_at: createdAt, pipeline: { slug: 'shop' } },
      url: 'https://api.buildkite.com/v2/organizations/acme/pipelines/shop/builds/1',
    },
  ];
}
