/** Tests of passing on the metrics of Tekton's controller, restarts and replicas included. */
import { describe, expect, it } from 'vitest';
import { type ControllerPod, controllerLabels } from '../../../../lambda/demo/simulators/tekton/controllers.ts';
import { StateStoreError } from '../../../../lambda/counters/stores/store.ts';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import { expectGolden } from '../../../support/golden.ts';
import { openCensusPage, openTelemetryPage, type PageFigures } from './pages.ts';
import { pipelineRun, startCluster, type TestClusterOptions, type Tick } from '../harness.ts';

const prefix = 'tekton_pipelines_controller_';

function pod(name: string, metrics: (() => string) | undefined, more: Partial<ControllerPod> = {}): ControllerPod {
  return {
    name,
    namespace: 'tekton-pipelines',
    uid: `uid-${name}`,
    labels: controllerLabels,
    phase: 'Running',
    metrics,
    ...more,
  };
}

function controllerCluster(settings: object = {}, options: TestClusterOptions = {}) {
  return startCluster({ runs: [pipelineRun('a')], config: { controllerMetrics: settings }, ...options });
}

/** Two replicas whose figures a test changes. */
function replica(figures: PageFigures): { figures: PageFigures; readonly page: () => string } {
  const held = { figures };
  return Object.assign(held, { page: () => openTelemetryPage(held.figures) });
}

/** `name{labels} value`, one a line. */
function linesOf({ relayed = [] }: Tick): readonly string[] {
  return relayed.flatMap(({ samples }) =>
    samples.map(({ name, labels, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      return `${name}{${pairs.join(',')}} ${String(value)}`;
    }),
  );
}

function valueOf(tick: Tick, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  return (tick.relayed ?? [])
    .flatMap(({ samples }) => samples)
    .find(
      (sample) =>
        sample.name === `${prefix}${name}` &&
        Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    )?.value;
}

const success = { status: 'success' };

describe("the controller's own metrics", () => {
  it('come of all replicas through the API server: gauges by the greatest, counters by their sum', async () => {
    await using cluster = await controllerCluster();
    cluster.pods.push(
      pod('controller-0', () => openTelemetryPage({ succeeded: 100, failed: 3, running: 7 })),
      pod('controller-1', () => openTelemetryPage({ succeeded: 20, failed: 0, running: 6 })),
      pod('webhook-0', () => openTelemetryPage({ succeeded: 999, failed: 9, running: 99 }), { labels: {} }),
      pod('controller-2', undefined, { phase: 'Pending' }),
    );

    const tick = await cluster.tick();

    expect(tick.problems).toEqual([]);
    await expectGolden('tekton/controller-opentelemetry.txt', `${linesOf(tick).join('\n')}\n`);
    expect(cluster.api.requests.filter((path) => path.includes('/proxy/'))).toEqual([
      '/api/v1/namespaces/tekton-pipelines/pods/http:controller-0:9090/proxy/metrics',
      '/api/v1/namespaces/tekton-pipelines/pods/http:controller-1:9090/proxy/metrics',
    ]);
  });

  it('have the names of old releases too, without those that say the same twice', async () => {
    await using cluster = await controllerCluster();
    cluster.pods.push(pod('controller-0', () => openCensusPage({ succeeded: 100, failed: 3, running: 7 })));

    const tick = await cluster.tick();

    expect(tick.problems).toEqual([]);
    await expectGolden('tekton/controller-opencensus.txt', `${linesOf(tick).join('\n')}\n`);
  });

  it('are those that the settings name', async () => {
    const metrics = { include: [`${prefix}pipelinerun_*`], exclude: [`${prefix}pipelinerun_total`] };
    await using cluster = await controllerCluster({ metrics });
    cluster.pods.push(
      pod('controller-0', () => openTelemetryPage({ succeeded: 5, failed: 0, running: 1 })),
      pod('controller-1', () => openTelemetryPage({ succeeded: 2, failed: 0, running: 1 })),
    );

    const tick = await cluster.tick();

    expect((tick.relayed ?? []).map(({ name, type }) => [name, type])).toEqual([
      [`${prefix}pipelinerun_duration_seconds`, 'histogram'],
    ]);
    expect(valueOf(tick, 'pipelinerun_duration_seconds_count')).toBe(7);
    expect(valueOf(tick, 'pipelinerun_duration_seconds_bucket', { le: '+Inf' })).toBe(7);
    expect(valueOf(tick, 'pipelinerun_duration_seconds_sum')).toBe(280);
  });

  it('go on counting when a process restarts in its pod, and when a new pod takes its place', async () => {
    await using cluster = await controllerCluster();
    const first = replica({ succeeded: 100, failed: 3, running: 1 });
    const second = replica({ succeeded: 50, failed: 0, running: 1 });
    cluster.pods.push(pod('controller-0', first.page), pod('controller-1', second.page));
    const totals: (number | undefined)[] = [];
    const tick = async (): Promise<void> => {
      totals.push(valueOf(await cluster.tick(), 'pipelinerun_total', success));
    };

    await tick();
    first.figures = { succeeded: 104, failed: 3, running: 1 };
    await tick();
    // Restarted, and past its old figure already.
    first.figures = { succeeded: 110, failed: 0, running: 1, startSeconds: 2_000 };
    await tick();
    cluster.pods.splice(
      1,
      1,
      pod('controller-2', () => openTelemetryPage({ succeeded: 5, failed: 0, running: 1 })),
    );
    await tick();

    expect(totals).toEqual([150, 154, 264, 269]);
  });

  it('tell a restart by falling figures where the page does not say when the process began', async () => {
    await using cluster = await controllerCluster();
    let succeeded = 100;
    cluster.pods.push(pod('controller-0', () => openCensusPage({ succeeded, failed: 0, running: 1 })));

    await cluster.tick();
    succeeded = 4;
    const tick = await cluster.tick();

    expect(valueOf(tick, 'pipelinerun_total', success)).toBe(104);
  });

  it('keep the share of a replica that cannot be read for a while, and report it', async () => {
    await using cluster = await controllerCluster();
    const first = replica({ succeeded: 100, failed: 0, running: 3 });
    const second = replica({ succeeded: 50, failed: 0, running: 3 });
    const pods = [pod('controller-0', first.page), pod('controller-1', second.page)];
    cluster.pods.push(...pods);

    await cluster.tick();
    cluster.pods.splice(1, 1, pod('controller-1', undefined));
    first.figures = { succeeded: 101, failed: 0, running: 4 };
    const without = await cluster.tick();
    cluster.pods.splice(0, 2, ...pods);
    second.figures = { succeeded: 55, failed: 0, running: 4 };
    const again = await cluster.tick();

    expect(without.problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(without.problems[0]?.message).toContain('open its port');
    expect(valueOf(without, 'pipelinerun_total', success)).toBe(151);
    expect(valueOf(without, 'running_pipelineruns')).toBe(4);
    expect(again.problems).toEqual([]);
    expect(valueOf(again, 'pipelinerun_total', success)).toBe(156);
  });

  it('count nothing twice when the settings name fewer metrics than before', async () => {
    const store = createMemoryStateStore();
    const page = (): string => openCensusPage({ succeeded: 10, failed: 2, running: 1 });
    const both = { include: [`${prefix}pipelinerun_total`, `${prefix}pipelinerun_count`] };
    await using before = await controllerCluster({ metrics: both }, { store });
    before.pods.push(pod('controller-0', page));
    await before.tick();
    await using after = await controllerCluster({ metrics: { include: [`${prefix}pipelinerun_total`] } }, { store });
    after.pods.push(pod('controller-0', page));
    after.now += 60_000;

    const tick = await after.tick();

    expect(valueOf(tick, 'pipelinerun_total', success)).toBe(10);
  });

  it('leave counters out when nothing can be remembered, and keep the gauges', async () => {
    const store = createMemoryStateStore();
    const broken = { ...store, load: () => Promise.reject(new StateStoreError('unavailable', 'the table is away')) };
    await using cluster = await controllerCluster({}, { store: broken });
    cluster.pods.push(pod('controller-0', () => openTelemetryPage({ succeeded: 1, failed: 0, running: 3 })));

    const tick = await cluster.tick();

    expect(tick.problems).toMatchObject([{ message: 'the table is away' }]);
    expect(valueOf(tick, 'running_pipelineruns')).toBe(3);
    expect(valueOf(tick, 'pipelinerun_total', success)).toBeUndefined();
  });

  it('can come of one replica through the Service, with fewer rights', async () => {
    await using cluster = await controllerCluster({ through: 'service', namespace: 'openshift-pipelines' });
    const page = (): string => openTelemetryPage({ succeeded: 9, failed: 0, running: 2 });
    cluster.pods.push(pod('controller-0', page, { namespace: 'openshift-pipelines' }));

    const tick = await cluster.tick();

    expect(tick.problems).toEqual([]);
    expect(valueOf(tick, 'pipelinerun_total', success)).toBe(9);
    expect(cluster.api.requests.filter((path) => path.startsWith('/api/v1/'))).toEqual([
      '/api/v1/namespaces/openshift-pipelines/services/http:tekton-pipelines-controller:9090/proxy/metrics',
    ]);
  });
});

describe('several replicas behind the Service', () => {
  it('are told apart by the start of their processes', async () => {
    await using cluster = await controllerCluster({ through: 'service' });
    const first = pod('controller-0', () => openTelemetryPage({ succeeded: 100, failed: 0, running: 2 }));
    const later = pod('controller-0', () => openTelemetryPage({ succeeded: 104, failed: 0, running: 2 }));
    const second = pod('controller-1', () =>
      openTelemetryPage({ succeeded: 7, failed: 0, running: 2, startSeconds: 1_500 }),
    );
    const totals: (number | undefined)[] = [];

    for (const answering of [first, second, first, second, later]) {
      cluster.pods.splice(0, 1, answering);
      totals.push(valueOf(await cluster.tick(), 'pipelinerun_total', success));
    }

    expect(totals).toEqual([100, 107, 107, 107, 111]);
  });
});

describe('totals of the controller that no replica shows', () => {
  const failed = { status: 'failed' };
  const before = (): string => openTelemetryPage({ succeeded: 100, failed: 3, running: 7 });

  it('stay where they were after a failover, until the new process has met their labels', async () => {
    await using cluster = await controllerCluster();
    cluster.pods.push(pod('controller-0', before));
    await cluster.tick();
    // A process that has not seen a failure has no series for it.
    const young = (failures: number) => (): string =>
      openTelemetryPage({ succeeded: 2, failed: failures, running: 5, startSeconds: 99 });
    cluster.pods.splice(0, 1, pod('controller-1', young(0)));

    const second = await cluster.tick();
    cluster.pods.splice(0, 1, pod('controller-1', young(1)));
    const third = await cluster.tick();

    expect([second, third].flatMap(({ problems }) => problems)).toEqual([]);
    const totals = (tick: Tick) => [success, failed].map((labels) => valueOf(tick, 'pipelinerun_total', labels));
    expect(totals(second)).toEqual([102, 3]);
    expect(totals(third)).toEqual([102, 4]);
  });

  it.each([
    ['no replica runs', 'ok', true],
    ['none may be read', 'cannot-proxy', false],
  ] as const)('stay while %s, but gauges do not', async (_what, scenario, isGone) => {
    await using cluster = await controllerCluster();
    cluster.pods.push(pod('controller-0', before));
    const first = await cluster.tick();
    if (isGone) cluster.pods.pop();
    cluster.api.playScenario(scenario);

    const second = await cluster.tick();

    expect(second.problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    const counters = (tick: Tick) => linesOf(tick).filter((line) => line.includes('_total{'));
    expect(counters(first)).not.toEqual([]);
    expect(counters(second)).toEqual(counters(first));
    expect(linesOf(second).filter((line) => line.includes('running'))).toEqual([]);
  });

  it('are not told while the whole cluster cannot be read', async () => {
    await using cluster = await controllerCluster();
    cluster.pods.push(pod('controller-0', before));
    await cluster.tick();
    cluster.api.playScenario('unauthorized');

    expect(linesOf(await cluster.tick())).toEqual([]);
  });
});

describe("what goes wrong with the controller's metrics", () => {
  const page = (): string => openTelemetryPage({ succeeded: 1, failed: 0, running: 1 });

  it('costs only them, and names the missing right', async () => {
    await using cluster = await controllerCluster();
    cluster.pods.push(pod('controller-0', page));
    cluster.api.playScenario('cannot-proxy');

    const { families, relayed, problems } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(problems[0]?.message).toContain('grant list pods and get pods/proxy in tekton-pipelines');
    expect(relayed).toEqual([]);
    expect(families).not.toEqual([]);
  });

  it('shows what the server says of a selector that is none', async () => {
    await using cluster = await controllerCluster({ podSelector: 'app=a=b' });

    const { problems } = await cluster.tick();

    expect(problems.map(({ kind, message }) => [kind, message])).toEqual([
      ['rejected', "answered 400: found '=', expected: ',' or 'end of string'; check controllerMetrics.podSelector"],
    ]);
  });

  it('is told when no replica runs', async () => {
    await using cluster = await controllerCluster();

    const { problems } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(problems[0]?.message).toContain('the controller is down');
  });

  it.each([
    ['a page that is no metrics page', () => '<html>503</html>', 'the metrics page cannot be used'],
    ['a page with more series than are allowed', page, 'the metrics page cannot be used'],
  ])('is told: %s', async (name, metrics, message) => {
    await using cluster = await controllerCluster(name.includes('more series') ? { maxSeries: 1 } : {});
    cluster.pods.push(pod('controller-0', metrics));

    const { problems, relayed } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['bad-response']);
    expect(problems[0]?.message).toContain(message);
    expect(relayed).toEqual([]);
  });
});
