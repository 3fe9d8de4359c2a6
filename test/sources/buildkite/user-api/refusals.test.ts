/** What Buildkite says of a refusal reaches the operator, and the wait that it names is kept. */
import { describe, expect, it } from 'vitest';
import type { Collection } from '../../../../lambda/sources/source.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource } from '../harness.ts';

const startMs = Date.UTC(2026, 0, 5, 12);

const apis = ['/v1', '/v2', '/v3'] as const;

interface Answer {
  readonly status: number;
  readonly body: object;
}

interface Refused {
  readonly collections: readonly Collection[];
  /** Paths that were asked for in each run. */
  readonly asked: readonly (readonly string[])[];
}

/** Runs a minute apart against a server that answers everything of one API like this, after a run in good health. */
async function runsAgainst(refusing: (typeof apis)[number], answer: Answer, runs: number): Promise<Refused> {
  const metrics = { organization: { slug: 'acme' }, jobs: { queues: {} }, agents: { queues: {} } };
  const healthy = { '/v1': { data: { organization: null } }, '/v2': [], '/v3': metrics };
  let asked: string[] = [];
  let isHealthy = true;
  await using server = await startLoopbackServer((_request, response, { path }) => {
    asked.push(path);
    const api = apis.find((prefix) => path.startsWith(prefix)) ?? '/v2';
    const { status, body } = api === refusing && !isHealthy ? answer : { status: 200, body: healthy[api] };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const time = { nowMs: startMs };
  await using source = buildkiteSource(
    {
      endpoint: `${server.url}/v3`,
      restEndpoint: `${server.url}/v2`,
      graphqlEndpoint: `${server.url}/v1`,
      organization: 'acme',
      apiToken: { env: 'API' },
      ...(refusing === '/v3' ? { agentTokens: [{ env: 'AGENT' }] } : {}),
    },
    { variables: { API: 'bkua_secret', AGENT: 'bkct_secret' }, clock: () => time.nowMs },
  );
  await source.count(2_000);
  isHealthy = false;
  const collections: Collection[] = [];
  const all: string[][] = [];
  for (let run = 0; run < runs; run += 1) {
    time.nowMs += 60_000;
    asked = [];
    collections.push(await source.count(2_000));
    all.push(asked.filter((path) => path.startsWith(refusing)));
  }
  return { collections, asked: all };
}

function messagesOf({ problems }: Collection | undefined = { families: [], problems: [] }): string {
  return problems.map(({ message }) => message).join('\n');
}

const reasons = [
  'Your IP address (203.0.113.9) is not allowed to use this token',
  'You must sign in with single sign-on to access this organization',
  "Your access token doesn't have the read_builds scope",
];

describe('a refusal', () => {
  it.each(
    apis.flatMap((api) => [401, 403].flatMap((status) => reasons.map((reason) => [api, status, reason] as const))),
  )('of %s with %d shows Buildkite’s own words: %s', async (api, status, message) => {
    const body = api === '/v1' ? { errors: [{ message }] } : { message };

    const { collections } = await runsAgainst(api, { status, body }, 1);

    expect(messagesOf(collections[0])).toContain(`answered ${String(status)}`);
    expect(messagesOf(collections[0])).toContain(`Buildkite says: ${message}`);
  });

  it('that repeats a token does not show it', async () => {
    const body = { message: 'The token bkua_0123456789abcdef is revoked' };

    const { collections } = await runsAgainst('/v2', { status: 401, body }, 1);

    expect(messagesOf(collections[0])).toContain('The token [token] is revoked');
    expect(messagesOf(collections[0])).not.toContain('bkua_0123456789abcdef');
  });
});

const exceeded =
  'Your organization has exceeded the limit of 20000 complexity points. Please try again in 187 seconds.';

describe('a wait that only the body of a refusal names', () => {
  it.each([
    [
      'REST',
      '/v2',
      { status: 429, body: { message: 'Slow down', scope: 'rest', limit: 200, current: 201, reset: 170 } },
    ],
    ['GraphQL', '/v1', { status: 429, body: { errors: [{ message: exceeded }] } }],
    ['GraphQL with status 200', '/v1', { status: 200, body: { errors: [{ message: exceeded }] } }],
    ['the agent API', '/v3', { status: 429, body: { message: 'Slow down', limit: 60, current: 61, reset: 170 } }],
  ] as const)('is kept: %s is not asked before, and asked again afterwards', async (_, api, answer) => {
    const { collections, asked } = await runsAgainst(api, answer, 5);

    expect(asked[0]).not.toEqual([]);
    expect(asked[1]).toEqual([]);
    expect(asked[2]).toEqual([]);
    expect([...(asked[3] ?? []), ...(asked[4] ?? [])]).not.toEqual([]);
    expect(collections.map(({ problems }) => problems.some(({ kind }) => kind === 'rate-limited'))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
  });
});
