/** What PipelineRuns and TaskRuns tell for a trace. */
import { expect, it } from 'vitest';
import { buildFinish, type FinishedRun } from '../../../../lambda/sources/tekton/runs/finish.ts';
import { createNaming } from '../../../../lambda/sources/tekton/naming.ts';
import { TektonConfig } from '../../../../lambda/sources/tekton/config.ts';

const config = TektonConfig.parse({
  kind: 'tekton',
  name: 'ci',
  cluster: { server: 'https://k8s.example.com', token: { secret: 'k8s' } },
});
const createdMs = Date.UTC(2026, 0, 5, 12);
const never = (): boolean => false;
const options = {
  source: 'ci',
  naming: createNaming(config),
  hasReasons: false,
  isTaskListed: never,
  isStepListed: never,
};

function finished(
  kind: FinishedRun['kind'],
  labels: Readonly<Record<string, string>>,
  more: Partial<FinishedRun> = {},
) {
  const run: FinishedRun = {
    ...{ kind, uid: 'u1', result: 'failure', reason: 'Failed', isStartExact: true, failedSteps: [] },
    described: {
      ...{ name: 'web-x7', namespace: 'team' },
      labels: { 'tekton.dev/pipeline': 'web', 'pipelinesascode.tekton.dev/sha': 'abc', ...labels },
      annotations: {
        'pipelinesascode.tekton.dev/branch': 'refs/heads/main',
        'pipelinesascode.tekton.dev/log-url': 'https://tekton/x7',
      },
    },
    ...{ createdMs, startedMs: createdMs + 5000, completedMs: createdMs + 60_000 },
    ...more,
  };
  return buildFinish(run, options);
}

const code = { url: 'https://tekton/x7', commit: 'abc', branch: 'main' };

it('is of a PipelineRun a trace, with what Pipelines-as-Code wrote on it', () => {
  expect(finished('pipelineruns', {}).spans).toEqual([
    {
      ...{ is: 'run', run: 'u1', pipeline: 'web', scope: 'team', result: 'failure', attempt: 'first' },
      ...{ startMs: createdMs, endMs: createdMs + 60_000, waitSeconds: 5, ...code },
    },
  ]);
});

it('is the log line of a PipelineRun, too, and of a TaskRun none', () => {
  expect(finished('pipelineruns', {}).line).toEqual({
    ...{ system: 'tekton', source: 'ci', scope: 'team', pipeline: 'web', result: 'failure', attempt: 'first' },
    ...{ waitSeconds: 5, durationSeconds: 55, ...code, finishedAt: '2026-01-05T12:01:00.000Z', run: 'web-x7' },
  });
  expect(finished('taskruns', {}).line).toBeUndefined();
});

it('is of a TaskRun a part of its PipelineRun', () => {
  const labels = { 'tekton.dev/pipelineRunUID': 'p1', 'tekton.dev/pipelineTask': 'test' };

  expect(finished('taskruns', labels, { firstStepMs: createdMs + 9000 }).spans).toEqual([
    {
      ...{ is: 'job', run: 'p1', id: 'u1', name: 'test', pipeline: 'web', scope: 'team', queue: 'team' },
      ...{ result: 'failure', startMs: createdMs + 5000, endMs: createdMs + 60_000, waitSeconds: 9, ...code },
    },
  ]);
});

it('is of a TaskRun without a PipelineRun a trace of its own, and nothing where it never started', () => {
  expect(finished('taskruns', {}).spans).toMatchObject([{ is: 'job', run: 'u1' }]);
  expect(finished('taskruns', {}).spans?.[0]?.id).toBeUndefined();
  expect(finished('taskruns', {}, { startedMs: undefined }).spans).toEqual([]);
});
