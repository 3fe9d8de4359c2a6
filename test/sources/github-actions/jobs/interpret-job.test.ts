/** Tests of what the record of a job adds to counters, and which of its times mean something. */
import { describe, expect, it } from 'vitest';
import { JobRecord } from '../../../../lambda/sources/github-actions/api/schema.ts';
import { interpretJob, type JobSighting } from '../../../../lambda/sources/github-actions/jobs/interpret-job.ts';
import { createQueueNames } from '../../../../lambda/sources/github-actions/jobs/queue-names.ts';

const identity = {
  source: 'acme',
  organization: 'acme',
  fullName: 'acme/shop',
  defaultBranch: 'main',
  branchLabel: () => 'main',
  jobs: 'read' as const,
  webOrigin: 'https://github.com',
};

const completed = {
  id: 9_100_000_001,
  run_id: 9_000_000_001,
  run_attempt: 2,
  name: 'test (20)',
  status: 'completed',
  conclusion: 'failure',
  created_at: '2026-09-01T11:00:02Z',
  started_at: '2026-09-01T11:00:40Z',
  completed_at: '2026-09-01T11:05:01Z',
  labels: ['self-hosted', 'linux', 'x64'],
  runner_id: 12,
  runner_group_name: 'Default',
  steps: [{ started_at: '2026-09-01T11:00:41Z' }],
};

function interpret(change: object = {}, wasHeld = false): JobSighting {
  const record = JobRecord.parse({ ...completed, ...change });
  return interpretJob(record, { identity, names: createQueueNames([]), pipeline: 'build.yml', wasHeld });
}

/** Name of the metric to value, and the labels that differ. */
function readFinish(sight: JobSighting): Readonly<Record<string, number>> {
  if (sight.is !== 'finished') throw new Error('the job has not ended');
  const { counts, observations } = sight.finish;
  const told: readonly (readonly [string, number])[] = [
    ...counts.map(({ metric, labels, increase }): readonly [string, number] => [
      `${metric.name} ${labels['queue'] ?? labels['error'] ?? ''}`,
      increase,
    ]),
    ...observations.map(({ metric, labels, value }): readonly [string, number] => [
      `${metric.name} ${labels['queue'] ?? ''}`,
      value,
    ]),
  ];
  return Object.fromEntries(told);
}

describe('a job that has ended', () => {
  it('counts with its wait, its duration and the time of its runner', () => {
    expect(readFinish(interpret())).toEqual({
      'ci_jobs_total linux+x64': 1,
      'ci_job_busy_seconds_total linux+x64': 261,
      'ci_job_duration_seconds linux+x64': 261,
      'ci_job_wait_seconds linux+x64': 38,
    });
    expect(interpret()).toMatchObject({
      finish: { key: 'job 9100000001', finishedMs: Date.UTC(2026, 8, 1, 11, 5, 1) },
    });
  });

  it('that began a second before its creation has waited for nothing', () => {
    expect(readFinish(interpret({ started_at: '2026-09-01T11:00:01Z' }))['ci_job_wait_seconds linux+x64']).toBe(0);
  });

  it('that still tells its creation as its start began with its first step, and else nobody knows', () => {
    const same = { started_at: completed.created_at };

    expect(readFinish(interpret(same))).toMatchObject({
      'ci_job_wait_seconds linux+x64': 39,
      'ci_job_duration_seconds linux+x64': 260,
    });
    expect(Object.keys(readFinish(interpret({ ...same, steps: [] })))).not.toContain('ci_job_wait_seconds linux+x64');
  });

  it('and was skipped counts, without a queue, a wait and a duration', () => {
    const skipped = {
      conclusion: 'skipped',
      labels: [],
      runner_id: null,
      runner_group_name: null,
      steps: [],
      name: '${{ matrix.os }}',
    };

    expect(readFinish(interpret(skipped))).toEqual({ 'ci_jobs_total (no labels)': 1 });
  });

  it('before a runner took it counts, without a wait and a duration', () => {
    const cancelled = { conclusion: 'cancelled', runner_id: 0, steps: [], started_at: completed.completed_at };

    expect(readFinish(interpret(cancelled))).toEqual({ 'ci_jobs_total linux+x64': 1 });
  });

  it('after it was held by a rule has no wait for a runner', () => {
    expect(Object.keys(readFinish(interpret({}, true)))).not.toContain('ci_job_wait_seconds linux+x64');
  });

  it('with a word that is new counts as other, and once as an error', () => {
    expect(readFinish(interpret({ conclusion: 'exploded' }))).toMatchObject({
      'ci_jobs_total linux+x64': 1,
      'ci_system_errors_total unknown state': 1,
    });
  });

  it('is a span of its attempt', () => {
    expect(interpret()).toMatchObject({
      finish: {
        spans: [
          {
            is: 'job',
            run: '9000000001',
            attemptNumber: 2,
            attempt: 'retry',
            id: '9100000001',
            name: 'test (20)',
            pipeline: 'build.yml',
            scope: 'acme/shop',
            queue: 'linux+x64',
            result: 'failure',
            waitSeconds: 38,
            url: 'https://github.com/acme/shop/actions/runs/9000000001/attempts/2',
          },
        ],
      },
    });
  });

  it('and tells no time of its end is left to a later look', () => {
    expect(interpret({ completed_at: null })).toEqual({ is: 'untimed' });
  });
});

describe('a job that has not ended', () => {
  it('waits since its creation, whatever start and runner it names', () => {
    const queued = {
      status: 'queued',
      conclusion: null,
      completed_at: null,
      started_at: completed.created_at,
      runner_group_name: 'Old',
    };

    expect(interpret({ ...queued, labels: [] })).toEqual({
      is: 'open',
      job: {
        id: '9100000001',
        queue: '(no labels)',
        phase: 'queued',
        createdMs: Date.UTC(2026, 8, 1, 11, 0, 2),
        hosting: 'unknown',
      },
    });
  });
});
