/** Tests of what is told of an organization as a whole: whose runners there are, larger ones of GitHub, and the bill. */
import { describe, expect, it } from 'vitest';
import type { OrganizationPlan } from '../../../../lambda/demo/simulators/github/organization/plan.ts';
import { minuteMs, opened } from '../opened.ts';

const usual = { failsAt: Infinity, cancelledAfterSeconds: Infinity, kind: 'usual' } as const;

/** One workflow, whose one job takes an hour on average on runners of a pool. */
function repositoryOn(
  pool: string,
  labels: readonly string[],
  meanSeconds = 3600,
): OrganizationPlan['repositories'][number] {
  const stages = [[{ name: 'test', labels, pool, meanSeconds }]];
  return { name: 'shop', workflows: [{ name: 'build', file: 'build.yml', event: 'push', runsPerHour: 0, stages }] };
}

/** By then a repository in which nothing ran has been looked at again. */
const seenAfterMinutes = 12;

const larger = { name: 'big', kind: 'hosted', labels: ['big'], size: 1, isLarger: true } as const;
const ofEnterprise = { name: 'gpu', kind: 'self-hosted', labels: ['gpu'], size: 2, isOfEnterprise: true } as const;

const scopes = ['repo', 'admin:org'];
const main = { kind: 'classic', token: 'ghp_token', scopes } as const;

describe('larger runners of GitHub', () => {
  it('are told with the jobs that they take at once, under the queue of their jobs, which are hosted ones', async () => {
    const settings = { hostedRunners: 'read' };
    const repositories = [repositoryOn('big', ['big'])];
    await using github = await opened({ repositories, pools: [larger], settings });
    await github.tick();
    github.begin(usual);
    github.begin(usual);
    const { values, problems } = await github.tick(seenAfterMinutes);

    expect(problems).toEqual([]);
    expect(values('ci_github_actions_hosted_runner_limit', 'scope', 'queue')).toEqual({ 'acme big': 1 });
    expect(values('ci_queue_jobs', 'queue', 'state')).toMatchObject({ 'big queued': 1, 'big running': 1 });
    expect(values('ci_github_actions_running_jobs', 'hosting')).toEqual({ hosted: 1, self_hosted: 0, unknown: 0 });
    expect(values('ci_github_actions_queued_jobs', 'hosting')).toEqual({ hosted: 1, self_hosted: 0, unknown: 0 });
  });

  it('are no self-hosted ones: nobody knows whose runner such a job is for where they are not read', async () => {
    await using github = await opened({ repositories: [repositoryOn('big', ['big'])], pools: [larger] });
    await github.tick();
    github.begin(usual);
    const { values } = await github.tick(seenAfterMinutes);

    expect(values('ci_github_actions_running_jobs', 'hosting')).toMatchObject({ unknown: 1 });
    expect(values('ci_github_actions_hosted_runner_limit', 'queue')).toEqual({});
  });

  it('are asked for every ten minutes; one that is shut down takes no jobs', async () => {
    const runners = [
      { id: 1, name: 'Big', status: 'Ready', maximum_runners: 10 },
      { id: 1, name: 'Big', status: 'Ready', maximum_runners: 10 },
      { id: 2, name: 'small', status: 'Shutdown', maximum_runners: 5 },
      { id: 3, name: 'new', status: 'Provisioning', maximum_runners: 3 },
    ];
    const path = '/orgs/acme/actions/hosted-runners';
    const body = JSON.stringify({ total_count: runners.length, runners });
    await using github = await opened({
      settings: { hostedRunners: 'read' },
      instead: ({ pathname }) => (pathname === path ? { status: 200, headers: {}, body } : undefined),
    });
    for (let minute = 0; minute < 9; minute += 1) await github.tick();
    const { values } = await github.tick();

    expect(values('ci_github_actions_hosted_runner_limit', 'queue')).toEqual({ big: 10, small: 0, new: 3 });
    expect(github.server.requests.filter(({ path: asked }) => asked.startsWith(path))).toHaveLength(1);
    await github.tick();
    expect(github.server.requests.filter(({ path: asked }) => asked.startsWith(path))).toHaveLength(2);
  });

  it('that may not be seen are told with the scope that lacks, and cost nothing else', async () => {
    const credentials = [{ ...main, scopes: ['repo'] }];
    await using github = await opened({ credentials, settings: { hostedRunners: 'read', runners: 'leave' } });

    const { problems, values } = await github.tick();

    expect(problems).toMatchObject([{ kind: 'auth' }]);
    expect(problems[0]?.message).toContain('"Administration" (read), or the scope manage_runners:org');
    expect(values('ci_collector_repositories', 'source')).toEqual({ acme: 1 });
  });
});

describe('a job whose labels do not say whose runner it is for', () => {
  it('is for a self-hosted one where one of these labels is registered', async () => {
    const own = { name: 'gpu', kind: 'self-hosted', labels: ['gpu'], size: 1 } as const;
    await using github = await opened({ repositories: [repositoryOn('gpu', ['gpu'])], pools: [own] });
    await github.tick();
    github.begin(usual);
    const { values } = await github.tick(seenAfterMinutes);

    expect(values('ci_github_actions_running_jobs', 'hosting')).toEqual({ hosted: 0, self_hosted: 1, unknown: 0 });
  });
});

describe('the bill', () => {
  it('is the time of this month by kind of machine, in whole minutes a job, and is read once an hour', async () => {
    const settings = { billing: 'read' };
    const repositories = [repositoryOn('big', ['big'], 600)];
    await using github = await opened({ repositories, pools: [larger], settings });
    await github.tick();
    github.begin(usual);
    for (let times = 0; times < 6; times += 1) await github.tick(10);
    const { values, problems } = await github.tick();

    expect(problems).toEqual([]);
    const jobs = github.organization.repositories[0]?.runs[0]?.attempts[0]?.jobs ?? [];
    const minutes = jobs.reduce((sum, { startedMs, endedMs }) => sum + Math.ceil((endedMs - startedMs) / minuteMs), 0);
    expect(minutes).toBeGreaterThan(0);
    expect(values('ci_github_actions_billed_seconds', 'scope', 'sku')).toEqual({
      'acme Actions Linux 16-core': minutes * 60,
    });
    const asked = github.server.requests.filter(({ path }) => path.includes('/settings/billing/usage'));
    expect(asked.map(({ path }) => path)).toEqual(
      Array<string>(2).fill('/organizations/acme/settings/billing/usage?year=2026&month=9'),
    );
  });

  it('that the organization does not have is a problem that says how to do without', async () => {
    await using github = await opened({ settings: { billing: 'read' } });
    github.server.playScenario('gone', (path) => path.includes('/billing/'));
    const { problems } = await github.tick();

    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('billing: leave');

    github.server.playScenario('hidden', (path) => path.includes('/billing/'));
    const [hidden] = (await github.tick(60)).problems;
    expect(hidden?.message).toContain('not on the new billing platform');
  });

  it('that was refused is asked for an hour later; the problem stays told until then', async () => {
    await using github = await opened({ settings: { billing: 'read' } });
    const isBill = (path: string): boolean => path.includes('/billing/');
    const countAsked = (): number => github.server.requests.filter(({ path }) => isBill(path)).length;
    github.server.playScenario('hidden', isBill);
    await github.tick();
    const resting = await github.tick(30);
    expect(countAsked()).toBe(1);
    expect(resting.problems).toHaveLength(1);
    expect(resting.problems[0]?.message).toMatch(/new billing platform.*; it is asked again at 2026-09-01T10:01:00/);

    github.server.playScenario('ok');
    expect((await github.tick(30)).problems).toEqual([]);
    expect(countAsked()).toBe(2);
  });

  it('of last month is not shown as that of this month', async () => {
    const rows = [{ product: 'actions', unitType: 'Minutes', sku: 'Actions Linux', quantity: 10 }];
    const body = JSON.stringify({ usageItems: rows });
    const empty = JSON.stringify({ usageItems: [] });
    await using github = await opened({
      settings: { billing: 'read' },
      instead: ({ pathname, searchParams }) =>
        pathname.includes('/billing/')
          ? { status: 200, headers: {}, body: searchParams.get('month') === '9' ? body : empty }
          : undefined,
    });
    // Half an hour before October, and half an hour later.
    await github.tick(30 * 24 * 60 - 9 * 60 - 30);
    const before = await github.tick();
    expect(before.values('ci_github_actions_billed_seconds', 'sku')).toEqual({ 'Actions Linux': 600 });
    const { values } = await github.tick(29);
    expect(values('ci_github_actions_billed_seconds', 'sku')).toEqual({});
  });
});

describe('runners of an enterprise', () => {
  const repositories = [repositoryOn('gpu', ['gpu'])];
  const enterprise = { name: 'acme-inc', token: { env: 'ENTERPRISE' } };
  const variables = { TOKEN: 'ghp_token', ENTERPRISE: 'ghp_enterprise' };
  const plan = { repositories, pools: [ofEnterprise], enterprise: 'acme-inc', variables };
  const other = { kind: 'classic', token: 'ghp_enterprise', scopes: ['manage_runners:enterprise'] } as const;
  const credentials = [main, other];

  it('are told under its name, serve the jobs of the organization, and are read by a token of their own', async () => {
    await using github = await opened({ ...plan, credentials, settings: { enterprise } });
    await github.tick();
    for (let jobs = 0; jobs < 3; jobs += 1) github.begin(usual);
    const { values, problems } = await github.tick(seenAfterMinutes);

    expect(problems).toEqual([]);
    expect(values('ci_workers', 'scope', 'queue', 'state')).toEqual({
      'acme-inc gpu idle': 0,
      'acme-inc gpu busy': 2,
      'acme-inc gpu offline': 0,
    });
    expect(values('ci_github_actions_running_jobs', 'hosting')).toMatchObject({ self_hosted: 2 });
    expect(values('ci_queue_starved_jobs', 'queue')).toEqual({ gpu: 0 });
  });

  it('whose token is refused are left alone until it may be asked again; all else goes on, and no job is called starved', async () => {
    await using github = await opened({ ...plan, credentials, settings: { enterprise } });
    await github.tick();
    github.begin(usual);
    const isOfEnterprise = (path: string): boolean => path.startsWith('/enterprises/');
    const countAsked = (): number => github.server.requests.filter(({ path }) => isOfEnterprise(path)).length;
    github.server.playScenario('secondary-403', isOfEnterprise);
    // The last figures of runners are too old by then.
    const refused = await github.tick(seenAfterMinutes);

    expect(refused.problems).toMatchObject([{ kind: 'rate-limited' }]);
    expect(refused.values('ci_queue_starved_jobs', 'queue')).toEqual({});
    expect(refused.values('ci_runs_active', 'state')).toMatchObject({ executing: 1 });
    const asked = countAsked();
    const resting = await github.tick(0.5);
    expect(resting.problems).toMatchObject([{ kind: 'rate-limited' }]);
    expect(resting.problems[0]?.message).toContain('ENTERPRISE');
    expect(countAsked()).toBe(asked);

    github.server.playScenario('ok');
    expect((await github.tick()).problems).toEqual([]);
    expect(countAsked()).toBe(asked + 1);
  });

  it('that the token may not see are a problem that names the scope and the setting', async () => {
    const blind = [main, { ...other, scopes: ['repo'] }];
    await using github = await opened({ ...plan, credentials: blind, settings: { enterprise } });
    const { problems } = await github.tick();

    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain('the scope manage_runners:enterprise of a classic token');
    expect(problems[0]?.message).toContain('enterprise.name');
  });

  it('are read with the token of the source where they have none of their own', async () => {
    const whole = [{ ...main, scopes: [...scopes, 'manage_runners:enterprise'] }];
    const settings = { enterprise: { name: 'acme-inc' }, runners: 'leave' };
    await using github = await opened({ ...plan, credentials: whole, settings });
    const { problems, values } = await github.tick();

    expect(problems).toEqual([]);
    expect(values('ci_workers', 'scope', 'state')).toMatchObject({ 'acme-inc idle': 2 });
    expect(values('ci_github_actions_credential_excess_permissions', 'source')).toEqual({ acme: 1 });
  });
});
