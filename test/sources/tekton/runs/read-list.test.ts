/** Tests of reading lists from the Kubernetes API: tables, pages, tokens and failures. */
import { describe, expect, it } from 'vitest';
import { nonZero, pipelineRun, startCluster, taskRun, token, valuesOf } from '../harness.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';

const running = { condition: ['Unknown', 'Running'], started: -10 } as const;

/** Enough for three pages of 500. */
function many(namespace: string, count: number) {
  return Array.from({ length: count }, (_, index) =>
    pipelineRun(`run-${String(index).padStart(5, '0')}`, { namespace, ...running }),
  );
}

describe('the lists of the Kubernetes API', () => {
  it('are read as tables, page by page, and never from the cache of the server', async () => {
    await using cluster = await startCluster({ runs: many('ci', 1200), config: { labelSelector: '!nightly' } });

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['state']))).toEqual({ running: 1200 });
    const lists = cluster.server.requests.filter(({ path }) => path.includes('/pipelineruns?'));
    expect(lists).toHaveLength(3);
    expect(lists.every(({ path }) => path.includes('limit=500') && path.includes('labelSelector=%21nightly'))).toBe(
      true,
    );
    expect(lists.every(({ path }) => !path.includes('resourceVersion'))).toBe(true);
    expect(lists[0]?.headers).toMatchObject({
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      authorization: `Bearer ${token}`,
      'accept-encoding': 'gzip',
    });
  });

  it('go on with the fresh token when the one before has expired', async () => {
    await using cluster = await startCluster({ runs: many('ci', 1200) });
    cluster.api.playScenario('list-expires');

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['state']))).toEqual({ running: 1200 });
  });

  it('are asked for in smaller pages when a page is too large', async () => {
    await using cluster = await startCluster({ runs: many('ci', 300), pageBytes: 60_000 });

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['state']))).toEqual({ running: 300 });
    expect(cluster.api.requests.filter((path) => path.includes('limit=100'))).not.toEqual([]);
  });

  it('give what is complete when a later page fails', async () => {
    await using cluster = await startCluster({ runs: [...many('a', 300), ...many('b', 300)] });
    cluster.api.playScenario('second-page-fails');

    const { families, problems } = await cluster.tick();

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'unavailable' });
    expect(problems[0]?.message).toContain('500 pipelineruns were read before');
    // The last namespace that was seen may go on in the page that failed.
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['scope', 'state']))).toEqual({ 'a running': 300 });
    expect(valuesOf(families, 'ci_tekton_retained_objects', ['object'])).toEqual({ taskruns: 0 });
  });

  it('come in the order of their keys, in which team-a stands before team', async () => {
    await using cluster = await startCluster({
      runs: [...many('team', 300), ...many('team-a', 300), ...many('team-b', 300), taskRun('t', { namespace: 'team' })],
    });
    cluster.api.playScenario('second-page-fails');

    const { families } = await cluster.tick();

    // 500 runs were read: all of team-a, a part of team-b, and nothing of team.
    const scopes = Object.keys(valuesOf(families, 'ci_tekton_pipelineruns', ['scope', 'state']));
    expect(new Set(scopes.map((key) => key.split(' ')[0]))).toEqual(new Set(['team-a']));
  });

  it('are read namespace by namespace where namespaces are named', async () => {
    await using cluster = await startCluster({
      runs: [
        pipelineRun('x', { namespace: 'a' }),
        pipelineRun('x', { namespace: 'b' }),
        pipelineRun('x', { namespace: 'c' }),
      ],
      config: { namespaces: ['a', 'b'], taskRuns: 'skip' },
    });

    const { families } = await cluster.tick();

    expect(cluster.api.requests.map((path) => path.split('?')[0]).toSorted()).toEqual([
      '/apis/tekton.dev/v1/namespaces/a/pipelineruns',
      '/apis/tekton.dev/v1/namespaces/b/pipelineruns',
    ]);
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['scope', 'state']))).toEqual({
      'a unseen': 1,
      'b unseen': 1,
    });
  });

  it('may have null cells, ages that are no times, columns in another order and damaged rows', async () => {
    const cells = [
      [null, null, null, null, 'new'],
      ['<invalid>', 'Running', '3s', 'Unknown', 'skewed'],
    ];
    const row = (values: readonly unknown[], name: string): object => ({
      cells: values,
      object: { metadata: { name, namespace: 'ci', uid: name, creationTimestamp: '2026-11-21T11:59:00Z' } },
    });
    const table = {
      kind: 'Table',
      metadata: {},
      columnDefinitions: ['CompletionTime', 'Reason', 'StartTime', 'Succeeded', 'Name'].map((name) => ({ name })),
      rows: [...cells.map((values, index) => row(values, `run-${String(index)}`)), { cells: [] }, 'nonsense'],
    };
    await using odd = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(table));
    });
    await using cluster = await startCluster({
      config: { taskRuns: 'skip' },
      cluster: () => ({ server: odd.url, token: { env: 'TOKEN' } }),
    });

    const { families, problems } = await cluster.tick();

    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['state']))).toEqual({ unseen: 1, running: 1 });
    expect(problems.map(({ kind, message }) => [kind, message.split(' ').slice(0, 5).join(' ')])).toEqual([
      ['bad-response', '2 rows of the pipelineruns'],
    ]);
  });

  it('of a server that does not make tables are refused, and not taken for empty', async () => {
    await using plain = await startLoopbackServer((_request, response) => {
      const body = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRunList', metadata: {}, items: [] };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await using cluster = await startCluster({ cluster: () => ({ server: plain.url, token: { env: 'TOKEN' } }) });

    const { families, problems } = await cluster.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['bad-response']);
  });

  it('that are refused after they were allowed are an outage, for an API server that starts refuses everybody', async () => {
    await using cluster = await startCluster({ runs: [pipelineRun('a'), taskRun('b')] });
    await cluster.tick();
    cluster.api.playScenario('restarting');

    const ticks = [];
    for (let minute = 1; minute <= 7; minute += 1) ticks.push(await cluster.tick());

    expect(ticks.map(({ problems }) => problems.map(({ kind }) => kind).join())).toEqual([
      ...Array.from({ length: 5 }, () => 'unavailable'),
      // It has lasted.
      'auth',
      'auth',
    ]);
    expect(ticks[0]?.problems[0]?.message).toContain('if that lasts for more than 5 min, the right to list');
    expect(ticks[6]?.problems[0]?.message).toContain('ClusterRole');
  });

  it('that are refused again are a missing right, where the collector runs once an hour', async () => {
    await using cluster = await startCluster({ runs: [pipelineRun('a')], config: { taskRuns: 'skip' } });
    const kinds: (string | undefined)[] = [];
    for (const scenario of ['ok', 'ok', 'restarting', 'restarting', 'ok'] as const) {
      cluster.api.playScenario(scenario);
      const { problems } = await cluster.tick();
      kinds.push(problems[0]?.kind);
      cluster.now += 59 * 60_000;
    }

    expect(kinds).toEqual([undefined, undefined, 'unavailable', 'auth', undefined]);
  });

  it.each([
    ['team=ci=main', "found '=', expected: ',' or 'end of string'; check labelSelector"],
    ['=ci', "found '=', expected: !, identifier, or 'end of string'; check labelSelector"],
  ])('with a selector that is none show what the server says of it: %s', async (labelSelector, words) => {
    await using cluster = await startCluster({ runs: [pipelineRun('a')], config: { labelSelector } });

    const { problems } = await cluster.tick();

    expect(problems.map(({ kind, message }) => [kind, message])).toEqual([
      ['rejected', `answered 400: ${words}; 1 more such problem in this run`],
    ]);
  });

  it.each([
    ['unauthorized', 'auth', 'does not know the token'],
    ['cannot-list', 'auth', 'ClusterRole'],
    ['no-tekton', 'configuration', 'tekton.dev/v1'],
    ['throttled', 'rate-limited', '429'],
  ] as const)('that are refused are one problem with a remedy: %s', async (scenario, kind, words) => {
    await using cluster = await startCluster({ runs: [pipelineRun('a'), taskRun('b')] });
    cluster.api.playScenario(scenario);

    const { families, problems } = await cluster.tick(1500);

    expect(families).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.kind).toBe(kind);
    expect(problems[0]?.message).toContain(words);
  });
});
