/** Tests of what the states of a deployment mean. */
import { describe, expect, it } from 'vitest';
import { finishDeployment } from '../../../../lambda/sources/github-actions/deployments/finish-deployment.ts';

const identity = {
  source: 'acme',
  organization: 'acme',
  fullName: 'acme/shop',
  defaultBranch: 'main',
  branchLabel: () => 'main',
  jobs: 'read' as const,
  webOrigin: 'https://github.com',
};

function resultOf(...states: readonly string[]): string | undefined {
  // Newest first, a second apart.
  const statuses = states.map((state, index) => ({ state, created_at: 10_000 - index * 1000 }));
  const finish = finishDeployment({ id: '7', environment: 'production' }, statuses, identity);
  if (finish === undefined) return undefined;
  const [count] = finish.counts;
  const marks = finish.marks.map(({ metric, value }) => `${metric.name}=${String(value)}`);
  return [count?.labels['result'], finish.finishedMs, ...marks, finish.counts.length].join(' ');
}

describe('a deployment', () => {
  it.each([
    [['success', 'in_progress'], 'success 10000 ci_deployment_last_success_timestamp_seconds=10 1'],
    [['failure', 'in_progress'], 'failure 10000 1'],
    [['error'], 'error 10000 1'],
    [['inactive', 'success', 'in_progress'], 'success 9000 ci_deployment_last_success_timestamp_seconds=9 1'],
    [['inactive', 'failure'], 'failure 9000 1'],
    [['inactive', 'queued'], 'other 10000 1'],
    [['exploded'], 'other 10000 2'],
  ])('that went through %j, newest first, has ended', (states, expected) => {
    expect(resultOf(...states)).toBe(expected);
  });

  it.each([[[]], [['pending']], [['queued']], [['in_progress', 'queued']], [['waiting']]])(
    'with %j goes on',
    (states) => {
      expect(resultOf(...states)).toBeUndefined();
    },
  );

  it('names its environment, and none as unknown', () => {
    const statuses = [{ state: 'success', created_at: 1000 }];

    expect(finishDeployment({ id: '7', environment: 'eu west' }, statuses, identity)?.counts[0]?.labels).toMatchObject({
      scope: 'acme/shop',
      deploy_environment: 'eu west',
    });
    expect(finishDeployment({ id: '7', environment: undefined }, statuses, identity)?.counts[0]?.labels).toMatchObject({
      deploy_environment: 'unknown',
    });
  });
});
