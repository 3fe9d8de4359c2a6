/** Tests of whole runs of the source `bitbucket-pipelines`: open runs, steps, runners and problems. */
import { describe, expect, it } from 'vitest';
import type { Routed } from '../../../lambda/demo/simulators/bitbucket/routes.ts';
import type { SimulatedRunner } from '../../../lambda/demo/simulators/bitbucket/workspace.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { valuesOf } from './harness.ts';
import { hourMs, minuteMs, opened, run, secondMs, startMs } from './opened.ts';

describe('an open run', () => {
  it('has one running step, and its later ones are PENDING but not queued', async () => {
    await using bitbucket = await opened({});
    const started = { startMs: startMs + 20 * secondMs };
    bitbucket.workspace.add('shop', run(startMs + secondMs, [started, {}, {}, {}]));

    const { values } = await bitbucket.tick();

    expect(values('ci_queue_jobs', 'queue', 'state')).toEqual({
      'unspecified queued': 0,
      'unspecified running': 1,
      'unspecified blocked': 3,
    });
    expect(values('ci_queue_oldest_wait_seconds', 'queue')).toEqual({ unspecified: 0 });
    expect(values('ci_runs_active', 'scope', 'state')).toEqual({
      'shop pending': 0,
      'shop executing': 1,
      'shop waiting': 0,
    });
  });

  it('that has not begun has its first step queued since its creation', async () => {
    await using bitbucket = await opened({});
    bitbucket.workspace.add('shop', run(startMs + 15 * secondMs, [{}, {}]));

    const { values } = await bitbucket.tick();

    expect(values('ci_queue_jobs', 'state')).toEqual({ queued: 1, running: 0, blocked: 1 });
    expect(values('ci_queue_oldest_wait_seconds', 'queue')).toEqual({ unspecified: 45 });
  });

  it('that waits for a person has a state of its own, queues nothing, and is never stuck', async () => {
    await using bitbucket = await opened({});
    const ended = { startMs: startMs + 20 * secondMs, endMs: startMs + 30 * secondMs };
    bitbucket.workspace.add('shop', run(startMs + secondMs, [ended, { trigger: 'manual' }]));

    const { values } = await bitbucket.tick(5 * 60);

    expect(values('ci_queue_jobs', 'state')).toEqual({ queued: 0, running: 0, blocked: 1 });
    expect(values('ci_runs_active', 'state')).toEqual({ pending: 0, executing: 0, waiting: 1 });
    expect(values('ci_runs_stuck', 'scope')).toEqual({ shop: 0 });
  });

  it('whose manual step is run after three hours counts from then, and is stuck two hours later', async () => {
    await using bitbucket = await opened({});
    const first = { startMs: startMs + 20 * secondMs, endMs: startMs + 30 * secondMs };
    const pressed = { trigger: 'manual', startMs: startMs + 3 * hourMs, endMs: startMs + 9 * hourMs } as const;
    bitbucket.workspace.add('shop', run(startMs + secondMs, [first, pressed], { endMs: pressed.endMs }));

    const stuck: Record<number, number | undefined> = {};
    for (let minute = 5; minute <= 330; minute += 5)
      stuck[minute] = (await bitbucket.tick(5)).values('ci_runs_stuck', 'scope')['shop'];

    expect(stuck[175]).toBe(0);
    expect(stuck[190]).toBe(0);
    expect(stuck[295]).toBe(0);
    expect(stuck[320]).toBe(1);
  });

  it('is stuck after two hours, and no longer when it has ended', async () => {
    await using bitbucket = await opened({});
    const step = { startMs: startMs + 20 * secondMs };
    const endMs = startMs + 3 * hourMs;
    bitbucket.workspace.add('shop', run(startMs + secondMs, [{ ...step, endMs }], { endMs }));

    const stuck: Record<number, number | undefined> = {};
    for (let minute = 5; minute <= 200; minute += 5)
      stuck[minute] = (await bitbucket.tick(5)).values('ci_runs_stuck', 'scope')['shop'];

    expect(stuck[120]).toBe(0);
    expect(stuck[125]).toBe(1);
    expect(stuck[175]).toBe(1);
    expect(stuck[185]).toBe(0);
  });
});

describe('a run that ended before the installation', () => {
  it('is asked for no steps, however often a list shows it', async () => {
    await using bitbucket = await opened({ settings: { runners: { workspace: 'leave' } } });
    for (const minute of [-9, -5, -1]) {
      const [createdMs, endMs] = [startMs + minute * minuteMs, startMs + (minute + 0.5) * minuteMs];
      const steps = [{ startMs: createdMs + secondMs, endMs }];
      bitbucket.workspace.add('shop', run(createdMs, steps, { uuid: `{old${String(minute)}}`, endMs }));
    }

    for (let minute = 0; minute < 4; minute += 1) await bitbucket.tick();

    expect(bitbucket.server.requests.map(({ path }) => path).filter((path) => path.includes('/steps'))).toEqual([]);
  });
});

describe('a child pipeline', () => {
  it.each([{ steps: 'read' }, { steps: 'leave' }])(
    'is the job that runs, and the step that waits for it is none (%j)',
    async (settings) => {
      await using bitbucket = await opened({ settings });
      const started = { startMs: startMs + 20 * secondMs };
      bitbucket.workspace.add('shop', run(startMs + secondMs, [started]));
      const child = { uuid: '{child}', number: 8, kind: 'child' as const };
      bitbucket.workspace.add('shop', run(startMs + 25 * secondMs, [{ startMs: startMs + 40 * secondMs }], child));
      bitbucket.workspace.add('shop', run(startMs + secondMs, [started], { uuid: '{other}', number: 9 }));

      const { values } = await bitbucket.tick();

      expect(values('ci_queue_jobs', 'state')).toEqual({ queued: 0, running: 2, blocked: 0 });
      expect(values('ci_runs_active', 'pipeline', 'state')).toMatchObject({
        'branches executing': 2,
        'custom/child executing': 1,
      });
    },
  );
});

describe('an open re-run', () => {
  it('waits, and is stuck, since it was seen: the creation that it tells is that of the first run', async () => {
    await using bitbucket = await opened({ settings: { steps: 'leave' } });
    const endMs = startMs + 30 * secondMs;
    const first = run(startMs + secondMs, [{ startMs: startMs + 20 * secondMs, endMs }], { endMs });
    bitbucket.workspace.add('shop', first);
    for (let minute = 0; minute < 5 * 60; minute += 5) await bitbucket.tick(5);

    const waiting = run(first.createdMs, [{}], { attempt: 2 });
    bitbucket.workspace.add('shop', waiting);
    const seen = [];
    for (let minute = 0; minute < 150; minute += 1) {
      const { values } = await bitbucket.tick();
      const wait = values('ci_queue_oldest_wait_seconds', 'queue')['unspecified'] ?? 0;
      seen.push({
        wait,
        stuck: values('ci_runs_stuck', 'scope')['shop'] ?? 0,
        open: values('ci_runs_active', 'state'),
      });
    }

    const since = seen.findIndex(({ open }) => open['pending'] === 1);
    expect(since).toBeGreaterThanOrEqual(0);
    expect(seen[since]).toMatchObject({ wait: 0, stuck: 0 });
    expect(seen[since + 10]).toMatchObject({ wait: 600, stuck: 0 });
    expect(seen[since + 121]).toMatchObject({ stuck: 1 });
  });
});

describe('a run', () => {
  it('counts again when it was run again, under the same uuid, as a retry and with its build time', async () => {
    await using bitbucket = await opened({});
    const at = (seconds: number): number => startMs + seconds * secondMs;
    const step = { startMs: at(80), endMs: at(110) };
    const first = run(at(61), [step], { endMs: step.endMs });
    await bitbucket.tick();
    bitbucket.workspace.add('shop', first);
    // A repository that never had a run is looked at every few minutes only.
    for (let minute = 0; minute < 8; minute += 1) await bitbucket.tick();

    bitbucket.workspace.add('shop', { ...first, attempt: 2, endMs: bitbucket.now() + 30 * secondMs });
    await bitbucket.tick(2);
    const { values } = await bitbucket.tick();

    expect(values('ci_runs_total', 'attempt', 'result')).toMatchObject({ 'first success': 1, 'retry success': 1 });
    expect(values('ci_bitbucket_build_seconds_total', 'scope', 'pipeline')).toEqual({ 'shop branches': 60 });
  });

  it('that is older than another one and ends after it counts, too', async () => {
    await using bitbucket = await opened({});
    const older = { uuid: '{older}', number: 1, endMs: startMs + 20 * minuteMs };
    const newer = { uuid: '{newer}', number: 2, endMs: startMs + 5 * minuteMs };
    bitbucket.workspace.add('shop', run(startMs + 70 * secondMs, [{ startMs: startMs + 80 * secondMs }], older));
    bitbucket.workspace.add('shop', run(startMs + 90 * secondMs, [], newer));

    const counts: Record<string, number>[] = [];
    for (let minute = 1; minute <= 25; minute += 1) {
      const { values } = await bitbucket.tick();
      counts.push({ minute, ...values('ci_runs_total', 'scope') });
    }

    expect(counts[10]).toMatchObject({ shop: 1 });
    expect(counts.at(-1)).toMatchObject({ shop: 2 });
  });
});

function runner(name: string, more: Partial<SimulatedRunner> = {}): SimulatedRunner {
  const labels = ['self.hosted', 'linux', 'gpu'];
  return { uuid: `{${name}}`, name, labels, status: 'ONLINE', isBusy: false, version: '3.2', ...more };
}

describe('runners', () => {
  const runners = [
    runner('a', { isBusy: true }),
    runner('b', { isBusy: true, version: '3.1' }),
    runner('c', { cordoned: true }),
    runner('d', { status: 'OFFLINE', version: '2.9' }),
    runner('e', { status: 'UNHEALTHY' }),
    runner('f', { status: 'DISABLED' }),
    runner('g', { labels: ['self.hosted', 'macos'] }),
  ];

  it('have a state, and are busy or idle only where Bitbucket tells', async () => {
    await using silent = await opened({ runners });
    await using telling = await opened({ runners, isWorkShown: true });

    const without = await silent.tick();
    const told = await telling.tick();

    expect(without.values('ci_workers', 'queue', 'state')).toEqual({
      'gpu offline': 2,
      'gpu paused': 2,
      'macos offline': 0,
      'macos paused': 0,
    });
    for (const { values } of [without, told])
      expect(values('ci_bitbucket_online_runners', 'queue')).toEqual({ gpu: 2, macos: 1 });
    expect(told.values('ci_workers', 'queue', 'state')).toMatchObject({
      'gpu busy': 2,
      'gpu idle': 0,
      'macos busy': 0,
      'macos idle': 1,
    });
    expect(told.values('ci_worker_utilization_ratio', 'queue')).toEqual({ gpu: 1, macos: 0 });
    expect(without.values('ci_bitbucket_busy_runners_peak', 'source')).toEqual({});
    expect(told.values('ci_bitbucket_outdated_runners', 'queue')).toEqual({ gpu: 2, macos: 0 });
  });

  it('in a state that no document names are not there, and are told', async () => {
    const strange = [runner('a', { status: 'ENABLED' }), runner('b', { status: 'UNREGISTERED' })];
    await using known = await opened({ runners: strange });
    const instead = ({ pathname }: URL): Routed | undefined =>
      pathname.includes('/workspaces/')
        ? { body: { values: [{ uuid: '{x}', labels: [], state: { status: 'DREAMING' } }] } }
        : undefined;
    await using unknown = await opened({ instead });

    const errors = ['ci_system_errors_total', 'component'] as const;
    const seen = await known.tick();
    expect(seen.values(...errors)).not.toHaveProperty('runner');
    expect(seen.values('ci_workers', 'state')).toEqual({ offline: 2, paused: 0 });
    expect((await unknown.tick()).values(...errors)).toMatchObject({ runner: 1 });
  });

  it('have a peak that outlives cold starts and ends with the month', async () => {
    const changing = [runner('a', { isBusy: true }), runner('b', { isBusy: true })];
    await using bitbucket = await opened({ runners: changing, isWorkShown: true });
    const peak = async (minutes?: number): Promise<number | undefined> =>
      (await bitbucket.tick(minutes)).values('ci_bitbucket_busy_runners_peak', 'source')['acme'];

    expect(await peak()).toBe(2);
    changing.splice(0, 2, runner('a', { isBusy: true }), runner('b'));
    bitbucket.source.coldStart();
    expect(await peak()).toBe(2);
    expect(await peak(27 * 24 * 60)).toBe(1);
  });

  it('of chosen repositories stand under their names', async () => {
    const own = { runners: [runner('own')] };
    const settings = { runners: { workspace: 'leave', repositories: ['firm*'] } };
    await using bitbucket = await opened({ runners, settings, repositories: [own, { ...own, slug: 'firmware' }] });
    await bitbucket.tick();

    const { values } = await bitbucket.tick(20);

    expect(values('ci_workers', 'scope', 'queue', 'state')).toEqual({
      'firmware gpu offline': 0,
      'firmware gpu paused': 0,
    });
  });
});

describe('a list of runners', () => {
  const runners = [runner('a'), runner('f', { status: 'OFFLINE' })];

  it('that a repository without pipelines does not have is empty, and no fault', async () => {
    const repositories = [{ pipelines: 'none' as const }, { runners: [runner('own')] }];
    await using bitbucket = await opened({ runners, repositories, settings: { runners: { repositories: ['*'] } } });

    await bitbucket.tick();
    const { values, problems } = await bitbucket.tick(20);

    expect(problems).toEqual([]);
    expect(values('ci_workers', 'scope', 'state')).toMatchObject({ 'acme offline': 1, 'other-1 offline': 0 });
  });

  it('that is refused costs its own runners only, and is one problem', async () => {
    const own = { runners: [runner('own')] };
    const repositories = [own, { ...own, slug: 'broken' }, { ...own, slug: 'closed' }];
    const isBroken = (path: string): boolean => /[12]%7D\/pipelines-config/.test(path);
    const settings = { runners: { repositories: ['*'] } };
    await using bitbucket = await opened({ runners, repositories, settings, isBroken });

    const { values, problems } = await bitbucket.tick();

    expect(problems).toMatchObject([{ kind: 'unavailable' }]);
    expect(values('ci_workers', 'scope', 'state')).toMatchObject({ 'acme offline': 1, 'shop offline': 0 });
    expect(values('ci_collector_repository_looks', 'source')).toEqual({ acme: 3 });
  });
});

describe('deployments', () => {
  it('count once by environment and result, and tell the last success', async () => {
    const repositories = [{ environments: ['staging', 'production'] }, { slug: 'tool', environments: ['production'] }];
    await using bitbucket = await opened({ repositories, settings: { deployments: { include: ['shop'] } } });
    await bitbucket.tick();
    const good = { endMs: startMs + 3 * minuteMs };
    const bad = { uuid: '{bad}', number: 8, endMs: startMs + 20 * minuteMs, result: 'FAILED' as const };
    for (const slug of ['shop', 'tool']) {
      bitbucket.workspace.add(slug, run(startMs + 2 * minuteMs, [{ startMs: startMs + 2 * minuteMs, ...good }], good));
      bitbucket.workspace.add(slug, run(startMs + 10 * minuteMs, [{ startMs: startMs + 11 * minuteMs }], bad));
    }

    let seen = await bitbucket.tick();
    const failures: (number | undefined)[] = [];
    for (let minute = 0; minute < 90; minute += 1) {
      seen = await bitbucket.tick();
      failures.push(seen.values('ci_deployments_total', 'deploy_environment', 'result')['production failure']);
    }

    expect(failures).toContain(0);
    expect(seen.problems).toEqual([]);
    expect(seen.values('ci_deployments_total', 'scope', 'deploy_environment', 'result')).toEqual({
      'shop staging success': 1,
      'shop staging failure': 1,
      'shop production success': 1,
      'shop production failure': 1,
    });
    expect(seen.values('ci_deployment_last_success_timestamp_seconds', 'deploy_environment')).toEqual({
      staging: (good.endMs + 30 * secondMs) / 1000,
      production: (good.endMs + 60 * secondMs) / 1000,
    });
  });
});

describe('repositories', () => {
  it('are chosen by name and project, and those without pipelines are found out once a day', async () => {
    const repositories = [
      {},
      { slug: 'archive-1' },
      { slug: 'pump', project: 'OPS' },
      { slug: 'docs', pipelines: 'none' as const },
    ];
    const settings = { repositories: { exclude: ['archive-*'] }, projects: { include: ['WEB'] } };
    await using bitbucket = await opened({ repositories, settings });

    for (let minute = 0; minute < 30; minute += 1) await bitbucket.tick();
    const { values } = await bitbucket.tick();

    expect(values('ci_collector_repositories', 'state')).toEqual({
      open: 0,
      recent: 0,
      quiet: 0,
      unread: 0,
      without_pipelines: 2,
    });
    const asked = bitbucket.server.requests.map(({ path }) => decodeURIComponent(path));
    const id = bitbucket.workspace.repositories.at(3)?.uuid ?? '';
    expect(asked.filter((path) => path.includes(`${id}/pipelines?`))).toHaveLength(1);
    const [archive, pump] = bitbucket.workspace.repositories.slice(1, 3).map(({ uuid }) => uuid);
    expect(asked.filter((path) => path.includes(archive ?? '') || path.includes(pump ?? ''))).toEqual([]);
  });

  it('that cannot be read for a while are not forgotten, nor is what ends in them meanwhile', async () => {
    await using bitbucket = await opened({ repositories: [{}, { slug: 'tool' }] });
    for (let minute = 0; minute < 5; minute += 1) await bitbucket.tick();
    const [shop] = bitbucket.workspace.repositories;
    const at = (minutes: number): number => startMs + minutes * minuteMs;

    Object.assign(shop?.plan ?? {}, { slug: '' });
    const ended = { endMs: at(40) };
    const seen = [];
    for (let minute = 0; minute < 30; minute += 1) seen.push(await bitbucket.tick());
    Object.assign(shop?.plan ?? {}, { slug: 'shop' });
    bitbucket.workspace.add('shop', run(at(34), [{ startMs: at(35), ...ended }], ended));
    for (let minute = 0; minute < 60; minute += 1) seen.push(await bitbucket.tick());

    expect(seen.flatMap(({ problems }) => problems)).toMatchObject([{ kind: 'bad-response' }]);
    const repositories = seen.map(({ values }) => values('ci_collector_repositories', 'source')['acme']);
    expect(new Set(repositories)).toEqual(new Set([2]));
    expect(seen.at(-1)?.values('ci_runs_total', 'scope')).toMatchObject({ shop: 1 });
  });

  it('have an oldest look, which ages while Bitbucket cannot be asked', async () => {
    await using bitbucket = await opened({ repositories: [{ runsPerHour: 6 }], requestsPerHour: 20 });
    const oldest: (number | undefined)[] = [];
    for (let minute = 0; minute < 20; minute += 1) {
      const { values } = await bitbucket.tick();
      oldest.push(values('ci_collector_repository_oldest_look_seconds', 'source')['acme']);
    }

    expect(oldest[0]).toBe(0);
    expect(Math.max(...oldest.map((age) => age ?? 0))).toBeGreaterThanOrEqual(120);
  });
});

/** Hours of requests over loopback; no statement about speed. */
const timeout = 300_000;

describe('a refusal for too many requests', { timeout }, () => {
  it('lets the credential rest for ever longer, over cold starts, and loses no count', async () => {
    await using bitbucket = await opened({
      repositories: [{ runsPerHour: 30 }, { runsPerHour: 30 }],
      requestsPerHour: 30,
      settings: { requestsPerHour: 1000, steps: 'leave', runners: { workspace: 'leave' } },
    });
    const rests: number[] = [];
    let families: readonly MetricFamily[] = [];
    for (let minute = 1; minute <= 240; minute += 1) {
      if (minute % 7 === 0) bitbucket.source.coldStart();
      if (minute === 120) bitbucket.workspace.rest();
      const refused = bitbucket.server.answers.get(429) ?? 0;
      const seen = await bitbucket.tick();
      families = seen.families.length > 1 ? seen.families : families;
      if ((bitbucket.server.answers.get(429) ?? 0) > refused) rests.push(minute);
      const isRefused = seen.problems.some(({ kind }) => kind === 'rate-limited');
      expect(seen.problems.filter(({ kind }) => kind !== 'rate-limited')).toEqual([]);
      if (minute === rests.at(-1)) expect(isRefused).toBe(true);
    }

    const gaps = rests.slice(1, 4).map((minute, index) => minute - (rests[index] ?? 0));
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    // Four at a time are under way when the first is refused.
    expect(bitbucket.server.answers.get(429)).toBeLessThanOrEqual(rests.length * 4);
    expect(rests.length).toBeLessThan(40);
    const finished = bitbucket.workspace.repositories.flatMap(({ runs }) =>
      runs.filter(({ endMs }) => (endMs ?? 0) >= startMs + minuteMs),
    );
    expect(valuesOf(families, 'ci_runs_total', ['source'])).toEqual({ acme: finished.length });
  });

  it('lasts a minute at first, and takes no total away meanwhile', async () => {
    await using bitbucket = await opened({
      repositories: [{ runsPerHour: 30 }, { runsPerHour: 30 }],
      requestsPerHour: 30,
      settings: { requestsPerHour: 1000, steps: 'leave', runners: { workspace: 'leave' } },
    });
    const refused: number[] = [];
    const totals: (number | undefined)[] = [];
    for (let minute = 1; refused.length < 4; minute += 1) {
      const before = bitbucket.server.answers.get(429) ?? 0;
      const { families } = await bitbucket.tick();
      if ((bitbucket.server.answers.get(429) ?? 0) > before) refused.push(minute);
      totals.push(valuesOf(families, 'ci_runs_total', ['source'])['acme']);
    }

    const gaps = refused.slice(1).map((minute, index) => minute - (refused[index] ?? 0));
    expect(gaps).toEqual([1, 2, 4]);
    const counted = totals.slice(totals.findIndex((total) => total !== undefined));
    expect(counted.length).toBeGreaterThan(10);
    expect(counted).not.toContain(undefined);
    expect(counted).toEqual(counted.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  });

  it('is avoided where Bitbucket tells a limit, whatever it is', async () => {
    const repositories = Array.from({ length: 40 }, () => ({ runsPerHour: 4 }));
    await using bitbucket = await opened({ repositories, requestsPerHour: 500 });

    for (let minute = 0; minute < 130; minute += 1) await bitbucket.tick();

    expect(bitbucket.server.answers.get(429)).toBeUndefined();
    expect(bitbucket.server.mostInAnHour()).toBeGreaterThan(300);
    expect(bitbucket.server.mostInAnHour()).toBeLessThanOrEqual(500);
  });
});
