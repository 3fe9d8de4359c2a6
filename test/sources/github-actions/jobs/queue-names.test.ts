/** Tests of how queues are named by labels, who can serve them, and on whose machines a job runs. */
import { describe, expect, it } from 'vitest';
import {
  canServe,
  createQueueNames,
  determineHosting,
} from '../../../../lambda/sources/github-actions/jobs/queue-names.ts';

const names = createQueueNames([]);

function nameOf(labels: readonly string[], group?: string, status = 'in_progress'): string {
  return names.nameQueue({ labels: [...labels], runner_group_name: group, status });
}

describe('the queue of a job', () => {
  it.each([
    [['ubuntu-latest'], 'ubuntu-latest'],
    [['self-hosted', 'linux', 'x64'], 'linux+x64'],
    [['X64', 'Linux', 'self-hosted', 'linux'], 'linux+x64'],
    [['self-hosted'], 'self-hosted'],
    [[' GPU '], 'gpu'],
  ])('of the labels %j is %s', (labels, expected) => {
    expect(nameOf(labels)).toBe(expected);
  });

  it('without labels is its group once it runs, and none while it waits: the group may be one that it had before', () => {
    expect(nameOf([], 'Large runners')).toBe('group:Large runners');
    expect(nameOf([], 'Large runners', 'completed')).toBe('group:Large runners');
    expect(nameOf([], 'Large runners', 'queued')).toBe('(no labels)');
    expect(nameOf([], '')).toBe('(no labels)');
  });

  it('has no label that is ignored, whatever its case, and no name of an id alone', () => {
    const clean = createQueueNames(['Runs-On=*']);

    expect(clean.nameQueue({ labels: ['runs-on=17', 'gpu'], runner_group_name: '', status: 'queued' })).toBe('gpu');
    expect(clean.nameQueue({ labels: ['RUNS-ON=18', 'self-hosted'], runner_group_name: '', status: 'queued' })).toBe(
      'self-hosted',
    );
    expect(clean.nameQueue({ labels: ['runs-on=19'], runner_group_name: '', status: 'queued' })).toBe('(no labels)');
  });

  it('is that of the runners that have the same labels', () => {
    expect(names.nameRunners(['self-hosted', 'Linux', 'X64'])).toBe(nameOf(['self-hosted', 'linux', 'x64']));
  });
});

describe('a runner', () => {
  it('serves a queue when it has all of its labels', () => {
    const labels = new Set(['self-hosted', 'linux', 'x64', 'gpu']);

    expect(canServe(labels, 'linux+x64')).toBe(true);
    expect(canServe(labels, 'gpu')).toBe(true);
    expect(canServe(labels, 'arm64+linux')).toBe(false);
  });
});

describe('a job', () => {
  it.each([
    [['self-hosted', 'ubuntu-latest'], undefined, 'self_hosted'],
    [['ubuntu-latest'], undefined, 'hosted'],
    [['Windows-2025'], undefined, 'hosted'],
    [['macos-15-xlarge'], undefined, 'hosted'],
    [['ubuntu-24.04-arm'], undefined, 'hosted'],
    [['linux-16-core'], 'GitHub Actions', 'hosted'],
    [['ubuntu-of-ours'], 'Default', 'unknown'],
    [['gpu'], undefined, 'unknown'],
  ] as const)('with the labels %j in the group %s runs on a machine that is %s', (labels, group, expected) => {
    expect(determineHosting({ labels: [...labels], runner_group_name: group })).toBe(expected);
  });
});
