/** Tests of the gauges of what goes on in a cluster: open runs, queued jobs and stuck runs. */
import { describe, expect, it } from 'vitest';
import { nonZero, pipelineRun, startCluster, taskRun, valuesOf } from '../harness.ts';

const build = { 'tekton.dev/pipeline': 'build' };

describe('what goes on in a cluster', () => {
  it('counts TaskRuns as jobs, and PipelineRuns that nobody has started', async () => {
    await using cluster = await startCluster({
      runs: [
        pipelineRun('unseen', { created: -300, labels: {} }),
        pipelineRun('held', { condition: ['Unknown', 'PipelineRunPending'] }),
        pipelineRun('resolving', { condition: ['Unknown', 'ResolvingPipelineRef'], started: -10 }),
        pipelineRun('running', { condition: ['Unknown', 'Running'], started: -10 }),
        pipelineRun('stopping', { condition: ['Unknown', 'CancelledRunningFinally'], started: -10 }),
        pipelineRun('done', { condition: ['True', 'Completed'], started: -50, completed: -10 }),
        taskRun('unseen', { created: -5 }),
        taskRun('quota', { created: -700, condition: ['Unknown', 'ExceededResourceQuota'] }),
        taskRun('node', { condition: ['Unknown', 'ExceededNodeResources'], started: -40 }),
        taskRun('pod', { condition: ['Unknown', 'Pending'], started: -40 }),
        taskRun('image', { condition: ['Unknown', 'PullImageFailed'], started: -40 }),
        taskRun('running-1', { condition: ['Unknown', 'Running'], started: -40 }),
        taskRun('running-2', { condition: ['Unknown', 'ToBeRetried'], started: -40 }),
        taskRun('held', { condition: ['Unknown', 'TaskRunPending'] }),
      ],
    });

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'ci_queue_jobs', ['scope', 'queue', 'state'])).toEqual({
      'ci ci queued': 7,
      'ci ci running': 2,
      'ci ci blocked': 2,
    });
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['state']))).toEqual({
      unseen: 1,
      pending: 1,
      starting: 1,
      running: 1,
      stopping: 1,
    });
    expect(nonZero(valuesOf(families, 'ci_tekton_taskruns', ['state']))).toEqual({
      unseen: 1,
      pending: 1,
      quota: 1,
      node: 1,
      pod: 1,
      image: 1,
      running: 2,
    });
    expect(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).toEqual({ ci: 700 });
    expect(valuesOf(families, 'ci_tekton_unseen_runs', ['scope'])).toEqual({ ci: 1 });
    expect(valuesOf(families, 'ci_runs_active', ['pipeline', 'state'])).toEqual({
      'anonymous pending': 1,
      'anonymous executing': 0,
      'anonymous finalizing': 0,
      'build pending': 2,
      'build executing': 1,
      'build finalizing': 1,
    });
    expect(valuesOf(families, 'ci_tekton_retained_objects', ['object'])).toEqual({ pipelineruns: 6, taskruns: 8 });
  });

  it('says 0 for a cluster in which everything has ended', async () => {
    await using cluster = await startCluster({
      runs: [pipelineRun('done', { condition: ['True', 'Succeeded'], started: -50, completed: -10 })],
    });

    const { families } = await cluster.tick();

    expect(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['queue'])).toEqual({ ci: 0 });
    expect(nonZero(valuesOf(families, 'ci_queue_jobs', ['state']))).toEqual({});
    expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual({});
  });

  it('says 0 for a named namespace without a single run', async () => {
    await using cluster = await startCluster({ config: { namespaces: ['quiet'] } });

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'ci_queue_jobs', ['scope', 'queue', 'state'])).toEqual({
      'quiet quiet queued': 0,
      'quiet quiet running': 0,
      'quiet quiet blocked': 0,
    });
  });

  it('takes queues from Kueue and Pipelines-as-Code, and from the namespace otherwise', async () => {
    const held = { condition: ['Unknown', 'PipelineRunPending'] } as const;
    await using cluster = await startCluster({
      runs: [
        pipelineRun('a', { ...held, labels: { ...build, 'kueue.x-k8s.io/queue-name': 'pipelines-queue' } }),
        pipelineRun('b', { ...held, labels: { ...build, 'pipelinesascode.tekton.dev/repository': 'web' } }),
        pipelineRun('c', held),
      ],
    });

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_queue_jobs', ['queue', 'state']))).toEqual({
      'pipelines-queue blocked': 1,
      'web blocked': 1,
      'ci blocked': 1,
    });
  });

  it('never makes a series for one run', async () => {
    const running = { condition: ['Unknown', 'Running'], started: -10 } as const;
    await using cluster = await startCluster({
      config: { pipelines: { exclude: ['scratch-*'] } },
      runs: [
        pipelineRun('x-7fk2p', { ...running, labels: { 'tekton.dev/pipeline': 'x-7fk2p' } }),
        pipelineRun('y-1', { ...running, labels: { 'tekton.dev/pipeline': 'scratch-1' } }),
        pipelineRun('z-abc', {
          ...running,
          labels: { 'tekton.dev/pipeline': 'z-abc', 'pipelinesascode.tekton.dev/original-prname': 'z' },
        }),
      ],
    });

    const { families } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_runs_active', ['pipeline']))).toEqual({});
    expect(nonZero(valuesOf(families, 'ci_runs_active', ['pipeline', 'state']))).toEqual({
      'anonymous executing': 1,
      '#other# executing': 1,
      'z executing': 1,
    });
  });

  it('finds runs that have been open for far longer than their pipeline takes', async () => {
    const hours = -3600;
    const running = ['Unknown', 'Running'] as const;
    const slow = { labels: { 'tekton.dev/pipeline': 'slow' } };
    await using cluster = await startCluster({
      runs: [
        pipelineRun('wedged', { condition: running, created: 5 * hours, started: 5 * hours }),
        pipelineRun('young', { condition: running, created: hours, started: hours }),
        pipelineRun('held', { condition: ['Unknown', 'PipelineRunPending'], created: 90 * hours }),
        pipelineRun('slow-1', { ...slow, condition: running, created: 5 * hours, started: 5 * hours }),
        pipelineRun('slow-0', {
          ...slow,
          condition: ['True', 'Succeeded'],
          created: 30 * hours,
          started: 30 * hours,
          completed: 24 * hours,
        }),
      ],
    });

    const { families } = await cluster.tick();

    expect(valuesOf(families, 'ci_runs_stuck', ['pipeline'])).toEqual({ build: 1, slow: 0 });
  });

  it('reads PipelineRuns only when it is told so', async () => {
    await using cluster = await startCluster({
      config: { taskRuns: 'skip' },
      runs: [pipelineRun('a'), taskRun('b')],
    });

    const { families } = await cluster.tick();

    expect(cluster.api.requests.filter((path) => path.includes('taskruns'))).toEqual([]);
    expect(valuesOf(families, 'ci_queue_jobs', ['state'])).toEqual({ queued: 1, blocked: 0 });
  });
});
