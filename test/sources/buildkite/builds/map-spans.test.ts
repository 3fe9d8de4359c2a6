/** What a build and its jobs tell for a trace. */
import { expect, it } from 'vitest';
import { finishBuild, finishJob } from '../../../../lambda/sources/buildkite/builds/finish.ts';
import { Build, Job } from '../../../../lambda/sources/buildkite/user-api/rest-schema.ts';

const createdMs = Date.UTC(2026, 0, 5, 12);
const at = (seconds: number): string => new Date(createdMs + seconds * 1000).toISOString();

const build = Build.parse({
  ...{ id: 'b1', number: 42, state: 'failed', branch: 'feature/x', commit: 'abc', pipeline: { slug: 'web' } },
  web_url: 'https://buildkite.com/acme/web/builds/42',
  ...{ created_at: at(0), started_at: at(30), finished_at: at(90) },
});
const place = { build, source: 'main', scope: 'acme', pipeline: 'web', branch: 'other' };
const code = { commit: 'abc', branch: 'feature/x' };

it('is of the build: from its creation to its end, with its commit and its branch as they are', () => {
  expect(finishBuild(place)?.spans).toEqual([
    {
      ...{ is: 'run', run: 'b1', id: undefined, pipeline: 'web', scope: 'acme', result: 'failure', attempt: 'first' },
      ...{ startMs: createdMs, endMs: createdMs + 90_000, waitSeconds: 30 },
      ...{ url: 'https://buildkite.com/acme/web/builds/42', ...code },
    },
  ]);
});

it('is of a further attempt a part of the same trace, from its own start', () => {
  const [span] = finishBuild({ ...place, firstFinishMs: createdMs + 10_000 })?.spans ?? [];

  expect(span).toMatchObject({
    run: 'b1',
    id: `b1 ${String((createdMs + 90_000) / 1000)}`,
    startMs: createdMs + 30_000,
  });
});

const job = Job.parse({
  ...{ id: 'j1', type: 'script', state: 'passed', name: 'Unit tests', web_url: 'https://buildkite.com/x#j1' },
  ...{ runnable_at: at(20), started_at: at(30), finished_at: at(60) },
});

it('is of a job from its start to its end, with its queue and its wait', () => {
  expect(
    finishJob(job, build, { source: 'main', organization: 'acme', scope: 'Linux', queue: 'large' })?.spans,
  ).toEqual([
    {
      ...{ is: 'job', run: 'b1', id: 'j1', name: 'Unit tests', pipeline: 'web', scope: 'Linux', queue: 'large' },
      ...{ result: 'success', startMs: createdMs + 30_000, endMs: createdMs + 60_000, waitSeconds: 10 },
      ...{ url: 'https://buildkite.com/x#j1', ...code },
    },
  ]);
});

it('is nothing of a job that never started', () => {
  const canceled = { ...job, state: 'canceled', started_at: null };

  expect(
    finishJob(canceled, build, { source: 'main', organization: 'acme', scope: 'Linux', queue: 'large' })?.spans,
  ).toEqual([]);
});
