/** A whole collector from a simulated Buildkite to a receiver of traces: each finished run and job is one span. */
import { expect, it } from 'vitest';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import { startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { RunReport } from '../../../lambda/report/report.ts';
import { run } from '../../../lambda/run.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { buildPipeline } from '../../../lambda/wiring.ts';
import { type OtlpFake, startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { spanRecord } from '../../support/backends/otlp-trace-decode.ts';
import { recordingLog } from '../../support/recording-log.ts';

const startMs = Date.UTC(2026, 0, 5, 12);
const minuteMs = 60_000;

interface Scene extends AsyncDisposable {
  readonly receiver: OtlpFake;
  /** One run `at` minutes after the first, each in a process of its own. */
  readonly tick: (at: number) => Promise<RunReport>;
}

async function scene(traces: 'omit' | 'finished-runs'): Promise<Scene> {
  const time = { nowMs: startMs };
  const clock = (): number => time.nowMs;
  const fleet = createFleet({ seed: 1, startMs });
  const server = await startBuildkiteServer({ clock, fleet });
  const receiver = await startOtlpFake();
  const state = createMemoryStateStore();
  const config = CollectorConfig.parse({
    sources: [
      {
        ...{ kind: 'buildkite', name: 'main', endpoint: server.endpoint, restEndpoint: server.restEndpoint },
        ...{ graphqlEndpoint: server.graphqlEndpoint, apiToken: { env: 'TOKEN' }, organization: fleet.organization },
      },
    ],
    sinks: [{ kind: 'otlp', url: receiver.url, traces }],
  });
  return {
    receiver,
    tick: async (at) => {
      time.nowMs = startMs + at * minuteMs;
      const built = await buildPipeline(config, {
        ...{ variables: { TOKEN: fleet.apiToken }, runtime: 'terminal', clock, random: Math.random },
        ...{ redactor: createRedactor(), log: recordingLog(), print: () => undefined },
        stateStore: () => Promise.resolve(state),
      });
      using deadline = createDeadline(30_000, Date.now);
      const report = await run(built.pipeline, { deadline, tickMs: time.nowMs });
      await built.close();
      return report;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

it('shows each run and job once, whatever tick is repeated, and as many as are counted', async () => {
  await using scenery = await scene('finished-runs');
  const { receiver, tick } = scenery;
  const finishes: number[] = [];
  for (const at of [0, 5, 5, 10, 10, 15, 20, 20]) {
    const { sources, sinks } = await tick(at);
    expect(sinks.flatMap(({ problems }) => problems)).toEqual([]);
    finishes.push(...sources.map(({ counting }) => counting?.finishes ?? 0));
  }

  expect(receiver.faults).toEqual([]);
  const spans = receiver.traces.flatMap((request) => request.spans);
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(roots.length).toBeGreaterThan(3);
  expect(spans.length).toBeGreaterThan(roots.length);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  const never = spans.length - finishes.reduce((sum, count) => sum + count, 0);
  expect(never).toBeLessThanOrEqual(0);
  expect(spanRecord(roots[0] ?? { attributes: [] })).toMatchObject({
    ...{ 'ci.system': 'buildkite', 'ci.source': 'main', 'cicd.pipeline.name': expect.any(String) as unknown },
    'vcs.ref.head.revision': expect.any(String) as unknown,
  });
});

it('sends no span where nobody asked for traces', async () => {
  await using scenery = await scene('omit');

  for (const at of [0, 10, 20]) await scenery.tick(at);

  expect(scenery.receiver.requests.length).toBeGreaterThan(0);
  expect(scenery.receiver.traces).toEqual([]);
});
