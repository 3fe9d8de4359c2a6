/** Tests of the simulated REST API: who is let in, what is hidden, pages, tags, limits, and other editions. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { OrganizationPlan } from '../../../../lambda/demo/simulators/github/organization/plan.ts';
import { rude } from '../../../../lambda/demo/simulators/github/server.ts';
import { app, credentials, fineToken, openGithub, type Opened, signAssertion, startMs } from './simulated-github.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const runs = '/repos/acme/storefront/actions/runs';
const tokens = `/app/installations/${String(app.installationId)}/access_tokens`;

const RunList = z.object({
  total_count: z.number(),
  workflow_runs: z.array(
    z.object({ id: z.number(), status: z.string(), conclusion: z.string().nullable(), created_at: z.string() }),
  ),
});

async function issueToken(github: Opened, body?: object): Promise<string> {
  const headers = { authorization: `Bearer ${signAssertion(github.now())}` };
  const issued = await github.ask(tokens, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return z.object({ token: z.string() }).parse(issued.body).token;
}

function withToken(token: string): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

describe('an App', () => {
  it.each([
    ['as it has to be', {}, {}, 200, ''],
    ['by its number', { iss: app.appId }, {}, 200, ''],
    ['of another App', { iss: 'Iv23liAnother' }, {}, 404, 'Integration not found'],
    ['that has ended', { exp: startMs / 1000 - 1 }, {}, 401, "'Expiration time' claim ('exp') must be a numeric value"],
    ['that lives too long', { exp: startMs / 1000 + 3600 }, {}, 401, 'too far in the future'],
    ['from the future', { iat: startMs / 1000 + 120 }, {}, 401, "'Issued at' claim ('iat')"],
    ['without a signature that is checked', {}, { alg: 'none' }, 401, 'could not be decoded'],
  ])('with an assertion %s', async (_, claims, header, status, message) => {
    await using github = await openGithub();
    const assertion = signAssertion(startMs, claims, { alg: 'RS256', ...header });
    const asked = await github.ask('/orgs/acme/installation', withToken(assertion));
    expect(asked.status).toBe(status);
    expect(JSON.stringify(asked.body)).toContain(message);
  });

  it('is refused with an assertion that was changed', async () => {
    await using github = await openGithub();
    const [header = '', , signature = ''] = signAssertion(startMs).split('.');
    const [, other = ''] = signAssertion(startMs, { exp: startMs / 1000 + 500 }).split('.');
    const { status } = await github.ask('/orgs/acme/installation', withToken(`${header}.${other}.${signature}`));
    expect(status).toBe(401);
  });

  it('has tokens that end after an hour', async () => {
    await using github = await openGithub();
    const token = await issueToken(github);
    expect((await github.ask(runs, withToken(token))).status).toBe(200);
    github.pass(hourMs - 1000);
    expect((await github.ask(runs, withToken(token))).status).toBe(200);
    github.pass(1000);
    expect(await github.ask(runs, withToken(token))).toMatchObject({
      status: 401,
      body: { message: 'Bad credentials' },
    });
  });

  it('may ask for less than it was granted, and not for more', async () => {
    await using github = await openGithub();
    const narrow = await issueToken(github, { permissions: { actions: 'read' } });
    expect((await github.ask(runs, withToken(narrow))).status).toBe(200);
    const refused = await github.ask('/orgs/acme/actions/runners', withToken(narrow));
    expect(refused).toMatchObject({ status: 403, body: { message: 'Resource not accessible by integration' } });
    expect(refused.headers.get('x-accepted-github-permissions')).toBe('organization_self_hosted_runners=read');
    const headers = { authorization: `Bearer ${signAssertion(startMs)}` };
    const body = JSON.stringify({ permissions: { actions: 'write' } });
    expect((await github.ask(tokens, { method: 'POST', headers, body })).status).toBe(422);
  });

  it('reads nothing with its assertion alone', async () => {
    await using github = await openGithub();
    expect((await github.ask(runs, withToken(signAssertion(startMs)))).status).toBe(404);
  });

  it('may have tokens of more than 500 characters', async () => {
    await using github = await openGithub({ credentials: [{ ...app, tokens: 'long' }] });
    const token = await issueToken(github);
    expect(token.length).toBeGreaterThan(500);
    expect((await github.ask(runs, withToken(token))).status).toBe(200);
  });

  it('that is suspended has no token', async () => {
    await using github = await openGithub({ credentials: [{ ...app, isSuspended: true }] });
    const headers = { authorization: `Bearer ${signAssertion(startMs)}` };
    expect((await github.ask(tokens, { method: 'POST', headers })).status).toBe(403);
    expect((await github.ask('/orgs/acme/installation', { headers })).body).not.toMatchObject({ suspended_at: null });
  });
});

describe('a token of a person', () => {
  it('tells its scopes where it is a classic one', async () => {
    await using github = await openGithub();
    expect((await github.ask(runs)).headers.get('x-oauth-scopes')).toBe('repo, admin:org');
    expect((await github.ask(runs, withToken(fineToken))).headers.get('x-oauth-scopes')).toBeNull();
  });

  it('is refused by name where a permission lacks', async () => {
    await using github = await openGithub();
    const { status, body } = await github.ask('/orgs/acme/actions/runners', withToken(fineToken));
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { message: 'Resource not accessible by personal access token' },
    });
  });

  it('is refused where nobody knows it, where it has ended, and without the name of a program', async () => {
    const ending = { kind: 'classic', token: 'ghp_ends', scopes: ['repo'], expiresMs: startMs + 1000 } as const;
    await using github = await openGithub({ credentials: [...credentials, ending] });
    expect((await github.ask(runs, withToken('ghp_unknown'))).status).toBe(401);
    const before = await github.ask(runs, withToken('ghp_ends'));
    expect(before.headers.get('github-authentication-token-expiration')).toBe('2026-09-01 09:00:01 UTC');
    github.pass(1000);
    expect((await github.ask(runs, withToken('ghp_ends'))).status).toBe(401);
    expect((await github.ask(runs, { headers: { 'user-agent': '' } })).status).toBe(403);
  });
});

const plan: OrganizationPlan = {
  login: 'acme',
  pools: [{ name: 'ubuntu', kind: 'hosted', labels: ['ubuntu-latest'], size: 20 }],
  repositories: [
    { name: 'shop', formerName: 'store', workflows: [] },
    { name: 'secret', visibility: 'hidden', workflows: [] },
    { name: 'old', archived: true, workflows: [] },
  ],
};

describe('repositories', () => {
  it('answers 404 for one that is hidden, and leaves it out of lists', async () => {
    await using github = await openGithub({ life: { plan } });
    expect((await github.ask('/repos/acme/secret/actions/runs')).status).toBe(404);
    const list = z
      .array(z.object({ name: z.string(), archived: z.boolean() }))
      .parse((await github.ask('/orgs/acme/repos')).body);
    expect(list).toEqual([
      { name: 'shop', archived: false },
      { name: 'old', archived: true },
    ]);
  });

  it('leads from the former name to the number', async () => {
    await using github = await openGithub({ life: { plan } });
    const moved = await github.ask('/repos/acme/store/actions/runs?per_page=1');
    expect(moved.status).toBe(301);
    const location = moved.headers.get('location') ?? '';
    expect(location).toMatch(/\/repositories\/500000\/actions\/runs\?per_page=1$/);
    expect((await github.ask(location)).status).toBe(200);
  });
});

describe('lists', () => {
  it('come in pages of at most 100 with links to the others', async () => {
    await using github = await openGithub();
    github.pass(3 * hourMs);
    const first = await github.ask(`${runs}?per_page=500`);
    const { total_count, workflow_runs } = RunList.parse(first.body);
    expect(workflow_runs).toHaveLength(100);
    expect(total_count).toBeGreaterThan(200);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = RunList.parse((await github.ask(next)).body);
    const ids = [...workflow_runs, ...second.workflow_runs].map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(RunList.parse((await github.ask(runs)).body).workflow_runs).toHaveLength(30);
    const last = /<([^>]+)>; rel="last"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect((await github.ask(last)).headers.get('link')).not.toContain('rel="next"');
  });

  it('end at 1,000 runs where they are filtered, and go on counting', async () => {
    const busy = { name: 'build', file: 'build.yml', event: 'push', runsPerHour: 400, stages: [] } as const;
    const life = { plan: { ...plan, repositories: [{ name: 'storefront', workflows: [busy] }] }, historyHours: 4 };
    await using github = await openGithub({ life });
    const filtered = await github.ask(`${runs}?per_page=100&page=10&event=push`);
    const beyond = RunList.parse((await github.ask(`${runs}?per_page=100&page=11&event=push`)).body);
    const plain = RunList.parse((await github.ask(`${runs}?per_page=100&page=11`)).body);
    expect(filtered.headers.get('link')).not.toContain('rel="next"');
    expect(beyond.total_count).toBeGreaterThan(1100);
    expect([beyond.workflow_runs.length, plain.workflow_runs.length]).toEqual([0, 100]);
  });

  it('choose by state, branch and creation', async () => {
    await using github = await openGithub();
    github.pass(hourMs);
    const failed = RunList.parse((await github.ask(`${runs}?status=failure&per_page=100`)).body).workflow_runs;
    expect(new Set(failed.map(({ conclusion }) => conclusion))).toEqual(new Set(['failure']));
    const done = RunList.parse((await github.ask(`${runs}?status=completed`)).body).workflow_runs;
    expect(new Set(done.map(({ status }) => status))).toEqual(new Set(['completed']));
    const since = new Date(startMs).toISOString();
    const late = RunList.parse(
      (await github.ask(`${runs}?created=${encodeURIComponent(`>=${since}`)}&per_page=100`)).body,
    );
    expect(late.total_count).toBeGreaterThan(20);
    expect(late.workflow_runs.every(({ created_at }) => Date.parse(created_at) >= startMs)).toBe(true);
    expect((await github.ask(`${runs}?created=yesterday`)).status).toBe(422);
  });

  it('still show a run at work that has just ended, where the server is rude', async () => {
    await using github = await openGithub({
      manners: { ...rude, secondaryEvery: 0, brokenEvery: 0 },
      requestsPerHour: 100_000,
      pointsPerMinute: 1e6,
    });
    const late: number[] = [];
    for (let second = 0; second < 600; second += 2) {
      const list = RunList.parse((await github.ask(`${runs}?per_page=10`)).body).workflow_runs;
      const open = list.filter(({ status }) => status === 'in_progress');
      for (const { id } of open) {
        const { status } = z.object({ status: z.string() }).parse((await github.ask(`${runs}/${String(id)}`)).body);
        if (status === 'completed') late.push(id);
      }
      if (late.length > 0) return;
      github.pass(2000);
    }
    expect.unreachable('no list was ever late');
  });
});

describe('limits', () => {
  it('count what is asked, but nothing that has not changed', async () => {
    await using github = await openGithub();
    const first = await github.ask('/orgs/acme/actions/runner-groups');
    expect(first.headers.get('x-ratelimit-used')).toBe('1');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('4999');
    expect(Number(first.headers.get('x-ratelimit-reset'))).toBe(startMs / 1000 + 3600);
    const etag = first.headers.get('etag') ?? '';
    const again = await github.ask('/orgs/acme/actions/runner-groups', { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('x-ratelimit-used')]).toEqual([304, '1']);
    // The same list has another tag for another token.
    const token = await issueToken(github);
    const headers = { authorization: `Bearer ${token}`, 'if-none-match': etag };
    expect((await github.ask('/orgs/acme/actions/runner-groups', { headers })).status).toBe(200);
    expect((await github.ask('/rate_limit')).body).toMatchObject({ resources: { core: { used: 1, limit: 5000 } } });
  });

  it('refuse with 403 when an hour is spent, until it is over; tokens of one person share it', async () => {
    await using github = await openGithub({ requestsPerHour: 2 });
    await github.ask(runs);
    await github.ask(runs, withToken(fineToken));
    const refused = await github.ask(runs);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(refused.headers.get('retry-after')).toBeNull();
    github.pass(hourMs);
    expect((await github.ask(runs)).status).toBe(200);
    expect(github.server.mostInAnHour()).toBe(2);
  });

  it('refuse with a time to wait when a minute has too many points', async () => {
    await using github = await openGithub({ pointsPerMinute: 3 });
    for (let index = 0; index < 3; index += 1) expect((await github.ask(runs)).status).toBe(200);
    const refused = await github.ask(runs);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([403, '60']);
    expect(Number(refused.headers.get('x-ratelimit-remaining'))).toBeGreaterThan(0);
    github.pass(minuteMs);
    expect((await github.ask(runs)).status).toBe(200);
  });

  it('strike now and then where the server is rude', async () => {
    await using github = await openGithub({ manners: { listLagMs: 0, secondaryEvery: 3, brokenEvery: 4 } });
    const statuses: number[] = [];
    for (let index = 0; index < 9; index += 1) statuses.push((await github.ask(runs)).status);
    expect(statuses).toEqual([200, 200, 429, 502, 200, 403, 200, 502, 429]);
  });
});

describe('Enterprise Server', () => {
  it('answers below /api/v3, without limits and without what only GitHub itself has', async () => {
    await using github = await openGithub({ edition: 'enterprise-server' });
    expect(github.server.endpoint).toMatch(/\/api\/v3$/);
    const answer = await github.ask(runs);
    expect([answer.status, answer.headers.get('x-ratelimit-limit')]).toEqual([200, null]);
    for (const path of [
      '/orgs/acme/actions/hosted-runners',
      '/organizations/acme/settings/billing/usage',
      '/rate_limit',
    ])
      expect((await github.ask(path)).status).toBe(404);
    expect((await github.ask(github.server.endpoint.replace('/api/v3', runs))).status).toBe(404);
  });
});

it('plays what has been seen to go wrong, for the paths that are meant', async () => {
  await using github = await openGithub();
  github.server.playScenario('sso-required', (path) => path.endsWith('/runs'));
  const refused = await github.ask(runs);
  expect(refused.status).toBe(403);
  expect(refused.headers.get('x-github-sso')).toContain('required; url=');
  expect((await github.ask('/orgs/acme/actions/runners')).status).toBe(200);
});
