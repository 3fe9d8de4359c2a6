/** A job that is retried by hand ends its build once more: the second finish is a retry, with times of its own. */
import { afterEach, describe, expect, it } from 'vitest';
import { finishBuild } from '../../../../lambda/sources/buildkite/builds/finish.ts';
import { Build } from '../../../../lambda/sources/buildkite/user-api/rest-schema.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource, totalsOf } from '../harness.ts';

const servers: LoopbackServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const day = '2026-01-05';

function at(time: string | undefined): string | null {
  return time === undefined ? null : `${day}T${time}Z`;
}

interface JobTimes {
  readonly id: string;
  readonly state?: string;
  readonly from?: string;
  readonly to?: string;
  readonly retried?: boolean;
}

function jobOf({ id, state = 'passed', from, to, retried = false }: JobTimes): object {
  const times = { runnable_at: at(from), started_at: at(from), finished_at: at(to) };
  return { id, type: 'script', state, exit_status: state === 'passed' ? 0 : 1, retried, ...times };
}

function buildOf(number: number, state: string, started: string, finished: string, jobs: readonly JobTimes[]): object {
  return {
    id: `build-${String(number)}`,
    number,
    state,
    branch: 'main',
    created_at: at('10:00:00'),
    started_at: at(started),
    finished_at: at(finished),
    pipeline: { slug: 'web', default_branch: 'main' },
    jobs: jobs.map(jobOf),
  };
}

const failedJob = { id: 'j1', state: 'failed', from: '10:01:00', to: '10:04:00' };
const retriedJob = { ...failedJob, retried: true };
const passedJob = { id: 'j2', from: '15:00:00', to: '15:05:00' };

const failed = (number: number): object => buildOf(number, 'failed', '10:01:00', '10:04:00', [failedJob]);
/** As Buildkite shows it afterwards: `started_at` is that of the retried job. */
const retried = (number: number): object => buildOf(number, 'passed', '15:00:00', '15:05:00', [retriedJob, passedJob]);

function finishOf(build: object, firstFinishMs?: number): ReturnType<typeof finishBuild> {
  const placed = { source: 'main', scope: 'acme', pipeline: 'web', branch: 'main', firstFinishMs };
  return finishBuild({ build: Build.parse(build), ...placed });
}

function told(finish: ReturnType<typeof finishBuild>): readonly unknown[] {
  const observed = finish?.observations.map(({ metric, value }) => [metric.name, value]) ?? [];
  return [finish?.counts[0]?.labels['attempt'], Object.fromEntries(observed)];
}

/** Of an attempt with jobs that waited for no person. */
function lasting(seconds: number): object {
  return { ci_run_duration_seconds: seconds, ci_run_active_duration_seconds: seconds };
}

const firstFinishMs = Date.parse(`${day}T10:04:00Z`);

describe('a finish of a build', () => {
  it('is the first attempt, with the wait until the earliest start of its jobs', () => {
    expect(told(finishOf(failed(1)))).toEqual(['first', { ci_run_wait_seconds: 60, ...lasting(180) }]);
  });

  it.each([
    ['by its jobs', undefined],
    ['by what is remembered', firstFinishMs],
  ])('after a retry by hand is a retry with the duration of that attempt, and no wait: %s', (_, first) => {
    expect(told(finishOf(retried(1), first))).toEqual(['retry', lasting(300)]);
  });

  it('after a retry by hand that did not move the start of the build lasted from the start of the retried job', () => {
    const unmoved = buildOf(1, 'passed', '10:01:00', '15:05:00', [retriedJob, passedJob]);

    expect(told(finishOf(unmoved, firstFinishMs))).toEqual(['retry', lasting(300)]);
  });

  it('without jobs is a retry where its first finish is remembered, and says nothing of what it does not know', () => {
    const withoutJobs = buildOf(1, 'passed', '15:00:00', '15:05:00', []);
    const unmoved = buildOf(1, 'passed', '10:01:00', '15:05:00', []);

    expect(told(finishOf(withoutJobs, firstFinishMs))).toEqual(['retry', { ci_run_duration_seconds: 300 }]);
    expect(told(finishOf(unmoved, firstFinishMs))).toEqual(['retry', {}]);
  });

  it('that is read again is the same', () => {
    expect(told(finishOf(failed(1), firstFinishMs))).toEqual(told(finishOf(failed(1))));
  });

  it('after an automatic retry is the first attempt', () => {
    const again = { id: 'j2', from: '10:04:01', to: '10:06:00' };
    const build = buildOf(1, 'passed', '10:01:00', '10:06:00', [retriedJob, again]);

    expect(told(finishOf(build))).toEqual(['first', { ci_run_wait_seconds: 60, ...lasting(300) }]);
  });
});

describe('ten builds that fail and pass after a retry by hand', () => {
  it.each(['read', 'skip'] as const)('pass 0 of 10 times at first, with jobs: %s', async (jobs) => {
    const numbers = Array.from({ length: 10 }, (_, index) => index + 1);
    const time = { nowMs: Date.parse(`${day}T10:00:00Z`) };
    let finished: readonly object[] = [];
    const server = await startLoopbackServer((_request, response, { path }) => {
      response.setHeader('content-type', 'application/json');
      const lists = path.includes('finished_from') ? finished : [];
      const shown = path.includes('exclude_jobs') ? lists.map((build) => ({ ...build, jobs: undefined })) : lists;
      response.end(path.includes('access-token') ? '{"scopes":["read_builds"]}' : JSON.stringify(shown));
    });
    servers.push(server);
    const config = { organization: 'acme', apiToken: { env: 'API' }, waits: 'off', jobs, restEndpoint: server.url };
    await using source = buildkiteSource(config, { variables: { API: 'bkua_test' }, clock: () => time.nowMs });

    await source.count();
    time.nowMs = Date.parse(`${day}T10:05:00Z`);
    finished = numbers.map(failed);
    await source.count();
    time.nowMs = Date.parse(`${day}T10:06:00Z`);
    finished = [];
    await source.count();
    time.nowMs = Date.parse(`${day}T15:06:00Z`);
    finished = numbers.map(retried);
    const { families } = await source.count();

    expect(totalsOf(families, 'ci_runs_total', ['result', 'attempt'])).toEqual({
      'failure first': 10,
      'success retry': 10,
    });
    expect(totalsOf(families, 'ci_run_wait_seconds', ['pipeline'])).toEqual({ web: 10 });
    expect(totalsOf(families, 'ci_run_duration_seconds', ['result'])).toEqual({ failure: 10, success: 10 });
  });
});
