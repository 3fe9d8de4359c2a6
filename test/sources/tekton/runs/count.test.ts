/** Tests of counting ended runs of a cluster once, whatever is read again. */
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import { StateStoreError } from '../../../../lambda/counters/stores/store.ts';
import { nonZero, observationsOf, pipelineRun, startCluster, taskRun, timeAt, valuesOf } from '../harness.ts';

const running = { condition: ['Unknown', 'Running'] } as const;
const succeeded = { condition: ['True', 'Succeeded'] } as const;

function step(
  name: string,
  startedAt: number,
  finishedAt: number,
  exitCode = 0,
  terminationReason = 'Completed',
): object {
  return {
    name,
    container: `step-${name}`,
    terminationReason,
    terminated: {
      startedAt: timeAt(startedAt),
      finishedAt: timeAt(finishedAt),
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
    },
  };
}

describe('runs that end', () => {
  it('are counted once, however long the cluster keeps them', async () => {
    await using cluster = await startCluster({ runs: [pipelineRun('a', { ...running, created: -60, started: -57 })] });
    await cluster.tick();
    cluster.runs.put(pipelineRun('a', { ...succeeded, created: -60, started: -57, completed: 30 }));

    const second = await cluster.tick();
    const third = await cluster.tick();
    const fetches = cluster.api.requests.filter((path) => path.endsWith('/pipelineruns/a'));

    const labels = ['scope', 'pipeline', 'result', 'attempt', 'branch'];
    expect(nonZero(valuesOf(second.families, 'ci_runs_total', labels))).toEqual({ 'ci build success first none': 1 });
    expect(nonZero(valuesOf(third.families, 'ci_runs_total', labels))).toEqual({ 'ci build success first none': 1 });
    expect(observationsOf(second.families, 'ci_run_wait_seconds')).toEqual([3]);
    expect(observationsOf(second.families, 'ci_run_duration_seconds')).toEqual([87]);
    expect(observationsOf(third.families, 'ci_run_duration_seconds')).toEqual([]);
    expect(fetches).toHaveLength(1);
    expect(valuesOf(second.families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1 });
  });

  it('are counted when they began and ended between two ticks', async () => {
    await using cluster = await startCluster();
    await cluster.tick();
    cluster.runs.put(pipelineRun('a', { condition: ['False', 'Failed'], created: 5, started: 6, completed: 40 }));

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ failure: 1 });
  });

  it('leave the verdict to the run that was created last, before the installation and after it', async () => {
    const ran = (name: string, created: number, completed: number, reason: string) =>
      pipelineRun(name, {
        condition: [reason === 'Succeeded' ? 'True' : 'False', reason],
        created,
        started: created + 5,
        completed,
      });
    await using cluster = await startCluster({
      runs: [
        ran('newer', -1000, -900, 'Succeeded'),
        ran('older', -2000, -300, 'Failed'),
        pipelineRun('oldest', { ...running, created: -3000, started: -2990 }),
      ],
    });
    const before = await cluster.tick();
    cluster.runs.put(ran('oldest', -3000, 30, 'Failed'));

    const after = await cluster.tick();

    expect(valuesOf(before.families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1 });
    expect(valuesOf(after.families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1 });
    expect(nonZero(valuesOf(after.families, 'ci_runs_total', ['result']))).toEqual({ failure: 1 });
  });

  it('do not count when they ended before the installation, but say when the last success was', async () => {
    const past = (name: string, completed: number, reason: string) =>
      pipelineRun(name, {
        condition: [reason === 'Succeeded' ? 'True' : 'False', reason],
        created: completed - 60,
        started: completed - 50,
        completed,
      });
    await using cluster = await startCluster({
      runs: [
        past('a', -7200, 'Succeeded'),
        past('b', -3600, 'Succeeded'),
        past('c', -400, 'Failed'),
        past('d', -60, 'Cancelled'),
      ],
    });

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({});
    expect(valuesOf(families, 'ci_runs_total', ['result'])).toEqual({ success: 0, failure: 0 });
    const now = cluster.now / 1000;
    const success = valuesOf(families, 'ci_run_last_success_timestamp_seconds', ['pipeline'])['build'] ?? 0;
    // An hour ago, told to the minute.
    expect(now - success).toBeGreaterThanOrEqual(3600);
    expect(now - success).toBeLessThan(3660);
    expect(valuesOf(families, 'ci_run_last_finished_timestamp_seconds', ['pipeline'])).toEqual({ build: now - 400 });
    expect(valuesOf(families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 0 });
  });

  it('are none of our business when they ended before the installation: no request, no word', async () => {
    const ended = { ...succeeded, created: -120, started: -110, completed: -30 };
    await using cluster = await startCluster({
      // More than may be asked for in one collection.
      config: { detailRequests: 5 },
      runs: Array.from({ length: 20 }, (_, index) => pipelineRun(`a-${String(index)}`, ended)),
    });

    const ticks = [await cluster.tick(), await cluster.tick(), await cluster.tick()];
    cluster.runs.put(pipelineRun('b', { ...succeeded, created: 1, started: 2, completed: 3 }));
    ticks.push(await cluster.tick());

    expect(ticks.flatMap(({ problems }) => problems)).toEqual([]);
    expect(cluster.api.requests.filter((path) => !path.includes('?'))).toEqual([
      '/apis/tekton.dev/v1/namespaces/ci/pipelineruns/b',
    ]);
    const totals = ticks.map(({ families }) => valuesOf(families, 'ci_runs_total', ['result'])['success']);
    expect(totals).toEqual([0, 0, 0, 1]);
    expect(valuesOf(ticks[0]?.families ?? [], 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1 });
  });

  it('tell how long a TaskRun waited for its first step, and how long its pod took', async () => {
    await using cluster = await startCluster({
      runs: [taskRun('a', { ...running, created: -60, started: -58 })],
    });
    await cluster.tick();
    cluster.runs.put(
      taskRun('a', {
        ...succeeded,
        created: -60,
        started: -58,
        completed: 20,
        status: { steps: [step('clone', -30, -20), step('make', -20, 20)], podName: 'a-pod' },
      }),
    );

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_jobs_total', ['queue', 'result']))).toEqual({ 'ci success': 1 });
    expect(observationsOf(families, 'ci_job_wait_seconds')).toEqual([30]);
    expect(observationsOf(families, 'ci_tekton_pod_start_seconds')).toEqual([28]);
    expect(observationsOf(families, 'ci_job_duration_seconds')).toEqual([78]);
    expect(valuesOf(families, 'ci_job_busy_seconds_total', ['queue'])).toEqual({ ci: 78 });
  });

  it('tell the wait of the first attempt, not of the last one', async () => {
    await using cluster = await startCluster({ runs: [taskRun('a', { ...running, created: -60, started: -58 })] });
    await cluster.tick();
    const retriesStatus = [{ startTime: timeAt(-58), steps: [step('make', -50, -40, 1, 'Error')] }];
    const status = { retriesStatus, steps: [step('make', 5, 20)] };
    // A retry sets the start anew.
    cluster.runs.put(taskRun('a', { ...succeeded, created: -60, started: -38, completed: 20, status }));

    const { families } = await cluster.tick();

    expect(observationsOf(families, 'ci_job_wait_seconds')).toEqual([10]);
    expect(observationsOf(families, 'ci_tekton_pod_start_seconds')).toEqual([8]);
    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({});
  });

  it.each([
    ['TaskRunCancelled', 'cancellation'],
    ['TaskRunTimeout', 'timeout'],
    ['TaskRunImagePullFailed', 'error'],
  ])('before their first step began have no wait, no pod start and no failed step: %s', async (reason, result) => {
    await using cluster = await startCluster({
      config: { steps: { include: ['*'] } },
      runs: [taskRun('a', { ...running, created: -60, started: -58 })],
    });
    await cluster.tick();
    // What Tekton writes for a step that is waiting when it ends the TaskRun.
    const steps = [step('clone', -60, 20, 1, reason), step('make', -60, 20, 1, reason)];
    cluster.runs.put(
      taskRun('a', { condition: ['False', reason], created: -60, started: -58, completed: 20, status: { steps } }),
    );

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_jobs_total', ['result']))).toEqual({ [result]: 1 });
    expect(observationsOf(families, 'ci_job_wait_seconds')).toEqual([]);
    expect(observationsOf(families, 'ci_tekton_pod_start_seconds')).toEqual([]);
    expect(valuesOf(families, 'ci_tekton_step_failures_total', ['task', 'step'])).toEqual({});
    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({});
  });

  it('while one step ran and another waited have the wait of the one that ran', async () => {
    await using cluster = await startCluster({ runs: [taskRun('a', { ...running, created: -60, started: -58 })] });
    await cluster.tick();
    // The last one could not be started, for which the kubelet knows no time.
    const steps = [
      step('clone', -50, 20, 1, 'TaskRunCancelled'),
      step('make', -60, 20, 1, 'TaskRunCancelled'),
      { name: 'push', terminated: { startedAt: '1970-01-01T00:00:00Z', finishedAt: timeAt(-49), exitCode: 128 } },
    ];
    cluster.runs.put(
      taskRun('a', {
        condition: ['False', 'TaskRunCancelled'],
        created: -60,
        started: -58,
        completed: 20,
        status: { steps },
      }),
    );

    const { families } = await cluster.tick();

    expect(observationsOf(families, 'ci_job_wait_seconds')).toEqual([10]);
    expect(observationsOf(families, 'ci_tekton_pod_start_seconds')).toEqual([8]);
  });

  it('tell the wait until a later attempt where the first one never began', async () => {
    await using cluster = await startCluster({ runs: [taskRun('a', { ...running, created: -60, started: -58 })] });
    await cluster.tick();
    const retriesStatus = [{ startTime: timeAt(-58), steps: [step('make', -60, -20, 1, 'TaskRunImagePullFailed')] }];
    const status = { retriesStatus, steps: [step('make', 5, 20)] };
    cluster.runs.put(taskRun('a', { ...succeeded, created: -60, started: -18, completed: 20, status }));

    const { families } = await cluster.tick();

    expect(observationsOf(families, 'ci_job_wait_seconds')).toEqual([65]);
    expect(observationsOf(families, 'ci_tekton_pod_start_seconds')).toEqual([23]);
  });

  it('of pipelines without a name share one series, TaskRuns and PipelineRuns that are tasks included', async () => {
    await using cluster = await startCluster({ config: { tasks: { include: ['*'] } } });
    await cluster.tick();
    const done = { ...succeeded, created: 1, started: 2, completed: 3 };
    const embedded = (pipelineRun: string) => ({
      'tekton.dev/pipeline': pipelineRun,
      'tekton.dev/pipelineRun': pipelineRun,
      'tekton.dev/pipelineTask': 'compile',
    });
    for (const name of ['x-1', 'x-2']) {
      cluster.runs.put(pipelineRun(name, { ...done, labels: { 'tekton.dev/pipeline': name } }));
      cluster.runs.put(taskRun(`${name}-compile`, { ...done, labels: embedded(name) }));
      cluster.runs.put(pipelineRun(`${name}-child`, { ...done, labels: embedded(name) }));
    }

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_tekton_tasks_total', ['pipeline', 'task', 'result']))).toEqual({
      'anonymous compile success': 2,
    });
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['pipeline', 'result']))).toEqual({ 'anonymous success': 4 });
  });

  it('that were cancelled because time was up are timeouts', async () => {
    await using cluster = await startCluster({ runs: [taskRun('a', { ...running, started: -58 })] });
    await cluster.tick();
    const statusMessage = 'TaskRun cancelled as the PipelineRun it belongs to has timed out.';
    cluster.runs.put(
      taskRun('a', { condition: ['False', 'TaskRunCancelled'], started: -58, completed: 20, spec: { statusMessage } }),
    );

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_jobs_total', ['result']))).toEqual({ timeout: 1 });
  });

  it('are counted by task, step and reason where the operator lists them', async () => {
    await using cluster = await startCluster({
      config: { tasks: { include: ['compile'] }, steps: { include: ['compile/*'] }, failureReasons: 'publish' },
      runs: ['a', 'b'].map((name) => taskRun(name, { ...running, started: -58 })),
    });
    await cluster.tick();
    const steps = [step('clone', -50, -40), step('make', -40, 10, 2, 'Error'), step('push', 10, 10, 1, 'Skipped')];
    cluster.runs.put(
      taskRun('a', { condition: ['False', 'StepFailed'], started: -58, completed: 20, status: { steps } }),
    );
    cluster.runs.put(
      taskRun('b', {
        condition: ['False', 'MadeUp'],
        started: -58,
        completed: 21,
        status: { steps },
        labels: { 'tekton.dev/task': 'deploy' },
      }),
    );

    const { families } = await cluster.tick();

    expect(valuesOf(families, 'ci_tekton_tasks_total', ['pipeline', 'task', 'result'])).toEqual({
      'build compile failure': 1,
    });
    expect(observationsOf(families, 'ci_tekton_task_duration_seconds')).toEqual([78]);
    expect(valuesOf(families, 'ci_tekton_step_failures_total', ['task', 'step'])).toEqual({ 'compile make': 1 });
    expect(valuesOf(families, 'ci_tekton_failures_total', ['object', 'reason'])).toEqual({
      'taskruns StepFailed': 1,
      'taskruns other': 1,
    });
  });

  it('of Pipelines-as-Code know whether they were of the main branch', async () => {
    const of = (event: string, branch: string, request?: string) => ({
      'pipelinesascode.tekton.dev/branch': branch,
      'pipelinesascode.tekton.dev/event-type': event,
      ...(request === undefined ? {} : { 'pipelinesascode.tekton.dev/pull-request': request }),
    });
    await using cluster = await startCluster();
    await cluster.tick();
    const done = { ...succeeded, created: 1, started: 2, completed: 3 };
    const runs = [
      of('push', 'refs/heads/main'),
      // The push of a pull request that was merged, on GitHub; a push on GitLab; a comment on a commit.
      of('push', 'refs/heads/main', '12'),
      of('Push', 'main'),
      of('retest-all-comment', 'main'),
      of('push', 'feature/x'),
      of('pull_request', 'main', '13'),
      of('Merge Request', 'main', '14'),
      of('retest-comment', 'main', '15'),
    ];
    for (const [index, annotations] of runs.entries()) {
      cluster.runs.put(pipelineRun(`run-${String(index)}`, { ...done, annotations }));
    }

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', ['branch', 'result']))).toEqual({
      'main success': 4,
      'other success': 4,
    });
  });
});

describe('runs that are counted from their list', () => {
  it.each([
    ['the right to get is missing', {}, 'cannot-get', ['auth']],
    ['it is told so', { details: 'skip' }, 'ok', []],
    ['there are more than requests', { detailRequests: 1 }, 'ok', ['configuration']],
  ] as const)('because %s', async (_why, config, scenario, kinds) => {
    await using cluster = await startCluster({
      config,
      runs: ['a', 'b'].map((name) => pipelineRun(name, { ...running, created: -60, started: -57 })),
    });
    await cluster.tick();
    cluster.api.playScenario(scenario);
    for (const name of ['a', 'b']) {
      cluster.runs.put(pipelineRun(name, { ...succeeded, created: -60, started: -57, completed: 30 }));
    }

    const { families, problems } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(kinds);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 2 });
    expect(observationsOf(families, 'ci_run_wait_seconds')).toEqual([3, 3]);
    expect(observationsOf(families, 'ci_run_duration_seconds')).toEqual([87, 87]);
  });

  it('know their start to the second when they were seen while they were young', async () => {
    await using cluster = await startCluster({
      config: { details: 'skip' },
      runs: [pipelineRun('a', { ...running, created: -60, started: -57 })],
    });
    await cluster.tick();
    for (let minute = 0; minute < 30; minute += 1) await cluster.tick();
    cluster.runs.put(pipelineRun('a', { ...succeeded, created: -60, started: -57, completed: 30 * 60 + 10 }));

    const { families } = await cluster.tick();

    expect(observationsOf(families, 'ci_run_duration_seconds')).toEqual([30 * 60 + 10 + 57]);
    expect(observationsOf(families, 'ci_run_wait_seconds')).toEqual([3]);
  });
});

describe('runs that are pruned', () => {
  it('before their end was seen are lost, and not guessed', async () => {
    await using cluster = await startCluster({ runs: [pipelineRun('a', { ...running, started: -57 })] });
    await cluster.tick();
    cluster.runs.remove('pipelineruns', 'ci', 'a');

    const ticks = [await cluster.tick(), await cluster.tick(), await cluster.tick()];

    const lost = ticks.map(
      ({ families }) => valuesOf(families, 'ci_system_errors_total', ['component', 'error'])['run lost'],
    );
    expect(lost).toEqual([0, 0, 1]);
    expect(nonZero(valuesOf(ticks[2]?.families ?? [], 'ci_runs_total', ['result']))).toEqual({});
  });

  it('between the list and the look at them are counted all the same', async () => {
    await using cluster = await startCluster({ runs: [pipelineRun('a', { ...running, created: -60, started: -57 })] });
    await cluster.tick();
    cluster.runs.put(pipelineRun('a', { ...succeeded, created: -60, started: -57, completed: 30 }));
    const get = cluster.runs.get('pipelineruns', 'ci', 'a');
    expect(get).toBeDefined();
    // A run of the same name has taken its place by the time it is fetched.
    const listed = cluster.runs.list('pipelineruns');
    Object.assign(cluster.runs, { list: () => listed, get: () => pipelineRun('a', { uid: 'another', created: 50 }) });

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 1 });
    expect(observationsOf(families, 'ci_run_duration_seconds')).toEqual([87]);
  });

  it('are not taken for lost while their list cannot be read', async () => {
    await using cluster = await startCluster({ runs: [pipelineRun('a', { ...running, created: -60, started: -57 })] });
    await cluster.tick();
    cluster.api.playScenario('cannot-list');
    for (let minute = 0; minute < 5; minute += 1) await cluster.tick();
    cluster.api.playScenario('ok');
    cluster.runs.put(pipelineRun('a', { ...succeeded, created: -60, started: -57, completed: 100 }));

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 1 });
    expect(valuesOf(families, 'ci_system_errors_total', ['error'])).toMatchObject({ lost: 0 });
  });
});

describe('the memory', () => {
  it('costs only the counters when it cannot be read', async () => {
    const store = {
      ...createMemoryStateStore(),
      load: () => Promise.reject(new StateStoreError('unavailable', 'the table is away')),
    };
    await using cluster = await startCluster({ store, runs: [pipelineRun('a', { ...running, started: -57 })] });

    const { families, problems } = await cluster.tick();

    expect(problems.map(({ kind, message }) => [kind, message])).toEqual([['unavailable', 'the table is away']]);
    expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual({ executing: 1 });
    expect(families.map(({ definition }) => definition.name)).not.toContain('ci_runs_total');
  });
});
