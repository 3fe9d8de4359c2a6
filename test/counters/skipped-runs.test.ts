/** Tests of ticks that come twice, late, or after one whose clock was ahead: what is published, and what is not. */
import { expect, it } from 'vitest';
import { createCounting } from '../../lambda/counters/counting.ts';
import { createMemoryStateStore } from '../../lambda/counters/stores/memory-store.ts';
import type { Batch } from '../../lambda/model/batch.ts';
import { queueJobs } from '../../lambda/model/catalogue/queue-metrics.ts';
import { sourceUp } from '../../lambda/model/catalogue/collector-metrics.ts';
import type { ConfiguredSource, Pipeline } from '../../lambda/pipeline.ts';
import type { RunReport } from '../../lambda/report/report.ts';
import { run } from '../../lambda/run.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { recordingLog } from '../support/recording-log.ts';
import { builds, minuteMs, settings, startMs } from './rig.ts';

const level = { type: 'gauge', definition: queueJobs, samples: [{ labels: {}, value: 3 }] } as const;

/** A source that can always read its list and its queue. */
function counted(name: string): ConfiguredSource {
  return {
    ...{ id: `test/${name}`, system: 'test', name, metrics: [queueJobs], needsState: true },
    source: {
      collect: async ({ openLedger }) => {
        const ledger = await openLedger();
        ledger.noteComplete(builds);
        return { families: [level], problems: [] };
      },
    },
    takeMeter: () => ({ attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 }),
    readClocks: () => [],
  };
}

/** A deployment with two sources and a sink, whose runs a test starts at any time. */
function deployment(clock: () => number = Date.now) {
  const log = recordingLog();
  const pushed: Batch[] = [];
  const take = (batch: Batch) => {
    pushed.push(batch);
    return Promise.resolve({ accepted: 1, requests: 1, bytes: 1, problems: [] });
  };
  const noPreview = (): never => {
    throw new Error('nothing is previewed here');
  };
  const pipeline: Pipeline = {
    collector: 'test',
    maxSeriesPerMetric: 100,
    sources: [counted('one'), counted('other')],
    sinks: [{ id: 'test/sink', name: 'sink', sink: { write: take, preview: noPreview } }],
    counting: createCounting({
      store: createMemoryStateStore(),
      settings: { ...settings, intervalMs: minuteMs },
      finishedRuns: 'omit',
      log,
    }),
    prefetchSecrets: () => Promise.resolve(),
    clock,
    log,
  };
  const runAt = async (minute: number): Promise<RunReport> => {
    using deadline = createDeadline(60_000, Date.now);
    return await run(pipeline, { deadline, tickMs: startMs + minute * minuteMs });
  };
  return { runAt, pushed };
}

it('a tick that comes twice is published once, and nobody is alarmed', async () => {
  const { runAt, pushed } = deployment();
  await runAt(0);

  const again = await runAt(0);

  expect(again).toMatchObject({ outcome: 'ok', sinks: [] });
  expect(pushed).toHaveLength(1);
});

it('a run says since when it has counted: since the run before, however soon or late it comes', async () => {
  const { runAt, pushed } = deployment();
  for (const minute of [0, 0.25, 1, 5]) await runAt(minute);

  const since = pushed.map(({ sources }) => sources.map(({ countedSinceMs }) => countedSinceMs));

  const both = (minute: number) => [startMs + minute * minuteMs, startMs + minute * minuteMs];
  expect(since).toEqual([[undefined, undefined], both(0), both(0.25), both(1)]);
});

it('a run that comes after that of a later tick publishes nothing, and is not ok', async () => {
  const { runAt, pushed } = deployment();
  await runAt(2);

  const late = await runAt(1);

  expect(late).toMatchObject({ outcome: 'degraded', sinks: [] });
  expect(late.sources.flatMap(({ problems }) => problems.map(({ kind }) => kind))).toEqual(['clock', 'clock']);
  expect(pushed).toHaveLength(1);
});

it('a run after one whose clock was twelve minutes ahead publishes levels and totals, and says so', async () => {
  let now = startMs + 12 * minuteMs;
  const { runAt, pushed } = deployment(() => now);
  await runAt(12);
  now = startMs + 1000;

  const back = await runAt(0);

  expect(back.sources.flatMap(({ problems }) => problems.map(({ kind }) => kind))).toEqual(['clock', 'clock']);
  const names =
    pushed.at(-1)?.sources.flatMap(({ families }) => families.map(({ definition }) => definition.name)) ?? [];
  expect(pushed).toHaveLength(2);
  expect(names).toContain(queueJobs.name);
  expect(names).toContain('ci_system_errors_total');
});

it('a run after one whose clock was a day ahead publishes levels and totals, and is not ok', async () => {
  const { runAt, pushed } = deployment();
  await runAt(24 * 60);

  const back = await runAt(0);
  const next = await runAt(1);

  expect(back.outcome).toBe('degraded');
  expect(back.sources.map(({ status }) => status)).toEqual(['partial', 'partial']);
  expect(next).toMatchObject({ outcome: 'ok' });
  const [, afterwards] = pushed;
  const names = afterwards?.sources.flatMap(({ families }) => families.map(({ definition }) => definition.name)) ?? [];
  expect(names.filter((name) => name === queueJobs.name)).toHaveLength(2);
  expect(names).toContain('ci_system_errors_total');
  expect(afterwards?.health.map(({ definition }) => definition.name)).toContain(sourceUp.name);
});
