/** Tests of listing runs by pages: orders, limits, repositories, and what a list does not show. */
import { describe, expect, it } from 'vitest';
import type { Routed } from '../../../../lambda/demo/simulators/bitbucket/routes.ts';
import type { TimedRun } from '../../../../lambda/demo/simulators/bitbucket/timeline.ts';
import type { Problem } from '../../../../lambda/model/problem.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { minuteMs, opened, type Opened, run, secondMs, type Seen, startMs } from '../opened.ts';

/** Hundreds of requests over loopback; no statement about speed. */
const timeout = 300_000;

function requestsTo({ server }: Opened, path: RegExp): number {
  return server.requests.filter((request) => path.test(decodeURIComponent(request.path))).length;
}

function told(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ kind, message }) => `${kind} ${message}`);
}

/** Runs that ended one after the other, the first at that minute; ends are a second apart. */
function endedRuns(count: number, firstMinute: number): readonly TimedRun[] {
  return Array.from({ length: count }, (_, index) => {
    const createdMs = startMs + firstMinute * minuteMs + index * secondMs;
    const endMs = createdMs + 500;
    const step = { startMs: createdMs + 100, endMs };
    return run(createdMs, [step], { uuid: `{run-${String(index)}}`, number: index + 1, endMs });
  });
}

function activeIn({ values }: Seen): number {
  return Object.values(values('ci_runs_active', 'scope', 'state')).reduce((sum, runs) => sum + runs, 0);
}

describe('deployments that nobody ever ran, which stand before all that have ended', { timeout }, () => {
  it.each([
    [0, 5],
    [99, 5],
    [499, 5],
    [500, 5],
    [5000, 5],
    [500, 0],
  ])('%i of them hide none of %i ends, for a bounded number of requests', async (neverDeployed, ends) => {
    const repositories = [{ environments: ['production'], neverDeployed }];
    await using bitbucket = await opened({ repositories, settings: { deployments: {}, steps: 'leave' } });
    await bitbucket.tick();
    for (const one of endedRuns(ends, 2)) bitbucket.workspace.add('shop', one);
    await bitbucket.tick(15);

    const asked = requestsTo(bitbucket, /\/deployments\?/);
    const { values, problems } = await bitbucket.tick(61);

    expect(problems).toEqual([]);
    const { success = 0, ...others } = values('ci_deployments_total', 'result');
    expect(success).toBe(ends);
    expect(Object.values(others).filter((count) => count > 0)).toEqual([]);
    // Doubling and halving to the first end at first, and from there on the page where it stood.
    expect(asked).toBeLessThanOrEqual(25);
    expect(requestsTo(bitbucket, /\/deployments\?/) - asked).toBeLessThanOrEqual(3);
  });

  it('hide none that ends on a page before the one where the first end stood', async () => {
    const plan = { environments: ['production'], neverDeployed: 250 };
    await using bitbucket = await opened({ repositories: [plan], settings: { deployments: {}, steps: 'leave' } });
    await bitbucket.tick();
    for (const one of endedRuns(1, 3)) bitbucket.workspace.add('shop', one);
    await bitbucket.tick(61);

    Object.assign(bitbucket.workspace.repositories.at(0)?.plan ?? {}, { neverDeployed: 50 });
    const later = endedRuns(120, 80).map((one, index) => ({ ...one, uuid: `{later-${String(index)}}` }));
    for (const one of later) bitbucket.workspace.add('shop', one);
    const { values } = await bitbucket.tick(61);

    expect(values('ci_deployments_total', 'result')).toEqual({ success: 121, failure: 0 });
  });

  it('of which more have ended than one look reads are told, and counted in the next looks', async () => {
    const repositories = [{ environments: ['production'], neverDeployed: 150 }];
    const settings = { deployments: {}, steps: 'leave', requestsPerHour: 10_000 };
    await using bitbucket = await opened({ repositories, settings, requestsPerHour: 10_000 });
    await bitbucket.tick();
    for (const one of endedRuns(1500, 2)) bitbucket.workspace.add('shop', one);

    const first = await bitbucket.tick(61);
    const second = await bitbucket.tick(61);

    expect(told(first.problems)).toContainEqual(
      expect.stringMatching(/^configuration .*10 pages of the deployments of shop/),
    );
    expect(second.problems).toEqual([]);
    expect(second.values('ci_deployments_total', 'result')).toEqual({ success: 1500, failure: 0 });
  });

  it('in an order that nobody asked for are counted as far as they are seen, and told', async () => {
    const answer = (uuid: string, minute: number): object => ({
      uuid,
      environment: { name: 'production' },
      state: {
        name: 'COMPLETED',
        status: { name: 'SUCCESSFUL' },
        completed_on: new Date(startMs + minute * minuteMs).toISOString(),
      },
    });
    const instead = ({ pathname }: URL): Routed | undefined =>
      pathname.endsWith('/deployments') ? { body: { values: [answer('{a}', 5), answer('{b}', 9)] } } : undefined;
    const repositories = [{ environments: ['production'] }];
    await using bitbucket = await opened({ repositories, settings: { deployments: {} }, instead });
    bitbucket.workspace.add('shop', run(startMs + minuteMs, [], { endMs: startMs + 2 * minuteMs }));
    await bitbucket.tick();

    const { values, problems } = await bitbucket.tick(61);

    expect(values('ci_deployments_total', 'result')).toEqual({ success: 2, failure: 0 });
    expect(told(problems)).toEqual([expect.stringMatching(/^bad-response .*not in the order/)]);
  });
});

describe('the list of repositories', { timeout }, () => {
  const many = Array.from({ length: 250 }, () => ({}));

  it('is read to its end by pages, in an order that never changes', async () => {
    await using bitbucket = await opened({ repositories: many });

    const { values, problems } = await bitbucket.tick();

    expect(problems).toEqual([]);
    expect(Object.values(values('ci_collector_repositories', 'source'))).toEqual([250]);
  });

  it('that is empty for once forgets none, and is told', async () => {
    let isEmpty = false;
    const instead = ({ pathname }: URL): Routed | undefined =>
      isEmpty && pathname === '/2.0/repositories/acme' ? { body: { values: [] } } : undefined;
    await using bitbucket = await opened({ repositories: [{}, {}, {}], instead });
    await bitbucket.tick();
    bitbucket.workspace.add('shop', run(startMs + 20 * minuteMs, [], { endMs: startMs + 25 * minuteMs }));

    isEmpty = true;
    const empty = await bitbucket.tick(30);
    isEmpty = false;
    const seen = [];
    for (let minute = 0; minute < 40; minute += 1) seen.push(await bitbucket.tick());

    expect(told(empty.problems)).toEqual([expect.stringMatching(/^bad-response .*empty.* 3 are/)]);
    for (const { values, problems } of [empty, ...seen])
      expect([values('ci_collector_repositories', 'source'), problems.length]).toEqual([
        { acme: 3 },
        empty.problems === problems ? 1 : 0,
      ]);
    expect(seen.at(-1)?.values('ci_runs_total', 'scope')).toEqual({ shop: 1 });
  });

  it('that no longer shows a repository is believed once Bitbucket says that it is gone', async () => {
    const hidden = new Set<string>();
    const gone = new Set<string>();
    const instead = (url: URL): Routed | undefined => {
      const id = decodeURIComponent(url.pathname).split('/')[4];
      return gone.has(id ?? '') ? { status: 404, error: 'Repository not found' } : undefined;
    };
    await using bitbucket = await opened({ repositories: [{}, {}, {}], instead });
    await bitbucket.tick();
    const all = [...bitbucket.workspace.repositories];
    const hide = (index: number): void => {
      const [repository] = all.slice(index, index + 1);
      if (repository !== undefined) hidden.add(repository.uuid);
    };
    hide(1);
    hide(2);
    gone.add(all[2]?.uuid ?? '');
    const remaining = all.filter(({ uuid }) => !hidden.has(uuid));
    Object.defineProperty(bitbucket.workspace, 'repositories', { value: [...remaining, ...all.slice(1, 2)] });

    await bitbucket.tick(31);
    const { values } = await bitbucket.tick();

    expect(values('ci_collector_repositories', 'source')).toEqual({ acme: 2 });
  });

  it('that no longer shows a repository takes its open run with it, which is lost once', async () => {
    const gone = new Set<string>();
    const instead = (url: URL): Routed | undefined =>
      gone.has(decodeURIComponent(url.pathname).split('/')[4] ?? '') ? { status: 404, error: 'not found' } : undefined;
    await using bitbucket = await opened({ repositories: [{}, {}], settings: { steps: 'leave' }, instead });
    await bitbucket.tick();
    bitbucket.workspace.add(
      'shop',
      run(bitbucket.now() + 10 * secondMs, [{ startMs: bitbucket.now() + 20 * secondMs }]),
    );
    const open: number[] = [];
    for (let minute = 0; minute < 30; minute += 1) open.push(activeIn(await bitbucket.tick()));
    gone.add(bitbucket.workspace.repositories.find(({ plan }) => plan.slug === 'shop')?.uuid ?? '');

    const lost: (number | undefined)[] = [];
    for (let minute = 0; minute < 90; minute += 1) {
      const { values } = await bitbucket.tick();
      lost.push(values('ci_system_errors_total', 'error')['lost']);
    }

    expect(open.at(-1)).toBe(1);
    expect(lost.slice(0, 2)).toEqual([0, 0]);
    expect(new Set(lost)).toEqual(new Set([0, 1]));
    expect(lost.at(-1)).toBe(1);
  });

  it('that no longer shows a repository ends its verdict, and leaves its totals', async () => {
    const gone = new Set<string>();
    const instead = (url: URL): Routed | undefined =>
      gone.has(decodeURIComponent(url.pathname).split('/')[4] ?? '') ? { status: 404, error: 'not found' } : undefined;
    await using bitbucket = await opened({ settings: { steps: 'leave' }, instead });
    await bitbucket.tick();
    const beganMs = bitbucket.now() + 10 * secondMs;
    bitbucket.workspace.add('shop', run(beganMs, [], { endMs: beganMs + 10 * secondMs, result: 'FAILED' }));
    const before = await bitbucket.tick(61);
    gone.add(bitbucket.workspace.repositories.find(({ plan }) => plan.slug === 'shop')?.uuid ?? '');

    const after = await bitbucket.tick(61);

    expect(before.values('ci_run_last_result', 'scope')).toEqual({ shop: 0 });
    expect(after.values('ci_run_last_result', 'scope')).toEqual({});
    expect(after.values('ci_run_last_finished_timestamp_seconds', 'scope')).toEqual({});
    expect(after.values('ci_runs_total', 'result')).toEqual({ failure: 1 });
  });

  it.each([400, 404])(
    'that has become shorter since it was cut ends, although its page is refused with %i',
    async (status) => {
      // A page of 100, then a fault; afterwards the second page is no longer there.
      const uuids = Array.from({ length: 100 }, (_, index) => `{repository-${String(index)}}`);
      let second: Routed = { status: 500, error: 'Something went wrong' };
      const instead = ({ pathname, searchParams, href }: URL): Routed | undefined => {
        if (!pathname.endsWith('/repositories/acme')) return undefined;
        if (searchParams.get('page') === '2') return second;
        return { body: { values: uuids.map((uuid) => ({ uuid, slug: uuid.slice(1, -1) })), next: `${href}&more` } };
      };
      await using bitbucket = await opened({ instead });
      const cut = await bitbucket.tick();

      second = { status, error: 'Invalid page' };
      const { problems } = await bitbucket.tick(61);

      expect(told(cut.problems)).toEqual([expect.stringMatching(/^unavailable /)]);
      expect(problems.filter(({ where }) => where.includes('/repositories/acme'))).toEqual([]);
      expect(requestsTo(bitbucket, /\/repositories\/acme\?.*&page=2&/)).toBe(2);
    },
  );

  it('that shows a repository under another name ends the verdict of the old one, and counts on under the new', async () => {
    await using bitbucket = await opened({ settings: { steps: 'leave' } });
    await bitbucket.tick();
    const addFailed = (slug: string): void => {
      const beganMs = bitbucket.now() + 10 * secondMs;
      bitbucket.workspace.add(slug, run(beganMs, [], { endMs: beganMs + 10 * secondMs, result: 'FAILED' }));
    };
    addFailed('shop');
    const before = await bitbucket.tick(61);
    // The uuid stays.
    Object.assign(bitbucket.workspace.repositories.find(({ plan }) => plan.slug === 'shop')?.plan ?? {}, {
      slug: 'store',
    });

    const renamed = await bitbucket.tick(61);
    addFailed('store');
    const after = await bitbucket.tick(61);

    expect(before.values('ci_run_last_result', 'scope')).toEqual({ shop: 0 });
    expect(renamed.values('ci_run_last_result', 'scope')).toEqual({});
    expect(after.values('ci_run_last_result', 'scope')).toEqual({ store: 0 });
    expect(after.values('ci_runs_total', 'scope')).toMatchObject({ shop: 1, store: 1 });
  });

  it('that shows one page again and again ends, and is told', async () => {
    const instead = (url: URL): Routed | undefined =>
      url.pathname === '/2.0/repositories/acme' && url.searchParams.get('sort') === 'created_on'
        ? { body: { values: [{ uuid: '{a}', slug: 'a' }], next: `${url.origin}/2.0/repositories/acme?page=2` } }
        : undefined;
    await using bitbucket = await opened({ instead });

    const { problems } = await bitbucket.tick();

    expect(told(problems)).toContainEqual(expect.stringMatching(/one page again and again/));
    expect(requestsTo(bitbucket, /\/repositories\/acme\?/)).toBe(2);
  });
});

describe('a list of runs', { timeout }, () => {
  it('that is longer than the requests of a run is read on in the next runs, and every run counts once', async () => {
    const settings = { requestsPerHour: 120, steps: 'leave', runners: { workspace: 'leave' } };
    await using bitbucket = await opened({ settings });
    await bitbucket.tick();
    for (const one of endedRuns(1000, 2)) bitbucket.workspace.add('shop', one);
    await bitbucket.tick(20);

    const more = endedRuns(30, 21).map((one, index) => ({ ...one, uuid: `{more-${String(index)}}` }));
    for (const one of more) bitbucket.workspace.add('shop', one);
    let counted = {};
    for (let minute = 0; minute < 60; minute += 1)
      counted = (await bitbucket.tick()).values('ci_runs_total', 'result', 'attempt');

    expect(counted).toMatchObject({ 'success first': 1030 });
    // Twenty-one pages, and a little for what moved: not the same ones again and again.
    expect(requestsTo(bitbucket, /\/pipelines\?.*&page=(?!1&)/)).toBeLessThan(35);
  });

  it('that is longer than what one look reads says so, and is read on', async () => {
    const settings = { requestsPerHour: 10_000, steps: 'leave', runners: { workspace: 'leave' } };
    await using bitbucket = await opened({ settings, requestsPerHour: 10_000 });
    await bitbucket.tick();
    for (const one of endedRuns(2600, 2)) bitbucket.workspace.add('shop', one);

    const first = await bitbucket.tick(60);
    const seen = [];
    for (let minute = 0; minute < 30; minute += 1) seen.push(await bitbucket.tick());

    expect(told(first.problems)).toEqual([expect.stringMatching(/^configuration .*40 pages.* shorten the interval$/)]);
    expect(seen.flatMap(({ problems }) => problems)).toEqual([]);
    expect(seen.at(-1)?.values('ci_runs_total', 'result')).toMatchObject({ success: 2600 });
  });
});

describe('a list of runners', () => {
  it('that goes on at another origin ends there: no request and no credential leaves for it, and it is told', async () => {
    await using elsewhere = await startLoopbackServer((_, response) => {
      response.end('{"values":[]}');
    });
    const next = `${elsewhere.url}/2.0/workspaces/acme/pipelines-config/runners?page=2`;
    const instead = ({ pathname }: URL): Routed | undefined =>
      pathname.endsWith('/runners') ? { body: { values: [], next } } : undefined;
    await using bitbucket = await opened({ instead });

    const { problems } = await bitbucket.tick();

    expect(told(problems)).toContainEqual(expect.stringMatching(/next page is on another server/));
    expect(elsewhere.requests).toEqual([]);
  });

  it('that never ends is told, and nothing of it is published', async () => {
    let page = 0;
    const instead = ({ pathname, href }: URL): Routed | undefined => {
      if (!pathname.endsWith('/pipelines-config/runners')) return undefined;
      page += 1;
      const runner = { uuid: `{${String(page)}}`, labels: ['gpu'], state: { status: 'ONLINE' } };
      return { body: { values: [runner], next: `${href.split('?')[0] ?? ''}?page=${String(page + 1)}` } };
    };
    const settings = { requestsPerHour: 10_000 };
    await using bitbucket = await opened({ instead, settings, requestsPerHour: 10_000 });

    const { values, problems } = await bitbucket.tick();

    expect(told(problems)).toEqual([expect.stringMatching(/^bad-response .*after 100 pages/)]);
    expect(values('ci_bitbucket_online_runners', 'queue')).toEqual({});
  });
});
