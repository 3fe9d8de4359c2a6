/** Tests of merge queues: which runs they have asked for, and how many groups are being checked. */
import { describe, expect, it } from 'vitest';
import { createBranchLabel } from '../../../../lambda/crawl/branch-label.ts';
import { findMergeGroup } from '../../../../lambda/sources/github-actions/runs/merge-group.ts';
import { opened, repository } from '../opened.ts';

describe('a run is of a merge group', () => {
  const identity = { branchLabel: createBranchLabel(['release/*']), defaultBranch: 'main' };
  const commit = '0123456789abcdef0123456789abcdef01234567';

  it.each([
    [`gh-readonly-queue/main/pr-7-${commit}`, 'main'],
    [`gh-readonly-queue/release/1.2/pr-7-${commit}`, 'release/1.2'],
    [`gh-readonly-queue/topic/pr-7-${commit}`, 'other'],
    ['a-form-of-tomorrow', 'other'],
  ])('of the branch %s, to be merged into %s', (name, branch) => {
    expect(findMergeGroup({ event: 'merge_group', head_branch: name }, identity)).toEqual({ name, branch });
  });

  it('only where a merge queue has asked for it: anybody may name a branch so', () => {
    const head_branch = `gh-readonly-queue/main/pr-7-${commit}`;

    expect(findMergeGroup({ event: 'push', head_branch }, identity)).toBeUndefined();
    expect(findMergeGroup({ event: 'merge_group', head_branch: null }, identity)).toBeUndefined();
  });
});

describe('a merge queue', () => {
  const stages = [[{ name: 'test', labels: ['linux'], pool: 'linux', meanSeconds: 7200 }]];
  const queued = { event: 'merge_group', runsPerHour: 0, stages } as const;
  const plan = {
    ...repository('shop'),
    workflows: [
      { ...queued, name: 'checks', file: 'checks.yml' },
      { ...queued, name: 'push', file: 'push.yml', event: 'push' as const },
    ],
  };
  const usual = { failsAt: Infinity, cancelledAfterSeconds: Infinity, kind: 'usual' } as const;

  it('shows how many groups are checked and since when, and 0 when all have ended', async () => {
    await using github = await opened({ repositories: [plan] });
    await github.tick();
    github.begin(usual, 'checks.yml');
    github.begin(usual, 'push.yml');
    await github.tick(5);
    github.begin(usual, 'checks.yml');
    const busy = await github.tick(12);
    expect(busy.values('ci_github_actions_merge_queue_groups', 'scope', 'branch')).toEqual({ 'acme/shop main': 2 });
    expect(busy.values('ci_github_actions_merge_queue_oldest_seconds', 'branch')).toEqual({ main: 17 * 60 });

    await github.tick(12 * 60);
    const { values } = await github.tick(12);
    expect(values('ci_runs_total', 'pipeline')['checks.yml']).toBe(2);
    expect(values('ci_github_actions_merge_queue_groups', 'branch')).toEqual({ main: 0 });
    expect(values('ci_github_actions_merge_queue_oldest_seconds', 'branch')).toEqual({ main: 0 });
  });

  it('is left out, and not 0, when its repository was not looked at for long', async () => {
    await using github = await opened({ repositories: [plan] });
    await github.tick();
    github.begin(usual, 'checks.yml');
    const seen = await github.tick(12);
    expect(seen.values('ci_github_actions_merge_queue_groups', 'branch')).toEqual({ main: 1 });

    github.server.playScenario('cut-off', (path) => path.includes('/actions/runs'));
    const { values } = await github.tick(16);
    expect(values('ci_github_actions_merge_queue_groups', 'branch')).toEqual({});
    expect(values('ci_github_actions_merge_queue_oldest_seconds', 'branch')).toEqual({});
    expect(values('ci_queue_jobs', 'queue')).toEqual({});
    // Other lists are answered.
    expect(values('ci_workers', 'state')).toHaveProperty('idle');
  });
});
