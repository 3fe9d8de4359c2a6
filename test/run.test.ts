/** Tests of a whole run of the collector: token caching, clocks that differ, and a source that is down. */
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { CollectorConfig } from '../lambda/config/schema.ts';
import { startBuildkiteServer } from '../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { Batch } from '../lambda/model/batch.ts';
import { queueJobs } from '../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge, countSamples } from '../lambda/model/metric.ts';
import type { Pipeline } from '../lambda/pipeline.ts';
import type { RunReport } from '../lambda/report/report.ts';
import { run } from '../lambda/run.ts';
import { createDeadline } from '../lambda/runtime/deadline.ts';
import { createRedactor } from '../lambda/secrets/redaction/redactor.ts';
import { buildPipeline } from '../lambda/wiring.ts';
import { recordingLog } from './support/recording-log.ts';
import { startSecretsManagerFake } from './support/aws/secrets-manager-fake.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/**
 * A warm process with one Buildkite cluster, its token in Secrets Manager, and a minute between two runs.
 * @param wrongByMs by how much its clock is ahead of Buildkite's.
 */
async function warmProcess(wrongByMs = 0) {
  const time = { aheadMs: 0 };
  const clock = (): number => Date.now() + time.aheadMs;
  const fleet = createFleet({ seed: 1, startMs: clock() });
  const server = await startBuildkiteServer({ clock: () => clock() - wrongByMs, fleet });
  const store = await startSecretsManagerFake();
  const [token = ''] = fleet.agentTokens;
  store.stored.set('bk', { text: token });
  const { endpoint, region, credentials } = store.clientConfig;
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', endpoint);
  vi.stubEnv('AWS_REGION', region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  const printed: string[] = [];
  const config = CollectorConfig.parse({
    sources: [{ kind: 'buildkite', name: 'main', endpoint: server.endpoint, agentTokens: [{ secret: 'bk' }] }],
    sinks: [{ kind: 'stdout' }],
  });
  const built = await buildPipeline(config, {
    variables: {},
    runtime: 'terminal',
    clock,
    random: Math.random,
    redactor: createRedactor(),
    log: recordingLog(),
    print: (text) => {
      printed.push(text);
    },
  });
  onTestFinished(async () => {
    await built.close();
    await server.close();
    await store[Symbol.asyncDispose]();
  });
  let before: RunReport | undefined;
  return {
    server,
    store,
    token,
    time,
    printed,
    run: async (budgetMs = 30_000): Promise<RunReport> => {
      using deadline = createDeadline(budgetMs, clock);
      before = await run(built.pipeline, { deadline, tickMs: clock(), before });
      time.aheadMs += 60_000;
      return before;
    },
  };
}

it('collects with the cached token while the secret store hangs', async () => {
  const { store, time, run: runOnce } = await warmProcess();
  await runOnce();
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  store.gate = gate;
  onTestFinished(() => {
    open(undefined);
  });
  time.aheadMs += 10 * 60_000;

  const { outcome, sources } = await runOnce(6000);

  expect(sources).toMatchObject([{ status: 'complete', problems: [] }]);
  expect(outcome).toBe('ok');
});

it.each([
  ['ahead of', 12 * 60_000],
  ['behind', -12 * 60_000],
])('names both times when its clock is %s that of the CI system, and publishes all the same', async (word, byMs) => {
  const { printed, run: runOnce } = await warmProcess(byMs);

  const { outcome, sources, startedAtMs } = await runOnce();

  const [source] = sources;
  expect(source).toMatchObject({ status: 'complete', problems: [{ kind: 'clock' }] });
  const [problem] = source?.problems ?? [];
  expect(problem?.where).toMatch(/^buildkite\/main 127\.0\.0\.1:\d+$/);
  expect(problem?.message).toContain(word === 'behind' ? 'behind' : 'ahead');
  const [own = NaN, server = NaN] = (problem?.message.match(/[-0-9]{10}T[:.0-9]+Z/g) ?? []).map((text) =>
    Date.parse(text),
  );
  expect(Math.abs(own - startedAtMs)).toBeLessThan(30_000);
  expect(Math.abs(own - server - byMs)).toBeLessThan(30_000);
  expect(outcome).toBe('degraded');
  expect(figuresIn(printed.join('')).queueSeries).toBeGreaterThan(0);
});

it('says nothing of a clock that differs by less than a minute', async () => {
  const { run: runOnce } = await warmProcess(50_000);

  const { sources } = await runOnce();

  expect(sources).toMatchObject([{ status: 'complete', problems: [] }]);
});

it('publishes nothing but health while a source is down, and all of it when it is back', async () => {
  const { server, token, printed, run: runOnce } = await warmProcess();
  const published = async (scenario: Parameters<typeof server.playScenario>[1]) => {
    server.playScenario(token, scenario);
    printed.length = 0;
    const { outcome } = await runOnce();
    return { outcome, ...figuresIn(printed.join('')) };
  };

  const runs = [
    await published('server-error'),
    await published('ok'),
    await published('server-error'),
    await published('server-error'),
    await published('ok'),
  ];

  const [never, first, down, stillDown, back] = runs;
  expect(runs.map(({ outcome }) => outcome)).toEqual(['failed', 'ok', 'failed', 'failed', 'ok']);
  expect(runs.map(({ up }) => up)).toEqual([0, 1, 0, 0, 1]);
  expect(runs.map(({ queueSeries }) => queueSeries > 0)).toEqual([false, true, false, false, true]);
  expect(runs.map(({ sinkUp }) => sinkUp)).toEqual([undefined, 1, 1, 1, 1]);
  expect(never?.lastSuccess).toBeUndefined();
  expect([down?.lastSuccess, stillDown?.lastSuccess]).toEqual([first?.lastSuccess, first?.lastSuccess]);
  expect((back?.lastSuccess ?? 0) - (first?.lastSuccess ?? 0)).toBeGreaterThanOrEqual(180);
});

function figuresIn(page: string) {
  const value = (name: string): number | undefined => {
    const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(page)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  return {
    up: value('ci_collector_source_up'),
    sinkUp: value('ci_collector_sink_up'),
    lastSuccess: value('ci_collector_source_last_success_timestamp_seconds'),
    queueSeries: page.split('\n').filter((line) => /^(ci_queue_jobs|buildkite_\w+)\{/.test(line)).length,
  };
}

/**
 * A run of 12 s in a terminal whose source gives 90,000 samples after some seconds, with so much of a core.
 * @returns what the sink was given and how much time (milliseconds), what the run reports, and what its log warns of.
 */
async function runOnBusyMachine({ readingMs, cpuShare }: { readonly readingMs: number; readonly cpuShare: number }) {
  let nowMs = 0;
  const clock = (): number => nowMs;
  const samples = Array.from({ length: 90_000 }, (_, index) => ({
    labels: { system: 'test', source: 'one', scope: 'main', queue: `q${String(index)}`, state: 'queued' },
    value: 1,
  }));
  const given: Batch[] = [];
  const log = recordingLog();
  const left: number[] = [];
  const pipeline: Pipeline = {
    collector: 'test',
    maxSeriesPerMetric: 100_000,
    sources: [
      {
        ...{ id: 'test/one', system: 'test', name: 'one', metrics: [queueJobs], needsState: false },
        source: {
          collect: () => {
            nowMs += readingMs;
            return Promise.resolve({ families: [buildGauge(queueJobs, samples)], problems: [] });
          },
        },
        takeMeter: () => ({ attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 }),
        readClocks: () => [],
      },
    ],
    sinks: [
      {
        ...{ id: 'test/sink', name: 'sink' },
        sink: {
          write: (batch, context) => {
            given.push(batch);
            left.push(context.deadline.remainingMs());
            return Promise.resolve({ accepted: 1, requests: 1, bytes: 1, problems: [] });
          },
          preview: () => ({ samples: 0, requests: 0, bytes: 0, lines: [], monthlyCost: [], problems: [] }),
        },
      },
    ],
    prefetchSecrets: () => Promise.resolve(),
    resources: { memoryMegabytes: 4096, runtime: 'terminal', sinks: 1, startCpuMeter: () => () => cpuShare },
    clock,
    log,
  };
  using deadline = createDeadline(12_000, clock);
  const report = await run(pipeline, { deadline, tickMs: 0 });
  const sizes = given.map(({ sources }) => countSamples(sources.flatMap(({ families }) => families)));
  return { report, sizes, left, warnings: log.lines.filter(({ level }) => level === 'warn') };
}

it('delivers what there is time for on a machine that other programs keep busy, and says what it left out', async () => {
  const { report, sizes } = await runOnBusyMachine({ readingMs: 6000, cpuShare: 0.25 });

  // 5 s are left, of which a quarter is CPU time and 60 % of that for work: to fold 90,000 samples and to write the rest.
  expect(sizes).toEqual([60_000]);
  expect(report.outcome).toBe('degraded');
  expect(report.sources[0]?.problems).toMatchObject([
    {
      kind: 'configuration',
      message: expect.stringMatching(/carries 60,000 samples .*raise --timeout/) as string,
    },
  ]);
});

it.each([
  [12_000, 4800],
  [14_000, 2800],
])(
  'gives the sinks of a run that read for %i ms their share, ends 4.8 s late at most, and says so',
  async (readingMs, leftMs) => {
    const { sizes, left, warnings } = await runOnBusyMachine({ readingMs, cpuShare: 0.1 });

    expect(sizes).toEqual([10_000]);
    expect(left).toEqual([leftMs]);
    expect(warnings).toMatchObject([
      { message: expect.stringMatching(/so busy .* may end later/) as string, fields: { atMostLaterMs: leftMs } },
    ]);
  },
);

it('gives the sinks no time where reading took theirs and what a run may end late', async () => {
  const { left, warnings } = await runOnBusyMachine({ readingMs: 17_000, cpuShare: 0.1 });

  expect(left).toEqual([0]);
  expect(warnings).toMatchObject([
    { message: expect.stringMatching(/nothing is sent/) as string, fields: { latestEndMs: 16_800 } },
  ]);
});

it('delivers everything where the machine has nothing else to do', async () => {
  const { report, sizes, left, warnings } = await runOnBusyMachine({ readingMs: 6000, cpuShare: 1 });

  expect(sizes).toEqual([90_000]);
  expect(left).toEqual([6000]);
  expect(warnings).toEqual([]);
  expect(report.outcome).toBe('ok');
});
