/** Tests of a cluster that is too large to be read in one run. */
import { describe, expect, it } from 'vitest';
import { createRunStore, type RunObject } from '../../../../lambda/demo/simulators/tekton/objects.ts';
import { nonZero, pipelineRun, startCluster, taskRun, type Tick, type TestCluster, valuesOf } from '../harness.ts';

const namespaces = ['a', 'b', 'c'];
const onlyRuns = { taskRuns: 'skip', details: 'skip' } as const;

/** Two pages of 500 in each namespace, so that all of them take three runs of two pages. */
const perNamespace = 1000;

function running(namespace: string, count: number): readonly RunObject[] {
  return Array.from({ length: count }, (_, index) =>
    pipelineRun(`run-${String(index).padStart(5, '0')}`, {
      namespace,
      condition: ['Unknown', 'Running'],
      created: -60,
      started: -50,
    }),
  );
}

/** `second` is that of the end, counted from the first run of the collector. */
function ended(namespace: string, name: string, second: number): RunObject {
  return pipelineRun(name, {
    namespace,
    condition: ['True', 'Succeeded'],
    created: -60,
    started: -50,
    completed: second,
  });
}

function succeeded({ families }: Tick): Readonly<Record<string, number>> {
  return nonZero(valuesOf(families, 'ci_runs_total', ['scope', 'result']));
}

async function ticksOf(cluster: TestCluster, pages: readonly number[]): Promise<readonly Tick[]> {
  const ticks: Tick[] = [];
  for (const count of pages) ticks.push(await cluster.tickOf(count));
  return ticks;
}

function endAll(cluster: TestCluster, second: number): void {
  for (const namespace of namespaces) {
    for (const { metadata } of running(namespace, perNamespace)) {
      cluster.runs.put(ended(namespace, metadata.name, second));
    }
  }
}

describe('a cluster too large for one run', () => {
  it('is read to its end in as many runs as its pages take, and each finish counts once', async () => {
    await using cluster = await startCluster({
      // What has changed is more than the server keeps, so that only the list can tell.
      runStore: createRunStore(
        namespaces.flatMap((namespace) => running(namespace, perNamespace)),
        100,
      ),
      config: onlyRuns,
    });
    await ticksOf(cluster, [2, 2, 2]);
    endAll(cluster, 121);

    const ticks = await ticksOf(cluster, [2, 2, 2]);
    const after = await ticksOf(cluster, [2, 2, 2]);

    const all = Object.fromEntries(namespaces.map((namespace) => [`${namespace} success`, perNamespace]));
    expect(ticks.map((tick) => Object.keys(succeeded(tick)).length)).toEqual([1, 2, 3]);
    expect([...ticks.slice(2), ...after].map(succeeded)).toEqual([all, all, all, all]);
    expect(nonZero(valuesOf(after[2]?.families ?? [], 'ci_system_errors_total', ['component', 'error']))).toEqual({});
  });

  it('says in each run how far it came, and where levels are whole', async () => {
    await using cluster = await startCluster({
      runs: namespaces.flatMap((namespace) => running(namespace, perNamespace)),
      config: onlyRuns,
    });

    const ticks = await ticksOf(cluster, [3, 2, 2]);

    const messages = ticks.map(({ problems }) => problems.map(({ kind, message }) => [kind, message.split('. ')[0]]));
    expect(messages).toEqual([
      [['timeout', `${begin}: pipelineruns were read up to namespace b (1500 of about 3000, in 1 run)`]],
      [['timeout', `${begin}: pipelineruns were read up to namespace c (2500 of about 3000, in 2 runs)`]],
      [['timeout', `${begin}: pipelineruns were read to their end (3000, in 3 runs)`]],
    ]);
    const levels = ticks.map(({ families }) =>
      nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['scope', 'state'])),
    );
    // The pages of later runs show the state with which the list began: no level of now.
    expect(levels).toEqual([{ 'a running': perNamespace }, {}, {}]);
    expect(ticks.map(({ families }) => valuesOf(families, 'ci_tekton_retained_objects', ['object']))).toEqual([
      {},
      {},
      {},
    ]);
  });

  it('tells first what has changed since the run before, wherever it stands', async () => {
    await using cluster = await startCluster({
      runs: namespaces.flatMap((namespace) => running(namespace, perNamespace)),
      config: onlyRuns,
    });
    await cluster.tickOf(2);
    // The last of all runs, which the list comes to in the third run, and one that is pruned at once.
    cluster.runs.put(ended('c', 'run-00999', 30));
    cluster.runs.put(ended('c', 'short', 31));
    cluster.runs.remove('pipelineruns', 'c', 'short');

    const second = await cluster.tickOf(2);
    const later = await ticksOf(cluster, [2, 2, 2, 6]);

    expect(succeeded(second)).toEqual({ 'c success': 2 });
    // The third run reads a page that still shows it running; it is not opened again.
    expect(later.map(({ counted }) => ('figures' in counted ? counted.figures.openRuns : undefined)).at(-1)).toBe(2999);
    expect(later.map(succeeded)).toEqual(later.map(() => ({ 'c success': 2 })));
    expect(nonZero(valuesOf(later.at(-1)?.families ?? [], 'ci_system_errors_total', ['component', 'error']))).toEqual(
      {},
    );
  });

  it('is read as usual again once a run is enough for it', async () => {
    await using cluster = await startCluster({ runs: running('a', 1500), config: onlyRuns });
    await ticksOf(cluster, [2, 2]);
    const whole = await cluster.tickOf(3);
    const { length } = cluster.api.requests;

    const usual = await cluster.tickOf(3);

    expect([whole.problems, usual.problems]).toEqual([[], []]);
    expect(nonZero(valuesOf(whole.families, 'ci_tekton_pipelineruns', ['scope', 'state']))).toEqual({
      'a running': 1500,
    });
    expect(cluster.api.requests.slice(length).filter((path) => path.includes('watch'))).toEqual([]);
  });

  it('goes on from the state of now where its continuation has expired, with levels of what that shows whole', async () => {
    await using cluster = await startCluster({
      runs: namespaces.flatMap((namespace) => running(namespace, perNamespace)),
      config: onlyRuns,
    });
    await cluster.tickOf(3);
    cluster.now += 10 * 60_000;
    cluster.runs.put(ended('b', 'run-00999', 600));

    // The refused page and three more.
    const { families, problems } = await cluster.tickOf(4);

    expect(problems.map(({ message }) => message.split('. ')[0])).toEqual([
      `${begin}: pipelineruns were read to their end (3000, in 2 runs)`,
    ]);
    // The half of b that the first run has read may be another one by now.
    expect(nonZero(valuesOf(families, 'ci_tekton_pipelineruns', ['scope', 'state']))).toEqual({
      'c running': perNamespace,
    });
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['scope', 'result']))).toEqual({ 'b success': 1 });
  });

  it('loses no run that an earlier part of the round has shown, and misses one that no part shows', async () => {
    await using cluster = await startCluster({
      runStore: createRunStore([...running('a', 1000), ...running('b', 1000)], 1),
      config: onlyRuns,
    });
    await ticksOf(cluster, [3, 3]);
    cluster.runs.remove('pipelineruns', 'a', 'run-00000');
    cluster.runs.remove('pipelineruns', 'b', 'run-00000');

    const lost: number[] = [];
    for (const pages of [3, 3, 3, 3, 3, 3]) {
      const { families } = await cluster.tickOf(pages);
      lost.push(valuesOf(families, 'ci_system_errors_total', ['component', 'error'])['run lost'] ?? 0);
    }

    // Missing in three rounds, of two runs each.
    expect(lost).toEqual([0, 0, 0, 0, 0, 2]);
  });

  it('is read without a right to watch too, and the right is named', async () => {
    await using cluster = await startCluster({ runs: running('a', 1500), config: onlyRuns });
    cluster.api.playScenario('cannot-watch');
    await cluster.tickOf(2);
    cluster.runs.put(ended('a', 'run-01499', 30));

    const second = await cluster.tickOf(2);
    const third = await cluster.tickOf(3);

    expect(second.problems.map(({ kind }) => kind)).toEqual(['auth', 'timeout']);
    expect(second.problems[0]?.message).toContain('grant the verb watch');
    // The first list still shows it running; the next one is from behind its end.
    expect([succeeded(second), succeeded(third)]).toEqual([{}, { 'a success': 1 }]);
  });

  it('with many named namespaces takes them in turn, and names those that it did not reach', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    await using cluster = await startCluster({
      runs: names.flatMap((namespace) => running(namespace, 10)),
      config: { ...onlyRuns, namespaces: names },
    });
    const read = new Set<string>();

    const unread: string[] = [];
    for (let run = 0; run < 6; run += 1) {
      const { families, problems } = await cluster.tickOf(4);
      for (const key of Object.keys(valuesOf(families, 'ci_tekton_pipelineruns', ['scope', 'state'])))
        read.add(key.split(' ')[0] ?? '');
      unread.push(problems[0]?.message ?? '');
    }

    expect([...read].toSorted()).toEqual(names);
    // The fifth request ends the time, and with it what is on its way beside it.
    expect(unread[0]).toMatch(
      /not reached: (pipelineruns of n\d\d, ){7}pipelineruns of n\d\d(, \d more lists likewise)?\./,
    );
  });

  it('begins anew where a token is refused, and leaves a page that the server never gives', async () => {
    await using cluster = await startCluster({ runs: running('a', 1500), config: onlyRuns });
    await cluster.tickOf(1);
    cluster.api.playScenario('second-page-fails');
    const failed = await cluster.tick(3000);
    cluster.api.playScenario('ok');

    const { families, problems } = await cluster.tick();

    expect(failed.problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(failed.problems[0]?.message).toContain('500 pipelineruns were read before');
    expect(problems).toHaveLength(1);
    expect(families).not.toEqual([]);
  });

  it('keeps PipelineRuns and TaskRuns apart', async () => {
    const tasks = Array.from({ length: 1200 }, (_, index) =>
      taskRun(`task-${String(index).padStart(5, '0')}`, { condition: ['Unknown', 'Running'], started: -10 }),
    );
    await using cluster = await startCluster({ runs: [pipelineRun('a'), ...tasks], config: { details: 'skip' } });

    const first = await cluster.tickOf(3);
    const second = await cluster.tickOf(2);

    expect(first.problems[0]?.message).toContain(
      'taskruns were read up to namespace ci (1000 of about 1200, in 1 run)',
    );
    expect(valuesOf(first.families, 'ci_tekton_retained_objects', ['object'])).toEqual({ pipelineruns: 1 });
    expect(second.problems[0]?.message).toContain('taskruns were read to their end (1200, in 2 runs)');
  });
});

const begin = 'one run is not enough for the lists of this cluster';
