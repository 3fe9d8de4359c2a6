/** Tests of the simulated agent API: answers, refusals, rate limits and hanging. */
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  type BuildkiteServer,
  type ServerOptions,
  startBuildkiteServer,
} from '../../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { ScenarioName } from '../../../../lambda/demo/simulators/buildkite/api/scenarios.ts';

const servers: BuildkiteServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function started(options: ServerOptions): Promise<BuildkiteServer> {
  const server = await startBuildkiteServer(options);
  servers.push(server);
  return server;
}

const token = 'bkct_test';
const counts = { scheduled: 2, running: 1, waiting: 2, total: 3 };
const agents = { idle: 2, busy: 1, total: 3 };
const answer = {
  organization: { slug: 'acme' },
  cluster: { name: 'Cluster A' },
  jobs: { ...counts, queues: { 'a b/c': counts } },
  agents: { ...agents, queues: { 'a b/c': agents } },
};

function withAnswer(): Promise<BuildkiteServer> {
  return started({ answers: new Map([[token, answer]]), clock: () => 5000 });
}

function get(server: BuildkiteServer, path: string, authorization = `Token ${token}`): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers: { authorization }, redirect: 'manual' });
}

describe('the simulated agent API', () => {
  it('answers for all queues of a token, with the poll hint', async () => {
    const server = await withAnswer();

    const response = await get(server, '/v3/metrics');

    expect(response.status).toBe(200);
    expect(response.headers.get('buildkite-agent-metrics-poll-duration')).toBe('10');
    expect(await response.json()).toEqual(answer);
  });

  it('answers for one queue by its form-encoded name, with the poll hint and without the maps', async () => {
    const server = await withAnswer();

    const response = await get(server, '/v3/metrics/queue?name=a+b%2Fc');

    expect(response.headers.get('buildkite-agent-metrics-poll-duration')).toBe('10');
    expect(await response.json()).toEqual({ ...answer, jobs: counts, agents });
  });

  it.each([
    ['another token', '/v3/metrics', 'Token bkct_other', 401, 'Invalid access token'],
    ['another word than Token', '/v3/metrics', `Bearer ${token}`, 401, 'Invalid access token'],
    ['another path', '/v3/agents', `Token ${token}`, 404, 'Not found'],
    ['a path that is no URL', '//', `Token ${token}`, 404, 'Not found'],
  ])('refuses %s as JSON', async (_, path, authorization, status, message) => {
    const server = await withAnswer();

    const response = await get(server, path, authorization);

    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message });
  });

  it.each([
    ['unauthorized', 401, /^\{"message":"Invalid access token"\}$/],
    ['unauthorized-html', 401, /^<!DOCTYPE html>/],
    ['not-found', 404, /^\{"message"/],
    ['rate-limited', 429, /"reset":30/],
    ['server-error', 500, /^<!DOCTYPE html>/],
    ['no-organization', 200, /^\{"cluster"/],
    ['truncated', 200, /^\{"organization".*[^}]$/],
    ['redirect', 302, /^$/],
    ['jobs-only-queue', 200, /"jobs-only":\{"scheduled":1/],
    ['empty-queue-key', 200, /"":\{"scheduled":1/],
    ['no-cluster', 200, /^\{"organization":\{"slug":"acme"\},"jobs"/],
  ] as const satisfies readonly (readonly [ScenarioName, number, RegExp])[])(
    'plays %s until it is told another scenario',
    async (name, status, body) => {
      const server = await withAnswer();
      server.playScenario(token, name);

      const response = await get(server, '/v3/metrics');
      expect(response.status).toBe(status);
      expect(await response.text()).toMatch(body);

      server.playScenario(token, 'ok');
      expect(await (await get(server, '/v3/metrics')).json()).toEqual(answer);
    },
  );

  it('tells when a limited token may ask again', async () => {
    const server = await withAnswer();
    server.playScenario(token, 'rate-limited');

    const { headers } = await get(server, '/v3/metrics');

    expect([headers.get('ratelimit-remaining'), headers.get('ratelimit-reset')]).toEqual(['0', '30']);
  });

  it('hangs, and still closes at once', async () => {
    const server = await withAnswer();
    server.playScenario(token, 'hang');
    const hanging = get(server, '/v3/metrics').then(
      () => 'answered',
      () => 'cut off',
    );
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

    await server.close();
    servers.length = 0;

    expect(await hanging).toBe('cut off');
  });

  it('keeps what it was asked', async () => {
    const server = await withAnswer();

    await get(server, '/v3/metrics/queue?name=x', 'Token other');

    const request = { atMs: 5000, method: 'GET', path: '/v3/metrics/queue?name=x', authorization: 'Token other' };
    expect(server.requests).toEqual([request]);
  });

  it('lets its fleet live until the moment of the request, each token in its own cluster', async () => {
    let nowMs = 0;
    const fleet = createFleet({ seed: 1, startMs: 0 });
    const server = await started({ fleet, clock: () => nowMs });
    nowMs = 90_000;

    const bodies = await Promise.all(
      fleet.agentTokens.map(async (agentToken) => (await get(server, '/v3/metrics', `Token ${agentToken}`)).json()),
    );

    expect(fleet.snapshot().simulatedSeconds).toBe(90);
    const Named = z.object({ cluster: z.object({ name: z.string() }).optional() });
    expect(bodies.map((body) => Named.parse(body).cluster?.name)).toEqual(['Linux', 'Apple', undefined]);
  });

  it('rejects a port that is taken', async () => {
    const server = await withAnswer();
    const port = Number(new URL(server.url).port);

    const second = startBuildkiteServer({ answers: new Map(), clock: () => 0, port });

    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
