/** Makes the load of a counted source for benchmarks and for the documentation. */

/**
 * A CI system of a given size for measuring what counting costs: pipelines whose runs succeed and fail on the main and
 * on other branches, with waits and durations.
 */
import { buildMarks } from '../../lambda/counters/marks.ts';
import { countTick, type CountedTick } from '../../lambda/counters/tick/count-tick.ts';
import type { Finish } from '../../lambda/counters/finish.ts';
import type { Stream } from '../../lambda/counters/ledger.ts';
import type { StateStore } from '../../lambda/counters/stores/store.ts';
import { durationBounds, waitBounds } from '../../lambda/model/catalogue/bounds.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsFinished,
  runWait,
} from '../../lambda/model/catalogue/run-metrics.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 5, 12);

const source = {
  id: 'bench/main',
  system: 'bench',
  name: 'main',
  metrics: [runsFinished, runDuration, runWait, runLastFinished, runLastSuccess, runLastResult],
};

/** A pipeline has each result on each branch. */
const results = ['success', 'failure'] as const;
const branches = ['main', 'other'] as const;

/** What a pipeline has in the end: runs 4, durations 2, waits 1, last finish 2, last success 2, last result 2. */
const seriesPerPipeline = 13;

/** More than any load here has, so that nothing is folded. */
const settings = { maxSeriesPerMetric: 1_000_000, waitBounds, durationBounds, backfillMs: 0 };

const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const stream: Stream = { name: 'runs' };

export interface Step {
  readonly finishes: number;
  /** Since the tick before. */
  readonly minutes: number;
}

export interface Load {
  readonly pipelines: number;
  /** Counts this many finishes in the next tick. */
  tick(step: Step): Promise<Extract<CountedTick, { outcome: 'counted' }>>;
}

/** A load with about so many series, all of which exist after `warmUp`. */
export function loadOf(series: number, store: StateStore): Load {
  const pipelines = Math.max(1, Math.round(series / seriesPerPipeline));
  const { signal } = new AbortController();
  let tickMs = startMs;
  let finished = 0;
  return {
    pipelines,
    tick: async ({ finishes, minutes }) => {
      tickMs += minutes * minuteMs;
      const nowMs = tickMs;
      const context = {
        tickMs: nowMs,
        store,
        signal,
        settings,
        mode: 'commit',
        additiveSinks: ['cloudwatch/main'],
      } as const;
      const counted = await countTick(
        async (openLedger) => {
          const ledger = await openLedger();
          for (let index = 0; index < finishes; index += 1) {
            const finish = finishOf(finished, pipelines, nowMs - 45_000);
            finished += 1;
            ledger.countFinish(stream, finish.key, finish);
          }
          ledger.noteComplete(stream);
          return { families: [], problems: [] };
        },
        source,
        { ...context, isSettled: () => true, log },
      );
      if (counted.outcome !== 'counted') throw new Error(`a tick was ${counted.outcome}`);
      return counted;
    },
  };
}

/** Of each result on each branch: totals as small as 1 would compress too well. */
const runsOfEach = 5;

/** The keys of finishes are remembered for overlap, settle time and slack (`lambda/counters/tick/streams.ts`). */
export const rememberedMinutes = 13;

/** Ticks until every series exists, and what was remembered for that is forgotten. */
export function warmUp({ pipelines }: Load): readonly Step[] {
  return [
    // Nothing counts in the first tick, which is when counting begins.
    { finishes: 0, minutes: 0 },
    { finishes: pipelines * results.length * branches.length * runsOfEach, minutes: 1 },
    { finishes: 0, minutes: rememberedMinutes + 1 },
  ];
}

function finishOf(number: number, pipelines: number, finishedMs: number): Finish {
  const place = number % pipelines;
  const pipeline = `team-${String(place % 40)}/service-${String(place)}`;
  const kind = Math.floor(number / pipelines);
  const result = results[kind % 2] ?? 'success';
  const branch = branches[Math.floor(kind / 2) % 2] ?? 'main';
  const labels = { system: 'bench', source: 'main', scope: 'production', pipeline };
  const onBranch = { ...labels, branch };
  // Any values will do, as long as they differ: a state of equal numbers would compress too well.
  const waitS = (number * 7919) % 1800;
  const durationS = (number * 104_729) % 7200;
  return {
    key: `01942f1e-7c4a-4d2b-9d51-${String(number).padStart(12, '0')}`,
    finishedMs: finishedMs + (number % 1000),
    counts: [{ metric: runsFinished, labels: { ...onBranch, result, attempt: 'first' }, increase: 1 }],
    observations: [
      { metric: runWait, labels, value: waitS },
      { metric: runDuration, labels: { ...labels, result }, value: durationS },
    ],
    marks: buildMarks(onBranch, result, finishedMs),
  };
}
