/** Tests of reading ended runs from Tekton Results, also where the cluster has removed them. */
import { describe, expect, it } from 'vitest';
import { findTokenProblem } from '../../../../lambda/demo/simulators/tekton/eks-verifier.ts';
import { createResultsApi, type ResultsApi } from '../../../../lambda/demo/simulators/tekton/results-api.ts';
import { TektonConfig } from '../../../../lambda/sources/tekton/config.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../support/network/loopback-server.ts';
import {
  nonZero,
  observationsOf,
  pipelineRun,
  startCluster,
  startMs,
  taskRun,
  type TestCluster,
  type TestClusterOptions,
  valuesOf,
} from '../harness.ts';

const succeeded = { condition: ['True', 'Succeeded'] } as const;
const failed = { condition: ['False', 'Failed'] } as const;
const running = { condition: ['Unknown', 'Running'] } as const;

interface Archived extends AsyncDisposable {
  readonly cluster: TestCluster;
  readonly results: ResultsApi;
  readonly server: LoopbackServer;
}

async function startArchived(settings: object = {}, options: TestClusterOptions = {}): Promise<Archived> {
  const results = createResultsApi({ isKnown: (sent) => sent === 'results-token' });
  const server = await startLoopbackServer(results.listener);
  const own = { url: server.url, token: { env: 'RESULTS_TOKEN' }, ...settings };
  const cluster = await startCluster({ ...options, config: { results: own, ...options.config } });
  cluster.variables['RESULTS_TOKEN'] = 'results-token';
  return {
    cluster,
    results,
    server,
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

const runsByResult = (families: Parameters<typeof valuesOf>[0]): Readonly<Record<string, number>> =>
  nonZero(valuesOf(families, 'ci_runs_total', ['scope', 'pipeline', 'result']));

describe('Tekton Results', () => {
  it('tells of runs that began, ended and were pruned between two ticks', async () => {
    await using archived = await startArchived();
    const { cluster, results } = archived;
    await cluster.tick();
    results.store(pipelineRun('a', { ...succeeded, created: 5, started: 7, completed: 40 }));
    results.store(taskRun('a-compile', { ...failed, created: 7, started: 8, completed: 39 }));

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(runsByResult(families)).toEqual({ 'ci build success': 1 });
    expect(nonZero(valuesOf(families, 'ci_jobs_total', ['scope', 'result']))).toEqual({ 'ci failure': 1 });
    expect(observationsOf(families, 'ci_run_wait_seconds')).toEqual([2]);
    expect(observationsOf(families, 'ci_run_duration_seconds')).toEqual([33]);
  });

  it('and the cluster together count a run once, and save the request for it', async () => {
    await using archived = await startArchived();
    const { cluster, results } = archived;
    await cluster.tick();
    const run = pipelineRun('a', { ...succeeded, created: 5, started: 7, completed: 40 });
    cluster.runs.put(run);
    results.store(run);

    const first = await cluster.tick();
    cluster.runs.remove('pipelineruns', 'ci', 'a');
    const second = await cluster.tick();

    expect(runsByResult(first.families)).toEqual({ 'ci build success': 1 });
    expect(runsByResult(second.families)).toEqual({ 'ci build success': 1 });
    expect(cluster.api.requests.filter((path) => path.endsWith('/pipelineruns/a'))).toEqual([]);
  });

  it('stores a run later than the cluster shows it, and it still counts once', async () => {
    await using archived = await startArchived();
    const { cluster, results } = archived;
    await cluster.tick();
    const run = pipelineRun('a', { ...failed, created: 5, started: 7, completed: 40 });
    cluster.runs.put(run);

    await cluster.tick();
    results.store(run);
    const { families } = await cluster.tick();

    expect(runsByResult(families)).toEqual({ 'ci build failure': 1 });
  });

  it('tells how a run ended that was seen open and is gone, which is lost without it', async () => {
    await using archived = await startArchived({}, { runs: [pipelineRun('a', { ...running, started: -50 })] });
    const { cluster, results } = archived;
    await cluster.tick();
    cluster.runs.remove('pipelineruns', 'ci', 'a');
    results.store(pipelineRun('a', { ...failed, started: -50, completed: 20 }));

    for (let tick = 0; tick < 4; tick += 1) await cluster.tick();
    const { families } = await cluster.tick();

    expect(runsByResult(families)).toEqual({ 'ci build failure': 1 });
    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({});
  });

  it('costs nothing but itself while it is down, and what ended meanwhile is counted afterwards', async () => {
    await using archived = await startArchived();
    const { cluster, results } = archived;
    await cluster.tick();
    results.isDown = true;
    cluster.runs.put(pipelineRun('listed', { ...succeeded, created: 5, started: 7, completed: 40 }));
    results.store(pipelineRun('pruned', { ...failed, created: 5, started: 7, completed: 41 }));

    const down = await cluster.tick();
    // Longer than the overlap of the lists.
    for (let tick = 0; tick < 8; tick += 1) await cluster.tick();
    results.isDown = false;
    const up = await cluster.tick();

    expect(runsByResult(down.families)).toEqual({ 'ci build success': 1 });
    expect(down.problems.map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable']);
    expect(down.problems[0]?.message).toContain('counted once Tekton Results answers');
    expect(up.problems).toEqual([]);
    expect(runsByResult(up.families)).toEqual({ 'ci build success': 1, 'ci build failure': 1 });
  });

  it('is caught up hour by hour after a pause', async () => {
    await using archived = await startArchived({}, { config: { taskRuns: 'skip' } });
    const { cluster, results } = archived;
    await cluster.tick();
    for (const hour of [1, 2, 3]) {
      const completed = hour * 3600 - 60;
      results.store(
        pipelineRun(`a-${String(hour)}`, { ...succeeded, created: completed - 60, started: completed - 50, completed }),
      );
    }
    cluster.now += 3 * 3_600_000;
    const seen: number[] = [];

    for (let tick = 0; tick < 4; tick += 1) {
      seen.push(runsByResult((await cluster.tick()).families)['ci build success'] ?? 0);
    }

    expect(seen[0]).toBe(1);
    expect(seen.at(-1)).toBe(3);
  });

  it('is read page by page, in smaller ones where a page is too large', async () => {
    await using archived = await startArchived({}, { config: { taskRuns: 'skip' }, pageBytes: 40_000 });
    const { cluster, results } = archived;
    await cluster.tick();
    for (let index = 0; index < 120; index += 1) {
      results.store(pipelineRun(`a-${String(index)}`, { ...succeeded, created: 5, started: 7, completed: 40 }));
    }

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(runsByResult(families)).toEqual({ 'ci build success': 120 });
    expect(results.requests.filter((query) => query.includes('page_size=5&'))).not.toEqual([]);
  });

  it('that has more than is allowed, or records without a run, is told', async () => {
    await using archived = await startArchived({ maxRecords: 50 }, { config: { taskRuns: 'skip' } });
    const { cluster, results } = archived;
    await cluster.tick();
    results.storeDamaged('ci');
    for (let index = 0; index < 60; index += 1) {
      results.store(pipelineRun(`a-${String(index)}`, { ...succeeded, created: 5, started: 7, completed: 40 }));
    }

    const { families, problems } = await cluster.tick();

    expect(runsByResult(families)).toEqual({ 'ci build success': 49 });
    expect(problems.map(({ kind }) => kind)).toEqual(['bad-response', 'configuration']);
    expect(problems[1]?.message).toContain('raise results.maxRecords');
  });

  it('does not bring back what ended before counting began', async () => {
    await using archived = await startArchived();
    const { cluster, results } = archived;
    results.store(pipelineRun('old', { ...succeeded, created: -900, started: -890, completed: -60 }));

    await cluster.tick();
    const { families } = await cluster.tick();

    expect(runsByResult(families)).toEqual({});
  });

  it('is asked for the namespaces that are read, one by one', async () => {
    await using archived = await startArchived({}, { config: { namespaces: ['a', 'b'], taskRuns: 'skip' } });
    const { cluster, results, server } = archived;
    await cluster.tick();
    for (const namespace of ['a', 'b', 'c']) {
      results.store(pipelineRun('x', { ...succeeded, namespace, created: 5, started: 7, completed: 40 }));
    }

    const { families } = await cluster.tick();

    expect(runsByResult(families)).toEqual({ 'a build success': 1, 'b build success': 1 });
    expect(new Set(server.requests.map(({ path }) => path.split('?')[0]))).toEqual(
      new Set([
        '/apis/results.tekton.dev/v1alpha2/parents/a/results/-/records',
        '/apis/results.tekton.dev/v1alpha2/parents/b/results/-/records',
      ]),
    );
  });
});

describe('the entrance to Tekton Results', () => {
  it('names the setting when the token is refused', async () => {
    await using archived = await startArchived();
    archived.cluster.variables['RESULTS_TOKEN'] = 'another-token';

    const { problems } = await archived.cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['auth', 'auth']);
    expect(problems[0]?.message).toContain('check results.token');
  });

  it('is opened by the token for the EKS cluster where none is given', async () => {
    const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
    const identity = { ...keys, cluster: 'ci-cluster', region: 'eu-west-1' };
    const results = createResultsApi({ isKnown: (sent) => findTokenProblem(sent, identity, startMs) === undefined });
    await using server = await startLoopbackServer(results.listener);
    await using cluster = await startCluster({
      aws: { region: 'eu-west-1', credentials: () => Promise.resolve(keys) },
      isKnown: (sent) => findTokenProblem(sent, identity, startMs) === undefined,
      // The simulated server has no certificate; that its CA is used for the cluster is tested with TLS.
      cluster: (url) => ({ eks: { name: 'ci-cluster', endpoint: url, certificateAuthority: 'YQ==' } }),
      config: { results: { url: server.url }, taskRuns: 'skip' },
    });

    const { problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(results.requests).toHaveLength(1);
  });

  const cluster = { server: 'https://kubernetes.example.com', token: { env: 'TOKEN' } };
  const results = { url: 'https://results.example.com' };
  const token = { env: 'RESULTS_TOKEN' };

  it.each([
    ['no token outside EKS', { results }, 'needs a token'],
    ['a label selector', { results: { ...results, token }, labelSelector: 'a=b' }, 'does not know label selectors'],
    ['a token that would travel readable', { results: { url: 'http://results.example.com', token } }, 'https://'],
  ])('cannot be configured with %s', (_, settings, message) => {
    expect(() => TektonConfig.parse({ kind: 'tekton', cluster, ...settings })).toThrow(message);
  });
});
