/** Tests of the time of a build in which it was not held by a person. */
import { describe, expect, it } from 'vitest';
import { finishBuild } from '../../../../lambda/sources/buildkite/builds/finish.ts';
import { Build } from '../../../../lambda/sources/buildkite/user-api/rest-schema.ts';

const startMs = Date.UTC(2026, 0, 5, 10);
const day = 24 * 60;

function timeAt(minute: number | undefined): string | undefined {
  return minute === undefined ? undefined : new Date(startMs + minute * 60_000).toISOString();
}

function job(runnable: number, started: number, finished: number, more: object = {}): object {
  const times = { runnable_at: timeAt(runnable), started_at: timeAt(started), finished_at: timeAt(finished) };
  return { id: `job ${String(runnable)}`, type: 'script', state: 'passed', ...times, ...more };
}

/** Minutes that a build took, with and without the waiting. */
function took(jobs: readonly object[], finished: number, more: object = {}) {
  const times = { created_at: timeAt(0), started_at: timeAt(1), finished_at: timeAt(finished) };
  const build = Build.parse({ id: 'b1', number: 1, state: 'passed', ...times, jobs, ...more });
  const placed = { build, source: 'main', scope: 'acme', pipeline: 'web', branch: 'main' };
  const { observations = [], line } = finishBuild(placed) ?? {};
  const minutesOf = (name: string): readonly number[] =>
    observations.filter(({ metric }) => metric.name === name).map(({ value }) => value / 60);
  return {
    all: minutesOf('ci_run_duration_seconds'),
    active: minutesOf('ci_run_active_duration_seconds'),
    line: line?.['activeSeconds'],
  };
}

describe('the active duration of a build', () => {
  it('leaves out the days until somebody unblocked it, and the duration does not', () => {
    const jobs = [job(0, 1, 10), job(3 * day, 3 * day + 1, 3 * day + 10)];

    expect(took(jobs, 3 * day + 10)).toEqual({ all: [3 * day + 9], active: [19], line: 19 * 60 });
  });

  it('has what its jobs waited for an agent after it had begun', () => {
    expect(took([job(0, 1, 10), job(10, 100, 110)], 110).active).toEqual([109]);
  });

  it('is the duration of a build that nobody held', () => {
    expect(took([job(0, 1, 10), job(10, 11, 20)], 20)).toMatchObject({ all: [19], active: [19] });
  });

  it('has the moments in which Buildkite closes a build, and no day in which it stayed blocked at its end', () => {
    expect(took([job(0, 1, 10)], 12).active).toEqual([11]);
    expect(took([job(0, 1, 10)], day).active).toEqual([9]);
  });

  it('has the time in which a build that it triggered ran', () => {
    const trigger = { type: 'trigger', state: 'passed', runnable_at: timeAt(10), finished_at: timeAt(70) };

    expect(took([job(0, 1, 10), trigger, job(70, 71, 80)], 80).active).toEqual([79]);
  });

  it('of a retry by hand is that of the retry', () => {
    const jobs = [job(0, 1, 10, { state: 'failed', retried: true }), job(day, day + 1, day + 5)];

    expect(took(jobs, day + 5, { started_at: timeAt(day + 1) })).toMatchObject({ all: [4], active: [4] });
  });

  it('is unknown where no jobs are read', () => {
    expect(took([], 20)).toEqual({ all: [19], active: [], line: undefined });
  });
});
