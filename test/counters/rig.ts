/** A counted source and its state with a clock that the test moves, for tests of the counters. */
import { countTick, type CountedTick, type CountingContext } from '../../lambda/counters/tick/count-tick.ts';
import type { Finish } from '../../lambda/counters/finish.ts';
import type { Ledger, Stream } from '../../lambda/counters/ledger.ts';
import { createMemoryStateStore } from '../../lambda/counters/stores/memory-store.ts';
import type { CountingSettings } from '../../lambda/counters/settings.ts';
import type { StateStore } from '../../lambda/counters/stores/store.ts';
import type { Labels, MetricFamily } from '../../lambda/model/metric.ts';
import { durationBounds, waitBounds } from '../../lambda/model/catalogue/bounds.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsFinished,
  runWait,
} from '../../lambda/model/catalogue/run-metrics.ts';
import type { Collection } from '../../lambda/sources/source.ts';
import { recordingLog, type RecordingLog } from '../support/recording-log.ts';

export const minuteMs = 60_000;
/** The first tick. */
export const startMs = Date.UTC(2026, 0, 5, 12);

export const builds: Stream = { name: 'builds' };

export const source = {
  id: 'test/main',
  system: 'test',
  name: 'main',
  metrics: [runsFinished, runDuration, runWait, runLastFinished, runLastResult, runLastSuccess],
};

export const settings: CountingSettings = { maxSeriesPerMetric: 500, waitBounds, durationBounds, backfillMs: 0 };

export interface Told {
  readonly ledger: Ledger;
  /** `at` in minutes after the first tick. */
  readonly finished: (id: string, at: number, rest?: FinishRest, stream?: Stream) => void;
}

export interface FinishRest {
  readonly attempt?: number;
  readonly seconds?: number;
  readonly pipeline?: string;
  /** Minutes after the first tick. */
  readonly createdAt?: number;
  readonly result?: 'success' | 'failure';
}

export interface Rig {
  readonly store: StateStore;
  readonly log: RecordingLog;
  /** One tick, `at` minutes after the first; `tell` returns problems where there are any. */
  readonly tick: (at: number, tell: Tell, options?: Partial<CountingContext>) => Promise<CountedTick>;
  /** The stored document, as text. */
  readonly body: () => Promise<string | undefined>;
}

export type Tell = (told: Told) => Collection['problems'] | undefined;

/** A source of builds over a store, without time or network. */
export function rig({ store = createMemoryStateStore(), ...rest }: Partial<CountingContext> = {}): Rig {
  const log = recordingLog();
  const { signal } = new AbortController();
  return {
    store,
    log,
    body: async () => (await store.load(source.id, signal))?.body,
    tick: (at, tell, options = {}) => {
      const context: CountingContext = {
        tickMs: startMs + at * minuteMs,
        store,
        signal,
        settings,
        mode: 'commit',
        additiveSinks: [],
        isSettled: () => false,
        log,
        ...rest,
        ...options,
      };
      return countTick(
        async (openLedger) => {
          const ledger = await openLedger();
          const problems = tell({
            ledger,
            finished: (id, minutes, finish = {}, stream = builds) => {
              ledger.countFinish(stream, id, finishOf(id, startMs + minutes * minuteMs, finish));
            },
          });
          return { families: [], problems: problems ?? [] };
        },
        source,
        context,
      );
    },
  };
}

const labels = { system: 'test', source: 'main', scope: 'acme' };

export function finishOf(
  id: string,
  finishedMs: number,
  { attempt = 1, seconds = 10, pipeline = 'web', createdAt, result = 'success' }: FinishRest = {},
): Finish {
  const ofPipeline = { ...labels, pipeline };
  const first = attempt === 1 ? 'first' : 'retry';
  return {
    key: `${id} ${String(attempt)}`,
    finishedMs,
    createdMs: createdAt === undefined ? undefined : startMs + createdAt * minuteMs,
    counts: [
      {
        metric: runsFinished,
        labels: { ...ofPipeline, result, attempt: first, branch: 'main' },
        increase: 1,
      },
    ],
    observations: [
      {
        metric: runDuration,
        labels: { ...ofPipeline, result },
        value: seconds,
        exemplar: { labels: { build: id }, value: seconds, timestampMs: finishedMs },
      },
    ],
    marks: marksOf({ ...ofPipeline, branch: 'main' }, finishedMs, result),
    line: { run: id },
  };
}

function marksOf(labels: Labels, finishedMs: number, result: 'success' | 'failure'): Finish['marks'] {
  const value = finishedMs / 1000;
  return [
    { metric: runLastFinished, labels, value },
    { metric: runLastResult, labels, value: result === 'success' ? 1 : 0 },
    ...(result === 'success' ? [{ metric: runLastSuccess, labels, value }] : []),
  ];
}

/** Reads the window and tells nothing. */
export const quiet: Tell = ({ ledger }) => {
  ledger.noteComplete(builds);
  return [];
};

/** Reads the window completely, with these finishes in it. */
export function saw(...finishes: readonly (readonly [id: string, at: number, rest?: FinishRest])[]): Tell {
  return ({ ledger, finished }) => {
    for (const [id, at, rest] of finishes) finished(id, at, rest);
    ledger.noteComplete(builds);
    return [];
  };
}

export function familiesOf(counted: CountedTick): readonly MetricFamily[] {
  return counted.outcome === 'skipped' ? [] : counted.collection.families;
}

export interface Sum {
  readonly increase: number;
  readonly total: number;
}

/** All series of a counter together; undefined when it was not published. */
export function sumOf(counted: CountedTick, metric: string = runsFinished.name, only: Labels = {}): Sum | undefined {
  const family = familiesOf(counted).find(({ definition }) => definition.name === metric);
  if (family?.type !== 'counter') return undefined;
  const samples = family.samples.filter(({ labels: own }) =>
    Object.entries(only).every(([name, value]) => own[name] === value),
  );
  return {
    increase: samples.reduce((sum, { increase }) => sum + increase, 0),
    total: samples.reduce((sum, { total }) => sum + (total?.value ?? 0), 0),
  };
}
