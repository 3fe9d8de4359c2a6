/** Tests of reading and counting the runs of a Chainloop control plane. */
import { describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../../../lambda/demo/simulators/chainloop/records.ts';
import type { Scenario } from '../../../../lambda/demo/simulators/chainloop/replies.ts';
import {
  nonZero,
  platformBuild,
  runOf,
  shopBuild,
  shopRelease,
  startMs,
  startOrganization,
  valuesOf,
} from '../harness.ts';

const perResult = ['scope', 'pipeline', 'result'] as const;

describe('the runs of a control plane', () => {
  it('are counted once, by project, workflow and result, whatever is read again', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, platformBuild];
    await organization.tick();
    organization.runs = [
      runOf('a', 0.1, { lasted: 0.5 }),
      runOf('b', 0.2, { lasted: 0.5, status: 'failed' }),
      runOf('c', 0.3, { lasted: 0.5, status: 'cancelled' }),
      runOf('d', 0.4, { lasted: 0.5, workflow: platformBuild }),
    ];

    await organization.tick();
    await organization.tick();
    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({
      'shop build success': 1,
      'shop build failure': 1,
      'shop build cancellation': 1,
      'platform build success': 1,
    });
    expect(nonZero(valuesOf(families, 'ci_run_duration_seconds', perResult))).toEqual({
      'shop build success': 1,
      'shop build failure': 1,
      'shop build cancellation': 1,
      'platform build success': 1,
    });
  });

  it('count when they end long after their creation', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', 0)];
    for (let minute = 0; minute < 40; minute += 1) await organization.tick();
    organization.runs = [runOf('a', 0, { lasted: 40 }), ...manyRuns(150)];

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build success': 151 });
  });

  it('that expired have no end of their own: the first tick that sees it counts them, and none after it', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', 0)];
    for (let minute = 0; minute < 60; minute += 1) await organization.tick();
    organization.runs = [runOf('a', 0, { status: 'expired' })];
    for (let minute = 0; minute < 120; minute += 20) {
      const { families, problems } = await organization.tick();
      organization.now += 19 * 60_000;

      expect(problems).toEqual([]);
      expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build error': 1 });
      expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({
        'workflow run expired': 1,
      });
      expect(nonZero(valuesOf(families, 'ci_run_duration_seconds', perResult))).toEqual({});
      expect(nonZero(valuesOf(families, 'chainloop_workflow_run_duration_seconds', ['status']))).toEqual({
        expired: 1,
      });
    }
  });

  it('that expired while the collector was down are counted once, as far as the window reaches', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    await organization.tick();
    organization.now = startMs + 3 * 60 * 60_000;
    organization.runs = [runOf('a', 20, { status: 'expired' })];

    await organization.tick();
    await organization.tick();
    organization.now += 60 * 60_000;
    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build error': 1 });
  });

  it('from before the installation count nothing, but tell the last success', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, platformBuild];
    organization.runs = [
      runOf('old', -10_000, { lasted: 1 }),
      runOf('older', -20_000, { lasted: 1, workflow: platformBuild, status: 'failed' }),
    ];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({});
    expect(valuesOf(families, 'ci_run_last_success_timestamp_seconds', ['scope'])).toEqual({
      shop: startMs / 1000 - 9_999 * 60,
    });
    expect(valuesOf(families, 'ci_run_last_result', ['scope'])).toEqual({ shop: 1, platform: 0 });
  });

  it('that are under way when counting begins count when they end', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', -50)];
    await organization.tick();
    organization.runs = [runOf('a', -50, { lasted: 50.5 })];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build success': 1 });
  });

  it('that were deleted while they ran are lost, and said to be', async () => {
    await using organization = await startOrganization();
    organization.runs = [runOf('a', 0)];
    await organization.tick();
    organization.runs = [];
    for (let count = 0; count < 2; count += 1) await organization.tick();

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({ 'run lost': 1 });
  });

  it('behind a page of runs that cannot be read are counted, and those are reported', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    // Without an id there is nothing to count a run by.
    const damaged = Array.from({ length: 100 }, () => runOf('', 0.5, { status: 'succeeded' }));
    organization.runs = [runOf('a', 0.2, { lasted: 0.2 }), ...damaged];

    const { families, problems } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build success': 1 });
    expect(problems).toMatchObject([{ kind: 'bad-response' }]);
    expect(problems[0]?.message).toMatch(/^100 runs are not what the API documents/);
  });

  it('are not taken for lost while one cannot be read, for it may be them', async () => {
    await using organization = await startOrganization();
    organization.runs = [runOf('a', 0)];
    await organization.tick();
    organization.runs = [runOf('', 0)];
    for (let count = 0; count < 4; count += 1) await organization.tick();
    organization.runs = [runOf('a', 0, { lasted: 4 })];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({});
    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build success': 1 });
  });

  it('in a state of a newer server count as other, and as an unknown state', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    organization.runs = [
      runOf('a', 0.1, { lasted: 0.2, status: 9, runner: 42, policy: { status: 17, total: 1, violated: 0 } }),
      runOf('b', 0.1, { status: 9 }),
    ];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build other': 1 });
    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['error']))).toEqual({ 'unknown state': 1 });
    expect(nonZero(valuesOf(families, 'ci_attestation_policy_results_total', ['verdict']))).toEqual({ other: 1 });
    expect(valuesOf(families, 'ci_runs_active', ['pipeline'])).toEqual({ build: 1 });
  });

  it('tell what their policies said', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, shopRelease];
    await organization.tick();
    organization.runs = [
      runOf('a', 0.1, { lasted: 0.2, policy: { status: 'passed', total: 3, violated: 0 } }),
      runOf('b', 0.1, { lasted: 0.2, policy: { status: 'warning', total: 3, violated: 2 } }),
      runOf('c', 0.1, { lasted: 0.2, status: 'failed', policy: { status: 'blocked', total: 3, violated: 1 } }),
      runOf('d', 0.1, { lasted: 0.2, policy: { status: 'bypassed', total: 3, violated: 1 } }),
      runOf('e', 0.1, { lasted: 0.2 }),
    ];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_attestation_policy_results_total', ['verdict']))).toEqual({
      passed: 1,
      warning: 1,
      blocked: 1,
      bypassed: 1,
      none: 1,
    });
    expect(nonZero(valuesOf(families, 'ci_attestation_policy_violations_total', ['pipeline']))).toEqual({ build: 4 });
  });

  it('can be limited to projects and workflows', async () => {
    await using organization = await startOrganization({
      config: { projects: { include: ['shop'] }, workflows: { exclude: ['release*'] } },
    });
    organization.workflows = [shopBuild, shopRelease, platformBuild];
    await organization.tick();
    organization.runs = [
      runOf('a', 0.1, { lasted: 0.2 }),
      runOf('b', 0.1, { lasted: 0.2, workflow: shopRelease }),
      runOf('c', 0.1, { lasted: 0.2, workflow: platformBuild }),
      runOf('d', 0.1, { workflow: platformBuild }),
    ];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({ 'shop build success': 1 });
    expect(valuesOf(families, 'ci_runs_active', ['scope', 'pipeline'])).toEqual({ 'shop build': 0 });
  });
});

function manyRuns(count: number) {
  return Array.from({ length: count }, (_, index) =>
    runOf(`many-${String(index)}`, 39 + index / 1000, { lasted: 0.1 }),
  );
}

describe('the state of workflows', () => {
  it('is up or down by the last ended run, while another one runs', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, shopRelease];
    organization.runs = [
      runOf('a', -30, { lasted: 5, status: 'failed' }),
      runOf('b', -20, { lasted: 5, workflow: shopRelease }),
    ];
    await organization.tick();
    organization.runs = [...organization.runs, runOf('c', 0.5)];

    const { families } = await organization.tick();

    expect(valuesOf(families, 'chainloop_workflow_up', ['org', 'workflow', 'runner'])).toEqual({
      'acme build GITHUB_ACTION': 0,
      'acme release GITHUB_ACTION': 1,
    });
    expect(valuesOf(families, 'ci_workflow_down_seconds', ['pipeline'])).toEqual({ build: 26 * 60, release: 0 });
  });

  it('is down by a run that began and ended between two ticks, before the one that runs now', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', -30, { lasted: 5 })];
    const first = await organization.tick();
    organization.runs = [...organization.runs, runOf('b', 0.1, { lasted: 0.4, status: 'failed' }), runOf('c', 0.6)];
    const second = await organization.tick();

    const up = [first, second].map(({ families }) => valuesOf(families, 'chainloop_workflow_up', ['workflow']));

    expect(up).toEqual([{ build: 1 }, { build: 0 }]);
    expect(valuesOf(second.families, 'ci_workflow_down_seconds', ['pipeline'])).toEqual({ build: 30 });
  });

  it('agrees with the last result when an older run ends after a newer one', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', 0)];
    await organization.tick();
    organization.runs = [runOf('a', 0), runOf('b', 1, { lasted: 0.5 })];
    await organization.tick();
    await organization.tick();
    organization.now = startMs + 61 * 60_000;
    organization.runs = [runOf('a', 0, { status: 'expired' }), runOf('b', 1, { lasted: 0.5 })];

    const { families } = await organization.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({
      'shop build success': 1,
      'shop build error': 1,
    });
    expect(valuesOf(families, 'chainloop_workflow_up', ['workflow'])).toEqual({ build: 1 });
    expect(valuesOf(families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1 });
    const ended = { build: startMs / 1000 + 90 };
    expect(valuesOf(families, 'ci_run_last_finished_timestamp_seconds', ['pipeline'])).toEqual(ended);
    expect(valuesOf(families, 'ci_run_last_success_timestamp_seconds', ['pipeline'])).toEqual(ended);
  });

  it('ends in the run in which the workflow is no longer listed, and its totals stay', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, shopRelease];
    await organization.tick();
    organization.runs = [
      runOf('a', 0.1, { lasted: 0.5, status: 'failed' }),
      runOf('b', 0.1, { lasted: 0.5, workflow: shopRelease }),
    ];
    const before = await organization.tick();
    organization.workflows = [shopRelease];

    const { families } = await organization.tick();

    expect(valuesOf(before.families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 0, release: 1 });
    expect(valuesOf(families, 'ci_run_last_result', ['pipeline'])).toEqual({ release: 1 });
    expect(valuesOf(families, 'ci_run_last_finished_timestamp_seconds', ['pipeline'])).toHaveProperty('release');
    expect(valuesOf(families, 'ci_run_last_finished_timestamp_seconds', ['pipeline'])).not.toHaveProperty('build');
    expect(nonZero(valuesOf(families, 'ci_runs_total', perResult))).toEqual({
      'shop build failure': 1,
      'shop release success': 1,
    });
  });

  it('is down since the first of several failures', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', -10, { lasted: 5, status: 'failed' })];
    await organization.tick();
    organization.runs = [...organization.runs, runOf('b', 0.1, { lasted: 0.5, status: 'failed' })];

    const { families } = await organization.tick();

    expect(valuesOf(families, 'ci_workflow_down_seconds', ['pipeline'])).toEqual({ build: 6 * 60 });
  });

  it('is down since the first failure, although a page of workflows could not be read in between', async () => {
    await using organization = await startOrganization({ maxResponseBytes: 20_000 });
    const others = Array.from({ length: 100 }, (_, index) => ({
      ...shopRelease,
      id: `o${String(index)}`,
      name: `o${String(index)}`,
    }));
    organization.workflows = [...others, shopBuild];
    // Runs of others fill the page that is read, so that only the list of workflows tells of this one.
    const between = others.map((workflow, index) =>
      runOf(`n${String(index)}`, -60 - index / 1000, { lasted: 1, workflow }),
    );
    organization.runs = [runOf('a', -120, { lasted: 5, status: 'failed' }), ...between];
    await organization.tick();
    organization.workflows = [...others, shopBuild, { ...shopRelease, name: 'x'.repeat(30_000) }];
    const { problems } = await organization.tick();
    organization.workflows = [...others, shopBuild];
    organization.runs = [...organization.runs, runOf('b', 1.1, { lasted: 0.5, status: 'failed' })];

    const { families } = await organization.tick();

    expect(problems).toHaveLength(1);
    expect(valuesOf(families, 'ci_workflow_down_seconds', ['pipeline'])['build']).toBe(117 * 60);
  });

  it('shows the one that is down where two projects have a workflow of one name', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, platformBuild];
    organization.runs = [
      runOf('a', -5, { lasted: 1, status: 'failed' }),
      runOf('b', -2, { lasted: 1, workflow: platformBuild }),
    ];

    const { families } = await organization.tick();

    expect(valuesOf(families, 'chainloop_workflow_up', ['org', 'workflow', 'runner'])).toEqual({
      'acme build GITHUB_ACTION': 0,
    });
  });

  it('is told without state too, and the missing state is a problem', async () => {
    await using organization = await startOrganization({
      store: {
        load: async () => {
          const { StateStoreError } = await import('../../../../lambda/counters/stores/store.ts');
          throw new StateStoreError('unavailable', 'the table is not there');
        },
        save: () => Promise.resolve('saved'),
      },
    });
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', -10, { lasted: 5 }), runOf('b', -1)];

    const { families, problems } = await organization.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(valuesOf(families, 'ci_runs_active', ['pipeline'])).toEqual({ build: 1 });
    expect(families.some(({ definition }) => definition.name === 'ci_runs_total')).toBe(false);
  });

  it('counts runs that the server should have given up as stuck', async () => {
    await using organization = await startOrganization();
    organization.runs = [runOf('a', -71), runOf('b', -59)];

    const { families } = await organization.tick();

    expect(valuesOf(families, 'ci_runs_active', ['pipeline'])).toEqual({ build: 2 });
    expect(valuesOf(families, 'ci_runs_stuck', ['pipeline'])).toEqual({ build: 1 });
  });
});

describe('releases', () => {
  const version = { name: 'v1', isPrerelease: true };
  const released = { name: 'v1', isPrerelease: false, releasedMs: startMs };

  it('without a successful attestation are told until there is one', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopRelease];
    await organization.tick();
    const failed = runOf('a', 0.1, { lasted: 0.2, workflow: shopRelease, status: 'failed', version });
    organization.runs = [failed];
    const before = await organization.tick();
    organization.now += 10 * 60_000;
    organization.runs = [{ ...failed, version: released }];
    const unattested = await organization.tick();
    organization.runs = [
      { ...failed, version: released },
      runOf('b', 13, { lasted: 0.1, workflow: shopRelease, version: released }),
    ];
    organization.now += 60_000;
    const after = await organization.tick();

    const values = [before, unattested, after].map(({ families }) =>
      valuesOf(families, 'ci_releases_unattested', ['scope', 'pipeline']),
    );

    expect(values).toEqual([{ 'shop release': 0 }, { 'shop release': 1 }, { 'shop release': 0 }]);
  });

  it('with an older successful attestation are no news', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopRelease];
    const success = runOf('a', -500, { lasted: 1, workflow: shopRelease, version: released });
    organization.runs = [success];
    await organization.tick();
    organization.runs = [
      success,
      runOf('b', 0.1, { lasted: 0.2, workflow: shopRelease, status: 'failed', version: released }),
    ];

    const { families } = await organization.tick();

    expect(valuesOf(families, 'ci_releases_unattested', ['pipeline'])).toEqual({ release: 0 });
  });

  describe('of a server that does not know the filter by name', () => {
    const own = { ...released, id: '00000000-0000-4000-9000-000000000001' };
    const other = { id: '00000000-0000-4000-9000-000000000002', name: 'v0', isPrerelease: false, releasedMs: startMs };

    /** A failed run of a released version, among successes of another version of the same workflow. */
    async function unattestedIn(scenario: Scenario, versions: readonly [VersionRecord, VersionRecord], others = 3) {
      const organization = await startOrganization();
      organization.server.playScenario(scenario);
      organization.workflows = [shopRelease];
      const successes = Array.from({ length: others }, (_, index) =>
        runOf(`other-${String(index)}`, -500 - index, { lasted: 1, workflow: shopRelease, version: versions[1] }),
      );
      organization.runs = successes;
      await organization.tick();
      const run = { lasted: 0.2, workflow: shopRelease, status: 'failed', version: versions[0] } as const;
      organization.runs = [...successes, runOf('b', 0.1, run)];
      return organization;
    }

    it.each([
      ['has its UUID instead', [own, other]],
      [
        'tells no UUID: the answers are looked through',
        [
          { ...own, id: undefined },
          { ...other, id: undefined },
        ],
      ],
    ] as const)('are told all the same: it %s', async (_, [{ id, ...version }, { id: otherId, ...otherVersion }]) => {
      const versions = [
        { ...version, ...(id === undefined ? {} : { id }) },
        { ...otherVersion, ...(otherId === undefined ? {} : { id: otherId }) },
      ] as const;
      await using organization = await unattestedIn('before v1.100.0', versions);

      const { families, problems } = await organization.tick();

      expect(problems).toEqual([]);
      expect(valuesOf(families, 'ci_releases_unattested', ['pipeline'])).toEqual({ release: 1 });
    });

    it('are not told, and that is said, where more runs would have to be looked through than may be read', async () => {
      const versions = [released, { name: 'v0', isPrerelease: false, releasedMs: startMs }] as const;
      await using organization = await unattestedIn('before v1.100.0', versions, 450);

      const { families, problems } = await organization.tick();

      expect(valuesOf(families, 'ci_releases_unattested', ['pipeline'])).toEqual({});
      expect(problems.map(({ kind, message }) => [kind, /^of 1 versions it is not known/.test(message)])).toEqual([
        ['bad-response', true],
      ]);
    });
  });

  it('with a successful run behind a page of failed ones are attested', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopRelease];
    await organization.tick();
    const failed = Array.from({ length: 120 }, (_, index) =>
      runOf(`f-${String(index)}`, 0.1 + index / 1000, {
        lasted: 0.1,
        workflow: shopRelease,
        status: 'failed',
        version: released,
      }),
    );
    organization.runs = [runOf('old', -500, { lasted: 1, workflow: shopRelease, version: released }), ...failed];

    const { families } = await organization.tick();

    expect(valuesOf(families, 'ci_releases_unattested', ['pipeline'])).toEqual({ release: 0 });
  });
});
