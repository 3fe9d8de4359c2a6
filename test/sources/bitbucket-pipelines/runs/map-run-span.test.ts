/** What runs and steps tell for a trace. */
import { expect, it } from 'vitest';
import { createBranchLabel } from '../../../../lambda/crawl/branch-label.ts';
import {
  type FinishedRun,
  type FollowedRepository,
  interpretRecord,
} from '../../../../lambda/sources/bitbucket-pipelines/runs/finish.ts';
import { PipelineRecord, StepRecord } from '../../../../lambda/sources/bitbucket-pipelines/api/schema.ts';
import { finishSteps } from '../../../../lambda/sources/bitbucket-pipelines/steps/finish-steps.ts';

const place: FollowedRepository = {
  ...{ source: 'acme', workspace: 'acme', slug: 'shop', mainBranch: 'trunk', branchLabel: createBranchLabel([]) },
  steps: 'read',
};
const createdMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const at = (seconds: number): string => new Date(createdMs + seconds * 1000).toISOString();
const url = 'https://bitbucket.org/acme/shop/pipelines/results/42';

function finished(more: object = {}): FinishedRun {
  const record = PipelineRecord.parse({
    ...{ uuid: '{r}', build_number: 42, created_on: at(0), completed_on: at(60), duration_in_seconds: 21 },
    state: { name: 'COMPLETED', result: { name: 'FAILED' } },
    target: { type: 'pipeline_ref_target', ref_type: 'branch', ref_name: 'feature/x', commit: { hash: 'abc' } },
    ...more,
  });
  const sight = interpretRecord(record, place);
  if (sight.is === 'open') throw new TypeError('the run is open');
  return sight;
}

it('is of a run its creation, its end, its commit and its branch', () => {
  expect(finished().finish.spans).toEqual([
    {
      ...{ is: 'run', run: '{r}', attemptNumber: 1, pipeline: 'other', scope: 'shop', result: 'failure' },
      ...{ attempt: 'first', startMs: createdMs, endMs: createdMs + 60_000, activeSeconds: 21 },
      ...{ url, commit: 'abc', branch: 'feature/x' },
    },
  ]);
});

it('is the log line of the run, too, with what only Bitbucket has', () => {
  expect(finished({ build_seconds_used: 30 }).finish.line).toEqual({
    ...{ system: 'bitbucket', source: 'acme', scope: 'shop', pipeline: 'other', number: 42, result: 'failure' },
    ...{ attempt: 'first', durationSeconds: 60, activeSeconds: 21, branch: 'feature/x', commit: 'abc', url },
    ...{ finishedAt: at(60), repository: 'shop', buildSeconds: 30 },
  });
});

it('is of a re-run a trace of its own, of which nobody tells the start', () => {
  const [span] = finished({ run_number: 2 }).finish.spans ?? [];

  expect(span).toMatchObject({ run: '{r}', attemptNumber: 2, attempt: 'retry' });
  expect(span?.startMs).toBeUndefined();
});

it('is of each step that ran a part of the trace of its attempt', () => {
  const step = (more: object): StepRecord =>
    StepRecord.parse({
      ...{ uuid: '{s}', name: 'Test', state: { name: 'COMPLETED', result: { name: 'SUCCESSFUL' } } },
      ...{ started_on: at(10), completed_on: at(40), ...more },
    });

  const steps = [step({}), step({ uuid: '{never}', started_on: at(40) })];
  expect(finishSteps(finished(), steps, place).spans).toEqual([
    {
      ...{ is: 'job', run: '{r}', attemptNumber: 1, id: '{s}', name: 'Test', pipeline: 'other', scope: 'acme', url },
      queue: expect.any(String) as unknown,
      ...{ result: 'success', startMs: createdMs + 10_000, endMs: createdMs + 40_000, waitSeconds: 10 },
    },
  ]);
});
