/** The source `buildkite` as the wiring makes it, with the real HTTP client and secret cache. */
import { createCounting } from '../../../lambda/counters/counting.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import type { Inbox } from '../../../lambda/events/inbox.ts';
import type { Timeouts } from '../../../lambda/http/transport/limits.ts';
import type { CounterSample, DistributionSample, MetricFamily } from '../../../lambda/model/metric.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/catalogue/bounds.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createBuildkite } from '../../../lambda/sources/buildkite/collect.ts';
import { BuildkiteConfig } from '../../../lambda/sources/buildkite/config.ts';
import { buildkite } from '../../../lambda/sources/buildkite/index.ts';
import type { Collection } from '../../../lambda/sources/source.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import { withoutLedger } from '../../support/ledger.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSource extends AsyncDisposable {
  /** One run of a warm process; the secrets are read as the pipeline reads them. */
  collect(budgetMs?: number, signal?: AbortSignal): Promise<Collection>;
  /** The same with its memory: counted families are among the families, finished runs in the log. */
  count(budgetMs?: number): Promise<Collection>;
  /** What the secret references `{ env: … }` lead to. */
  readonly variables: Record<string, string>;
  readonly log: RecordingLog;
}

export interface TestSourceOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly clock?: () => number;
  readonly timeouts?: Partial<Timeouts>;
  /** Where the memory is; default: in this source. */
  readonly store?: StateStore;
  /** What tells of events; default: nothing. */
  readonly inbox?: Inbox;
}

/** The source as the wiring makes it, with the real HTTP client and the real secret cache. */
export function buildkiteSource(
  raw: Readonly<Record<string, unknown>>,
  {
    variables: given,
    clock = () => Date.now(),
    timeouts = {},
    store = createMemoryStateStore(),
    inbox,
  }: TestSourceOptions,
): TestSource {
  const variables = { ...given };
  const { hub, cache, log } = createWired(variables, { clock, timeouts });
  const config = BuildkiteConfig.parse({ kind: 'buildkite', name: 'main', ...raw });
  const source = createBuildkite(config, {
    http: hub.port(),
    aws: noAws,
    secrets: cache.secrets,
    clock,
    log,
    inbox,
  });
  const id = `buildkite/${config.name}`;
  const { metrics } = buildkite.prepare(config);
  const counted = { id, system: 'buildkite', name: config.name, metrics };
  const settings = { maxSeriesPerMetric: 10_000, waitBounds, durationBounds, backfillMs: 0 };
  const counting = createCounting({ store, settings, finishedRuns: 'log', log });
  return {
    count: async (budgetMs = 20_000) => {
      using deadline = createDeadline(budgetMs, () => Date.now());
      cache.startRun();
      const tickMs = clock();
      const run = await counting.begin([], deadline.signal);
      const context = { tickMs, signal: deadline.signal, mode: 'commit' as const };
      const result = await run.collect(counted, context, (openLedger) =>
        source.collect({ deadline, tickMs, openLedger }),
      );
      if (result.outcome === 'skipped') throw new Error(result.reason);
      return result.collection;
    },
    collect: async (budgetMs = 20_000, signal) => {
      // Timers are real ones, so the deadline counts real time, whatever the clock of the test says.
      using deadline = createDeadline(budgetMs, () => Date.now(), signal);
      cache.startRun();
      return await source.collect({ deadline, tickMs: clock(), openLedger: withoutLedger });
    },
    variables,
    log,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}

/** `ci_queue_jobs{queue="a",state="queued"}` and its like, to values; only the named labels are in the keys. */
export function valuesOf(
  families: readonly MetricFamily[],
  name: string,
  labels: readonly string[],
): Readonly<Record<string, number>> {
  const family = families.find(({ definition }) => definition.name === name);
  if (family?.type !== 'gauge') return {};
  return Object.fromEntries(
    family.samples.map((sample) => [labels.map((label) => sample.labels[label] ?? '').join(' '), sample.value]),
  );
}

/** Totals of a counter, or the counts of a distribution, without zeros; keys as in `valuesOf`. */
export function totalsOf(
  families: readonly MetricFamily[],
  name: string,
  labels: readonly string[],
): Readonly<Record<string, number>> {
  const family = families.find(({ definition }) => definition.name === name);
  if (family === undefined || family.type === 'gauge') return {};
  const samples: readonly (CounterSample | DistributionSample)[] = family.samples;
  const totals = new Map<string, number>();
  for (const sample of samples) {
    const key = labels.map((label) => sample.labels[label] ?? '').join(' ');
    const { total } = sample;
    const value =
      total !== undefined && 'counts' in total
        ? total.counts.reduce((sum, count) => sum + count, 0)
        : (total?.value ?? 0);
    if (value > 0) totals.set(key, (totals.get(key) ?? 0) + value);
  }
  return Object.fromEntries(totals);
}
