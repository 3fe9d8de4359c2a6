/** Golden pages of a whole simulated cluster. */
import { describe, expect, it } from 'vitest';
import { createKubernetesApi } from '../../../lambda/demo/simulators/tekton/api-server.ts';
import { createCluster } from '../../../lambda/demo/simulators/tekton/cluster.ts';
import { controllerLabels } from '../../../lambda/demo/simulators/tekton/controllers.ts';
import { createRunStore } from '../../../lambda/demo/simulators/tekton/objects.ts';
import { writePrometheusText } from '../../../lambda/exposition/write-prometheus-text.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { canaries } from '../../support/canary.ts';
import { expectGolden } from '../../support/golden.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { openTelemetryPage } from './controller/pages.ts';
import { startCluster, startMs } from './harness.ts';

describe('a whole cluster', () => {
  it('becomes this page', async () => {
    const simulated = createCluster({ seed: 1, startMs, keepSeconds: 900 });
    await using cluster = await startCluster({
      runStore: simulated.store,
      config: { failureReasons: 'publish', tasks: { include: ['compile'] }, steps: { include: ['*/run'] } },
    });
    await cluster.tick();
    for (let minute = 1; minute < 40; minute += 1) {
      simulated.advance(startMs + minute * 60_000);
      await cluster.tick();
    }

    simulated.advance(startMs + 40 * 60_000);
    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    const { text, omissions } = await writePrometheusText(families);
    expect(omissions).toEqual([]);
    await expectGolden('tekton/cluster.prom', text);
  });
});

describe("the controller's metrics", () => {
  it('pass through the whole pipeline to a sink that keeps series', async () => {
    const pod = {
      name: 'controller-0',
      namespace: 'tekton-pipelines',
      uid: 'controller-0',
      labels: controllerLabels,
      phase: 'Running',
      metrics: () => openTelemetryPage({ succeeded: 100, failed: 3, running: 7 }),
    } as const;
    const { listener } = createKubernetesApi({
      clock: Date.now,
      store: createRunStore(),
      isKnown: (token) => token === canaries.token,
      pods: () => [pod],
    });
    await using server = await startLoopbackServer(listener);
    await using pipeline = await contractPipeline({
      sources: [
        {
          kind: 'tekton',
          name: 'ci',
          cluster: { server: server.url, token: { env: 'CANARY_TOKEN' } },
          controllerMetrics: {},
        },
      ],
      sinks: [{ kind: 'stdout', format: 'prometheus' }],
    });

    const report = await pipeline.run(20_000);

    expect(report.outcome).toBe('ok');
    const printed = JSON.stringify(pipeline.said()).replaceAll('\\"', '"');
    expect(printed).toContain(
      'tekton_pipelines_controller_pipelinerun_total{job="tekton-pipelines-controller",source="ci",status="success"} 100',
    );
    expect(printed).not.toContain('otel_scope');
  });
});
