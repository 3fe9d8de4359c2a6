/** Tests of following an organization over the simulated GitHub: what is open, what refuses, what is gone. */
import { describe, expect, it } from 'vitest';
import { canonicalNames, opened, repository } from './opened.ts';

describe('what is open', () => {
  it('is shown by repository, queue and hosting while it runs, and counted when it has ended', async () => {
    await using github = await opened();
    await github.tick();
    github.begin({ failsAt: Infinity, cancelledAfterSeconds: Infinity, kind: 'usual' });

    const seen: Record<string, number>[] = [];
    for (let minute = 0; minute < 12; minute += 1) {
      const { values, problems } = await github.tick();
      expect(problems).toEqual([]);
      seen.push({ ...values('ci_queue_jobs', 'queue', 'state') });
      if (values('ci_runs_total', 'scope', 'pipeline', 'result')['acme/shop build.yml success'] === 1) {
        expect(values('ci_jobs_total', 'scope', 'queue', 'result')).toEqual({ 'acme linux+x64 success': 1 });
        expect(values('ci_job_wait_seconds', 'queue')).toEqual({ 'linux+x64': 1 });
        expect(values('ci_run_wait_seconds', 'pipeline')).toEqual({ 'build.yml': 1 });
        return;
      }
    }
    expect(seen).toBe('counted within twelve minutes');
  });

  it('and queued for long without a job was forgotten by GitHub: it is stuck, and waits for nothing', async () => {
    await using github = await opened();
    await github.tick();
    github.begin({ kind: 'zombie' });
    for (let minute = 0; minute < 30; minute += 1) await github.tick(10);

    const { values, problems } = await github.tick();

    expect(problems).toEqual([]);
    expect(values('ci_runs_stuck', 'pipeline')).toEqual({ 'build.yml': 1 });
    expect(values('ci_queue_oldest_wait_seconds', 'queue')['unspecified'] ?? 0).toBe(0);
    // Its jobs are not asked for in every tick, and the last looks were none of a run that moves.
    const before = github.server.requests.length;
    for (let minute = 0; minute < 20; minute += 1) await github.tick();
    const looks = github.server.requests.slice(before).filter(({ path }) => path.includes('/attempts/'));
    expect(looks).toEqual([]);
  });

  it('because nobody has approved it is blocked, and is counted once when it has run', async () => {
    const plan = repository('shop');
    const forked = {
      ...plan,
      workflows: plan.workflows.map((workflow) => ({ ...workflow, event: 'pull_request' as const })),
    };
    await using github = await opened({ repositories: [forked] });
    await github.tick();
    const run = github.begin({ kind: 'fork', failsAt: Infinity, cancelledAfterSeconds: Infinity });

    const waiting = await github.tick(6);
    expect(waiting.values('ci_runs_active', 'state')).toMatchObject({ waiting: 1, pending: 0 });
    expect(waiting.values('ci_runs_total', 'result')['success'] ?? 0).toBe(0);
    if (run.approvedMs === Infinity) return;
    for (let minute = 0; minute < 90; minute += 1) await github.tick(2);
    const { values } = await github.tick();

    expect(values('ci_runs_total', 'result', 'branch')['success other']).toBe(1);
    expect(values('ci_system_errors_total', 'error')['unknown state'] ?? 0).toBe(0);
  });

  it('as a workflow that cannot be read is an error, and asks for no jobs', async () => {
    await using github = await opened();
    await github.tick();
    github.begin({ kind: 'invalid' });
    await github.tick(6);
    const { values } = await github.tick();

    expect(values('ci_runs_total', 'result')['error']).toBe(1);
    expect(github.server.requests.filter(({ path }) => path.includes('/jobs'))).toEqual([]);
  });
});

describe('a re-run', () => {
  it.each(['all', 'failed'] as const)(
    'of %s jobs counts as another attempt, from when it was asked for',
    async (rerun) => {
      await using github = await opened();
      await github.tick();
      github.begin({
        kind: 'usual',
        failsAt: 0,
        isTimeLimit: false,
        cancelledAfterSeconds: Infinity,
        rerun,
        carriedIds: 'new',
      });
      for (let minute = 0; minute < 120; minute += 1) await github.tick();
      const { values, problems } = await github.tick();

      expect(problems).toEqual([]);
      const attempts = github.organization.repositories[0]?.runs[0]?.attempts ?? [];
      expect(attempts.length).toBeGreaterThan(1);
      const byAttempt = values('ci_runs_total', 'attempt');
      expect(byAttempt['first']).toBe(1);
      expect(byAttempt['retry']).toBe(attempts.length - 1);
      expect(values('ci_run_duration_seconds', 'pipeline')['build.yml']).toBe(attempts.length);
    },
  );

  it('that hides an end between two looks is found by its earlier attempt', async () => {
    await using github = await opened();
    await github.tick();
    github.begin({ kind: 'usual', failsAt: 0, isTimeLimit: false, cancelledAfterSeconds: Infinity, rerun: 'all' });

    const { values } = await github.tick(90);

    const attempts = github.organization.repositories[0]?.runs[0]?.attempts ?? [];
    expect(values('ci_runs_total', 'attempt')).toMatchObject({ first: 1, retry: attempts.length - 1 });
  });
});

describe('an environment', () => {
  const gated = {
    ...repository('shop'),
    workflows: [
      {
        ...{ name: 'release', file: 'release.yml', event: 'push' as const, runsPerHour: 0 },
        stages: [
          [
            {
              name: 'deploy',
              meanSeconds: 60,
              environment: 'production',
              labels: ['self-hosted', 'linux', 'x64'],
              pool: 'linux',
            },
          ],
        ],
      },
    ],
  };

  it('that waits to be approved is not told of a repository that was not looked at for long', async () => {
    await using github = await opened({ repositories: [gated], seed: 8 });
    let seen = await github.tick();
    // One of them waits whenever the repository is looked at.
    for (let minute = 0; minute < 14; minute += 1) {
      github.begin({ kind: 'usual', failsAt: Infinity, cancelledAfterSeconds: Infinity }, 'release.yml');
      seen = await github.tick();
    }
    expect(seen.values('ci_github_actions_approvals_waiting', 'deploy_environment')).toHaveProperty('production');

    github.server.playScenario('cut-off', (path) => path.includes('/actions/runs'));
    const { values } = await github.tick(16);
    expect(values('ci_github_actions_approvals_waiting', 'deploy_environment')).toEqual({});
  });

  it('that waits to be approved is shown by its name, and its deployment is counted once', async () => {
    const settings = { deployments: { include: ['shop'] } };
    await using github = await opened({ repositories: [gated], settings, seed: 8 });
    await github.tick();
    github.begin({ kind: 'usual', failsAt: Infinity, cancelledAfterSeconds: Infinity }, 'release.yml');

    // Where runs are seen often, the second one is seen while it waits.
    for (let minute = 0; minute < 40; minute += 1) await github.tick();
    github.begin({ kind: 'usual', failsAt: Infinity, cancelledAfterSeconds: Infinity }, 'release.yml');
    const waits: number[] = [];
    let last = await github.tick();
    for (let minute = 0; minute < 120; minute += 1) {
      last = await github.tick();
      expect(last.problems).toEqual([]);
      const waiting = last.values('ci_github_actions_approvals_waiting', 'scope', 'deploy_environment');
      if (waiting['acme/shop production'] !== undefined) waits.push(waiting['acme/shop production']);
    }

    expect(Math.max(...waits)).toBe(1);
    expect(waits.at(-1)).toBe(0);
    expect(last.values('ci_deployments_total', 'scope', 'deploy_environment', 'result')).toEqual({
      'acme/shop production success': 2,
      'acme/shop production failure': 0,
    });
    expect(
      last.values('ci_deployment_last_success_timestamp_seconds', 'deploy_environment')['production'],
    ).toBeGreaterThan(0);
    // What it waited for a person is no wait for a runner.
    expect(last.values('ci_run_wait_seconds', 'pipeline')['release.yml'] ?? 0).toBeLessThan(2);
    expect(last.values('ci_run_duration_seconds', 'pipeline')['release.yml']).toBe(2);
  });

  it('is not asked about without the setting', async () => {
    await using github = await opened({ repositories: [gated] });
    for (let minute = 0; minute < 10; minute += 1) await github.tick();

    expect(github.server.requests.some(({ path }) => path.includes('/deployments'))).toBe(false);
  });
});

describe('a refusal', () => {
  it.each(['secondary-403', 'secondary-429', 'secondary-without-time'] as const)(
    'by %s rests the credential for a minute',
    async (scenario) => {
      await using github = await opened();
      await github.tick();
      github.server.playScenario(scenario);
      const { problems } = await github.tick(12);
      expect(problems.map(({ kind }) => kind)).toEqual(['rate-limited']);
      const asked = github.server.requests.length;
      github.server.playScenario('ok');

      const { problems: waiting } = await github.tick(0.5);
      expect(waiting.map(({ kind }) => kind)).toEqual(['rate-limited']);
      expect(github.server.requests.length).toBe(asked);

      const { problems: after } = await github.tick(2);
      expect(after).toEqual([]);
      expect(github.server.requests.length).toBeGreaterThan(asked);
    },
  );

  it('because somebody else has used up the hour rests the credential until it is over', async () => {
    await using github = await opened({ requestsPerHour: 200, settings: { requestsPerHour: 100_000 } });
    await github.tick();
    const headers = { authorization: 'Bearer ghp_token', 'user-agent': 'another program' };
    for (let request = 0; request < 200; request += 1)
      await fetch(`${github.server.endpoint}/orgs/acme/repos`, { headers }).then((answer) => answer.text());
    expect((await github.tick(10)).problems.map(({ kind }) => kind)).toEqual(['rate-limited']);
    const asked = github.server.requests.length;

    for (let times = 0; times < 4; times += 1) await github.tick(10);
    expect(github.server.requests.length).toBe(asked);

    expect((await github.tick(15)).problems).toEqual([]);
    expect(github.server.requests.length).toBeGreaterThan(asked);
  });

  it('by a spent limit that comes as 429 rests the credential until the time that its headers name', async () => {
    await using github = await opened();
    await github.tick();
    github.server.playScenario('primary-429');
    expect((await github.tick(12)).problems.map(({ kind }) => kind)).toEqual(['rate-limited']);
    const asked = github.server.requests.length;
    github.server.playScenario('ok');

    // The hour began with the first request, 13 minutes before the refusal.
    for (let times = 0; times < 4; times += 1) await github.tick(11);
    expect(github.server.requests.length).toBe(asked);

    expect((await github.tick(10)).problems).toEqual([]);
    expect(github.server.requests.length).toBeGreaterThan(asked);
  });

  it('by a missing permission costs only its own requests', async () => {
    await using github = await opened();
    await github.tick();
    github.server.playScenario('not-permitted', (path) => path.endsWith('/actions/runs'));

    const { problems, values } = await github.tick(12);

    expect(problems).toMatchObject([{ kind: 'auth' }]);
    expect(problems[0]?.message).toContain('repository permission "Actions" (read)');
    expect(values('ci_workers', 'state')).toMatchObject({ idle: 4 });
  });
});

describe('a repository', () => {
  it('that answers 404 keeps what is known of it; the list decides whether it is there, and then a permission lacks', async () => {
    const repositories = [repository('shop', 30), repository('till', 30)];
    await using github = await opened({ repositories });
    for (let minute = 0; minute < 10; minute += 1) await github.tick();
    const before = await github.tick();
    github.server.playScenario('hidden', (path) => path.includes('/repos/acme/'));

    const kinds: string[] = [];
    for (let minute = 0; minute < 15; minute += 1) {
      const { problems, values } = await github.tick();
      kinds.push(...problems.map(({ message }) => message));
      expect(values('ci_collector_repositories', 'source')).toEqual({ acme: 2 });
      expect(values('ci_system_errors_total', 'error')['lost']).toBe(0);
    }
    expect(kinds.join('\n')).toContain('answer 404, though the list of repositories shows it');

    github.server.playScenario('ok');
    github.organization.rest();
    for (let minute = 0; minute < 20; minute += 1) await github.tick();
    const { values, problems } = await github.tick();
    expect(problems).toEqual([]);
    const counted = values('ci_runs_total', 'scope');
    for (const [scope, count] of Object.entries(before.values('ci_runs_total', 'scope')))
      expect(counted[scope]).toBeGreaterThan(count);
  });

  it('is forgotten with many others only after a week: a right was taken away, and that is told', async () => {
    const repositories = Array.from({ length: 8 }, (_, index) => repository(`shop-${String(index)}`));
    let isHidden = false;
    const empty = { status: 200, headers: { 'content-type': 'application/json' }, body: '[]' };
    await using github = await opened({
      repositories,
      instead: ({ pathname }) => (isHidden && pathname === '/orgs/acme/repos' ? empty : undefined),
    });
    await github.tick();
    isHidden = true;
    for (let hour = 0; hour < 3; hour += 1) await github.tick(60);

    const { problems, values } = await github.tick();

    expect(problems.map(({ message }) => message).join('\n')).toContain('lost access: 8 of 8 repositories');
    expect(values('ci_collector_repositories', 'source')).toEqual({ acme: 8 });
  });

  it('that is archived is not followed', async () => {
    await using github = await opened({ repositories: [repository('shop'), { ...repository('old'), archived: true }] });

    const { values } = await github.tick();

    expect(values('ci_collector_repositories', 'source')).toEqual({ acme: 1 });
  });
});

describe('Enterprise Server', () => {
  it('is read below /api/v3, and without headers of a limit within a budget of our own', async () => {
    await using github = await opened({ edition: 'enterprise-server', repositories: [repository('shop', 30)] });

    for (let minute = 0; minute < 20; minute += 1) expect((await github.tick()).problems).toEqual([]);
    const { families } = await github.tick();

    expect(canonicalNames(families)).toEqual(expect.arrayContaining(['ci_runs_total', 'ci_workers']));
    expect(github.server.requests.every(({ path }) => path.startsWith('/api/v3/'))).toBe(true);
  });
});

describe('the plan of a dry run', () => {
  it('is that of the organization that was read', async () => {
    await using github = await opened();
    await github.tick();

    const plan = github.source.source().plan?.();

    expect(plan?.title).toContain('How fresh 5000 requests an hour keep an organization');
    expect(plan?.rows.map(([size]) => size)).toContain('1 (this organization)');
  });
});
