/** Tests of the exemplar and the log line of a finished build. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exemplar } from '../../../../lambda/model/metric.ts';
import { finishBuild, finishJob } from '../../../../lambda/sources/buildkite/builds/finish.ts';
import { Build, Job } from '../../../../lambda/sources/buildkite/user-api/rest-schema.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';
const finishedMs = Date.UTC(2026, 0, 5, 12, 1, 30, 250);

function buildOf(more: Readonly<Record<string, unknown>> = {}): Build {
  return Build.parse({
    id: 'b1',
    number: 42,
    state: 'passed',
    branch: 'feature/x',
    commit: sha,
    message: 'not to be logged',
    creator: { email: 'somebody@example.com' },
    web_url: 'https://buildkite.com/acme/web/builds/42',
    created_at: '2026-01-05T12:00:00.000Z',
    started_at: '2026-01-05T12:00:30.000Z',
    finished_at: new Date(finishedMs).toISOString(),
    ...more,
  });
}

function finishOf(build: Build): ReturnType<typeof finishBuild> {
  return finishBuild({ build, source: 'main', scope: 'acme', pipeline: 'web', branch: 'other' });
}

function exemplarOf(more: Readonly<Record<string, unknown>>): Exemplar | undefined {
  return finishOf(buildOf(more))?.observations[0]?.exemplar;
}

describe('the exemplar of a build', () => {
  it('is its address and its commit, at the time at which it finished', () => {
    expect(exemplarOf({})).toEqual({
      labels: { build_url: 'https://buildkite.com/acme/web/builds/42', commit: sha },
      value: 30,
      timestampMs: finishedMs,
    });
  });

  it.each([
    ['a short commit', 'w'.repeat(40), ['build_url', 'commit'], sha.slice(0, 12)],
    ['no commit', 'w'.repeat(60), ['build_url'], undefined],
    ['no address', 'w'.repeat(100), ['commit'], sha],
  ])('has %s where more would be too long', (_, pipeline, names, commit) => {
    const labels = exemplarOf({ web_url: `https://buildkite.com/acme-ltd/${pipeline}/builds/42000` })?.labels ?? {};

    expect(Object.keys(labels)).toEqual(names);
    expect(labels['commit']).toBe(commit);
  });

  it.each([
    ['HEAD', 'https://buildkite.com/acme/web/builds/42', { build_url: 'https://buildkite.com/acme/web/builds/42' }],
    [null, 'https://buildkite.com/acme/web/builds/42', { build_url: 'https://buildkite.com/acme/web/builds/42' }],
    [sha, 'javascript:alert(1)', { commit: sha }],
  ])('says nothing of the commit %s and the address %s that lead nowhere', (commit, web_url, labels) => {
    expect(exemplarOf({ commit, web_url })?.labels).toEqual(labels);
  });

  it('is absent where nothing is known', () => {
    expect(exemplarOf({ commit: 'HEAD', web_url: null })).toBeUndefined();
  });

  it('never has more than 128 characters', () => {
    const web_url = fc.string({ unit: 'binary', maxLength: 200 }).map((rest) => `https://buildkite.com/${rest}`);
    fc.assert(
      fc.property(web_url, fc.stringMatching(/^[0-9a-f]{0,64}$/), (url, commit) => {
        const labels = exemplarOf({ web_url: url, commit })?.labels ?? {};
        expect(Array.from(Object.entries(labels).flat().join('')).length).toBeLessThanOrEqual(128);
      }),
    );
  });
});

describe('the log line of a build', () => {
  it('has what leads to the build, and nobody’s name or words', () => {
    expect(finishOf(buildOf())?.line).toEqual({
      system: 'buildkite',
      source: 'main',
      scope: 'acme',
      pipeline: 'web',
      number: 42,
      result: 'success',
      attempt: 'first',
      waitSeconds: 30,
      durationSeconds: 60.25,
      branch: 'feature/x',
      commit: sha,
      url: 'https://buildkite.com/acme/web/builds/42',
      finishedAt: '2026-01-05T12:01:30.250Z',
    });
  });

  it.each(['2026-01-05T12:01:30Z', '2026-01-05T13:01:30+01:00', '2026-01-05 12:01:30 UTC'])(
    'tells the end %s as the lines of every CI system do',
    (finished_at) => {
      expect(finishOf(buildOf({ finished_at }))?.line).toMatchObject({ finishedAt: '2026-01-05T12:01:30.000Z' });
    },
  );
});

describe('the key of a build', () => {
  it('is the same to the second, since events tell no fractions, and another after it was opened again', () => {
    const keyAt = (finished_at: string) => finishOf(buildOf({ finished_at }))?.key;

    expect(keyAt('2026-01-05 12:01:30 UTC')).toBe(keyAt('2026-01-05T12:01:30.999Z'));
    expect(keyAt('2026-01-05T12:01:31.000Z')).not.toBe(keyAt('2026-01-05T12:01:30.999Z'));
  });
});

describe('a job', () => {
  const jobOf = (more: Readonly<Record<string, unknown>>): Job =>
    Job.parse({
      id: 'j1',
      type: 'script',
      state: 'passed',
      scheduled_at: '2026-01-05T10:00:00.000Z',
      runnable_at: '2026-01-05T12:00:00.000Z',
      started_at: '2026-01-05T12:00:05.000Z',
      finished_at: '2026-01-05T12:00:25.000Z',
      ...more,
    });
  const observed = (more: Readonly<Record<string, unknown>>) =>
    finishJob(jobOf(more), buildOf(), {
      source: 'main',
      organization: 'acme',
      scope: 'Linux',
      queue: 'default',
    })?.observations.map(({ metric, value }) => [metric.name, value]);

  it('waited since it could run, whatever is said of when it was scheduled', () => {
    expect(observed({})).toEqual([
      ['ci_job_wait_seconds', 5],
      ['ci_job_duration_seconds', 20],
    ]);
  });

  it('that never began has neither a wait nor a duration', () => {
    expect(observed({ state: 'canceled', started_at: null })).toEqual([]);
  });

  it('that is over at an unknown time does not count', () => {
    expect(observed({ finished_at: null })).toBeUndefined();
    expect(
      observed({ state: 'expired', finished_at: null, started_at: null, expired_at: '2026-01-05T12:00:25.000Z' }),
    ).toEqual([]);
  });
});
