import type { Batch } from './model/batch.ts';
import type { Pipeline, RunContext } from './pipeline.ts';
import { healthFamilies } from './report/health.ts';
import { deliveryOf, readingOf } from './report/reading.ts';
import { outcomeOf, type RunReport, type SinkOutcome, type SourceOutcome } from './report/report.ts';
import { StateStoreError } from './counters/store.ts';
import { stopwatch } from './runtime/clock.ts';
import type { Deadline } from './runtime/deadline.ts';
import { each } from './runtime/each.ts';

/** Delivery always keeps the other 40 %: a slow CI system must not starve it. */
const shareForSources = 0.6;

/** Of the sources' share: a secret store that hangs leaves them the other half, with the values that are cached. */
const shareForSecrets = 0.5;

/** One tick: collect from every source, deliver to every sink, report. Never throws for what a source or sink does. */
export async function run(pipeline: Pipeline, context: RunContext): Promise<RunReport> {
  const { clock, collector } = pipeline;
  const { scheduledMs, tickMs } = context;
  const startedAtMs = clock();
  const durationMs = stopwatch(clock);

  const { batch, sources } = await collect(pipeline, context);
  const sinks = await deliver(pipeline, context, batch);

  const outcome = outcomeOf(sources, sinks);
  return { outcome, collector, tickMs, scheduledMs, startedAtMs, durationMs: durationMs(), sources, sinks };
}

function noLedger(): Promise<never> {
  return Promise.reject(new StateStoreError('configuration', 'there is no place for the state of counters'));
}

export interface Collected {
  readonly batch: Batch;
  readonly sources: readonly SourceOutcome[];
}

/** The first half of a run; a dry run ends here. */
export async function collect(pipeline: Pipeline, context: RunContext): Promise<Collected> {
  const { clock, collector, log } = pipeline;
  const { deadline, tickMs, scheduledMs, before } = context;
  const startedAtMs = clock();
  using collecting = deadline.slice(shareForSources);

  await prefetch(pipeline, collecting);
  const results = await each(pipeline.sources, collecting, clock, log, ({ source }) =>
    source.collect({ deadline: collecting, tickMs, openLedger: noLedger }),
  );

  const read = results.map(({ part, result }) => readingOf(pipeline, part, result, before));
  const sources = read.map(({ outcome }) => outcome);
  const health = healthFamilies({ collector, scheduledMs, startedAtMs, sources, sinks: before?.sinks ?? [] });
  return { batch: { tickMs, collectedAtMs: startedAtMs, parts: read.map(({ part }) => part), health }, sources };
}

async function prefetch(pipeline: Pipeline, collecting: Deadline): Promise<void> {
  using reading = collecting.slice(shareForSecrets);
  await pipeline.prefetchSecrets(reading.signal);
}

async function deliver(
  { clock, log, sinks }: Pipeline,
  { deadline }: RunContext,
  batch: Batch,
): Promise<readonly SinkOutcome[]> {
  const results = await each(sinks, deadline, clock, log, ({ sink }) => sink.write(batch, { deadline }));
  return results.map(({ part, result }) => deliveryOf(part, result));
}
