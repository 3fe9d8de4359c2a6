/** Tests of the costs that are counted beside busy time and workers, from tick to tick. */
import { describe, expect, it } from 'vitest';
import { countTick, type CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import type { Ledger } from '../../../lambda/counters/ledger.ts';
import { createPriceFinder } from '../../../lambda/counters/prices.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import { jobCost, pipelineCost, workerCost } from '../../../lambda/model/catalogue/cost-metrics.ts';
import { jobBusySeconds } from '../../../lambda/model/catalogue/job-metrics.ts';
import { workers } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricDefinition, type MetricFamily } from '../../../lambda/model/metric.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { Prices } from '../../../lambda/settings/prices.ts';
import { recordingLog, type RecordingLog } from '../../support/recording-log.ts';
import { builds, minuteMs, settings, startMs } from '../rig.ts';

const queues = [
  { queue: 'own', per: 'worker-hour', price: 6 },
  { queue: 'hosted', per: 'busy-hour', price: 3 },
];
const identity = { system: 'test', source: 'main', scope: 'a' };

interface Told {
  /** Opens the list of jobs, which then cannot be read. */
  readonly unreadJobs?: true;
  /** Seconds of jobs that end in this tick, by queue and pipeline. */
  readonly jobs?: readonly (readonly [queue: string, seconds: number, pipeline: string])[];
  /** By queue and state. */
  readonly workers?: readonly (readonly [queue: string, state: string, count: number])[];
  readonly problems?: readonly Problem[];
  readonly prices?: unknown;
}

/** A source of jobs and workers over a memory of its own; `at` is in minutes after the first tick. */
function openSource({ backfillMs = 0, log = recordingLog() }: { backfillMs?: number; log?: RecordingLog } = {}) {
  const store = createMemoryStateStore();
  let jobs = 0;
  return async (at: number, told: Told): Promise<CountedTick> => {
    const { prices = { currency: 'USD', queues } } = told;
    const finish = (ledger: Ledger): void => {
      ledger.openWindow(builds);
      for (const [queue, increase, pipeline] of told.jobs ?? []) {
        jobs += 1;
        const busy = { metric: jobBusySeconds, labels: { ...identity, queue }, increase };
        const counts = [{ ...busy, ownedBy: { scope: 'org', pipeline } }];
        const finishedMs = startMs + at * minuteMs;
        const id = String(jobs);
        ledger.countFinish(builds, id, { key: id, finishedMs, counts, observations: [], marks: [] });
      }
      ledger.noteComplete(builds);
    };
    const samples = (told.workers ?? []).map(([queue, state, value]) => ({
      labels: { ...identity, queue, state },
      value,
    }));
    return await countTick(
      async (openLedger) => {
        if (told.jobs !== undefined) finish(await openLedger());
        if (told.unreadJobs === true) (await openLedger()).openWindow(builds);
        const families = samples.length === 0 ? [] : [buildGauge(workers, samples)];
        return { families, problems: told.problems ?? [] };
      },
      { id: 'test/main', system: 'test', name: 'main', metrics: [workerCost] },
      {
        tickMs: startMs + at * minuteMs,
        store,
        signal: new AbortController().signal,
        settings: { ...settings, backfillMs, intervalMs: minuteMs, findPrice: createPriceFinder(Prices.parse(prices)) },
        mode: 'commit',
        additiveSinks: [],
        isSettled: () => false,
        log,
      },
    );
  };
}

/** `own idle` → [total, increase]. */
function costsIn(tick: CountedTick, metric: MetricDefinition): Readonly<Record<string, readonly [number, number]>> {
  const families: readonly MetricFamily[] = tick.outcome === 'counted' ? tick.collection.families : [];
  return Object.fromEntries(
    families
      .flatMap((family) => (family.type === 'counter' && family.definition === metric ? family.samples : []))
      .map(({ labels, increase, total }) => [
        [labels['queue'] ?? labels['pipeline'], labels['state'] ?? '', labels['currency']].join(' '),
        [total?.value ?? NaN, increase],
      ]),
  );
}

const isDown: Problem = { kind: 'unavailable', where: 'test', message: 'is down' };

const unpricedIn = (tick: CountedTick): readonly string[] => (tick.outcome === 'counted' ? tick.figures.unpriced : []);

describe('the cost of jobs', () => {
  it('is counted for the queue and for the pipeline, whichever way the queue is paid', async () => {
    const tick = openSource();
    await tick(0, { jobs: [] });
    await tick(1, { jobs: [['own', 600, 'web']] });

    const counted = await tick(2, {
      jobs: [
        ['hosted', 1200, 'web'],
        ['own', 600, 'api'],
      ],
    });

    expect(costsIn(counted, jobCost)).toEqual({ 'own  USD': [2, 1], 'hosted  USD': [1, 1] });
    expect(costsIn(counted, pipelineCost)).toEqual({ 'web  USD': [2, 1], 'api  USD': [1, 1] });
  });

  it('of what ended before a new price stays as it was', async () => {
    const tick = openSource();
    await tick(0, { jobs: [] });
    await tick(1, { jobs: [['own', 600, 'web']] });
    const dearer = { currency: 'USD', queues: [{ queue: 'own', per: 'busy-hour', price: 12 }] };

    const counted = await tick(2, { jobs: [['own', 600, 'web']], prices: dearer });

    expect(costsIn(counted, jobCost)).toEqual({ 'own  USD': [3, 2] });
  });

  it('in another currency is a series of its own', async () => {
    const tick = openSource();
    await tick(0, { jobs: [] });
    await tick(1, { jobs: [['own', 600, 'web']] });

    const counted = await tick(2, { jobs: [['own', 600, 'web']], prices: { currency: 'EUR', queues } });

    expect(costsIn(counted, jobCost)).toEqual({ 'own  USD': [1, 0], 'own  EUR': [1, 1] });
  });

  it('of a queue without a price is told and absent', async () => {
    const tick = openSource();
    await tick(0, { jobs: [] });

    const counted = await tick(1, {
      jobs: [['gpu', 600, 'web']],
      workers: [
        ['lab', 'idle', 2],
        ['empty', 'idle', 0],
        ['off', 'offline', 3],
      ],
    });

    expect(unpricedIn(counted)).toEqual(['a/gpu', 'a/lab']);
    expect(costsIn(counted, jobCost)).toEqual({});
    expect(costsIn(counted, pipelineCost)).toEqual({});
  });

  it('that is nothing is 0, and told by nobody', async () => {
    const tick = openSource();
    const free = { currency: 'USD', queues: [{ queue: '*', per: 'worker-hour', price: 0 }] };
    await tick(0, { jobs: [], prices: free });

    const counted = await tick(1, { jobs: [['own', 600, 'web']], workers: [['own', 'idle', 1]], prices: free });

    expect(costsIn(counted, jobCost)).toEqual({ 'own  USD': [0, 0] });
    expect(costsIn(counted, workerCost)).toEqual({ 'own idle USD': [0, 0] });
    expect(unpricedIn(counted)).toEqual([]);
  });
});

describe('the cost of workers', () => {
  it('is that of the time since the tick before, busy and idle apart; a paused one is idle', async () => {
    const tick = openSource();
    await tick(0, { workers: [['own', 'idle', 1]] });

    const counted = await tick(1, {
      workers: [
        ['own', 'idle', 2],
        ['own', 'busy', 3],
        ['own', 'paused', 1],
        ['own', 'offline', 9],
        ['hosted', 'idle', 5],
      ],
    });

    // A worker costs 6 an hour, 0.1 a minute.
    const { 'own idle USD': idle, 'own busy USD': busy, ...others } = costsIn(counted, workerCost);
    expect(idle?.[0]).toBeCloseTo(0.3, 6);
    expect(busy?.[0]).toBeCloseTo(0.3, 6);
    expect(others).toEqual({});
  });

  it('begins with the first tick, of whose past nothing is known', async () => {
    const counted = await openSource()(0, { workers: [['own', 'idle', 1]] });

    expect(costsIn(counted, workerCost)).toEqual({ 'own idle USD': [0, 0] });
  });

  it('of a gap is that of five intervals at most', async () => {
    const tick = openSource();
    await tick(0, { workers: [['own', 'idle', 1]] });
    const bridged = await tick(5, { workers: [['own', 'idle', 1]] });

    const counted = await tick(65, { workers: [['own', 'idle', 1]] });

    expect(costsIn(bridged, workerCost)['own idle USD']?.[1]).toBeCloseTo(0.5, 6);
    expect(costsIn(counted, workerCost)['own idle USD']?.[1]).toBeCloseTo(0.5, 6);
    expect(costsIn(counted, workerCost)['own idle USD']?.[0]).toBeCloseTo(1, 6);
  });

  it('is counted for a tick once, however often it is delivered', async () => {
    const tick = openSource();
    await tick(0, { workers: [['own', 'idle', 1]] });
    await tick(1, { workers: [['own', 'idle', 1]] });

    const again = await tick(1, { workers: [['own', 'idle', 1]] });

    expect(again.outcome).toBe('skipped');
  });

  it('stays as it is where the source tells nothing', async () => {
    const tick = openSource();
    await tick(0, { workers: [['own', 'idle', 1]] });
    await tick(1, { workers: [['own', 'idle', 1]] });
    await tick(2, { problems: [isDown] });

    const counted = await tick(3, { workers: [['own', 'idle', 1]] });

    expect(costsIn(counted, workerCost)['own idle USD']?.[0]).toBeCloseTo(0.3, 6);
  });

  it('is counted although the source has a problem, from the first tick on', async () => {
    const tick = openSource();
    await tick(0, { workers: [['own', 'idle', 1]], problems: [isDown] });

    const counted = await tick(1, { workers: [['own', 'idle', 1]], problems: [isDown] });

    expect(costsIn(counted, workerCost)['own idle USD']?.[0]).toBeCloseTo(0.1, 6);
  });

  it('does not end the first tick of a source whose history is still to be read', async () => {
    const tick = openSource({ backfillMs: 60 * minuteMs });
    const levels = { workers: [['own', 'idle', 1]], problems: [isDown] } as const;
    const unread = { ...levels, unreadJobs: true } as const;

    const [first, withoutList] = [await tick(0, unread), await openSource({ backfillMs: 60 * minuteMs })(0, levels)];

    expect(first.outcome).toBe('uncounted');
    expect(withoutList.outcome).toBe('counted');
    await tick(1, { jobs: [], workers: [['own', 'idle', 1]] });
    const later = await tick(2, unread);
    expect(costsIn(later, workerCost)['own idle USD']?.[0]).toBeCloseTo(0.1, 6);
  });

  it('of a queue that could not be read is made up for, by five intervals at most', async () => {
    const tick = openSource();
    const both = [
      ['own', 'idle', 1],
      ['own 2', 'idle', 1],
    ] as const;
    const prices = { currency: 'USD', queues: [{ queue: 'own*', per: 'worker-hour', price: 6 }] };
    const one = { workers: [both[0]], problems: [isDown], prices } as const;
    await tick(0, { workers: both, prices });
    await tick(1, one);
    await tick(2, one);
    const made = await tick(3, { workers: both, prices });
    for (const at of [4, 5, 6, 7, 8]) await tick(at, one);

    const forgotten = await tick(9, { workers: both, prices });

    expect(costsIn(made, workerCost)['own 2 idle USD']?.[1]).toBeCloseTo(0.3, 6);
    expect(costsIn(made, workerCost)['own idle USD']?.[1]).toBeCloseTo(0.1, 6);
    expect(costsIn(forgotten, workerCost)['own 2 idle USD']?.[1]).toBeCloseTo(0.1, 6);
  });

  it('of a queue that had no workers for a while is none for that time', async () => {
    const tick = openSource();
    await tick(0, { jobs: [], workers: [['own', 'idle', 1]] });
    await tick(1, { jobs: [] });
    await tick(2, { jobs: [] });

    const counted = await tick(3, { jobs: [], workers: [['own', 'idle', 1]] });

    expect(costsIn(counted, workerCost)['own idle USD']?.[0]).toBeCloseTo(0.1, 6);
  });

  it('leaves out paused workers where nobody tells how many are idle', async () => {
    const tick = openSource();
    await tick(0, { workers: [['own', 'paused', 1]] });

    const counted = await tick(1, {
      jobs: [],
      workers: [
        ['own', 'paused', 1],
        ['own', 'offline', 1],
      ],
    });

    expect(costsIn(counted, workerCost)).toEqual({});
  });

  it('that is cut off is told in the log', async () => {
    const log = recordingLog();
    const tick = openSource({ log });
    await tick(0, { workers: [['own', 'idle', 1]] });
    await tick(5, { workers: [['own', 'idle', 1]] });
    expect(log.lines).toEqual([]);

    await tick(20, { workers: [['own', 'idle', 1]] });

    expect(log.lines).toMatchObject([{ level: 'warn', fields: { source: 'test/main', uncountedSeconds: 600 } }]);
  });
});
