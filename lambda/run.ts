/** One run of the pipeline: collect from every source, deliver to every sink, report. */
import type { Counted, CountingRun } from './counters/counting.ts';
import { pickEarliest } from './http/answers/server-clock.ts';
import type { Batch } from './model/batch.ts';
import type { ConfiguredSource, Pipeline, RunContext } from './pipeline.ts';
import { mapHealth } from './report/map-health.ts';
import { summarizeSink, summarizeSources } from './report/summarize-results.ts';
import { determineOutcome, type RunReport, type SinkOutcome, type SourceOutcome } from './report/report.ts';
import { type Capacity, computeCapacity, computeWritingCapacity } from './model/limits/capacity.ts';
import { type Clock, startStopwatch } from './runtime/clock.ts';
import type { Deadline } from './runtime/deadline.ts';
import { runEach } from './runtime/run-each.ts';

/** Delivery always keeps the other 40 %: a slow CI system must not starve it. */
const shareForSources = 0.6;

/** Of the sources' share: a secret store that hangs leaves them the other half, with the values that are cached. */
const shareForSecrets = 0.5;

/** Of a counted source's share: the rest is for saving what was counted, without which nothing of it is published. */
const shareBeforeSaving = 0.85;

/** One tick: collect from every source, deliver to every sink, report. Never throws for what a source or sink does. */
export async function run(pipeline: Pipeline, context: RunContext): Promise<RunReport> {
  const { clock, collector } = pipeline;
  const { scheduledMs, tickMs } = context;
  const startedAtMs = clock();
  const durationMs = startStopwatch(clock);
  const reservedMs = reserveForSinks(pipeline, context.deadline);
  const latestEndMs = context.deadline.remainingMs() + reservedMs;

  const { batch, sources, counting } = await gather(pipeline, context, 'commit');
  // Another invocation publishes this tick, the collector's own metrics included.
  const isTaken = sources.length > 0 && sources.every(({ status }) => status === 'skipped');
  const leastForSinksMs = Math.max(0, Math.min(reservedMs, latestEndMs - durationMs()));
  using delivering = extendForSinks(pipeline, context.deadline, leastForSinksMs);
  if (reservedMs > 0 && leastForSinksMs === 0) warnOfLateEnd(pipeline, latestEndMs);
  const sinks = isTaken ? [] : await deliver(pipeline, { deadline: delivering }, batch, counting);

  const outcome = determineOutcome(sources, sinks);
  const report = { outcome, collector, tickMs, scheduledMs, startedAtMs, durationMs: durationMs(), sources, sinks };
  showRun(pipeline, report);
  return report;
}

/** Tells the sinks that show people how runs went; one that fails at it costs nothing but what it shows. */
function showRun({ sinks, log }: Pipeline, report: RunReport): void {
  for (const { id, sink } of sinks) {
    try {
      sink.noteRun?.(report);
    } catch (error) {
      log.error('a sink could not show how the run went', { sink: id, error });
    }
  }
}

/**
 * Time that the sinks have although the rest has taken it. Nothing ends a process in a terminal at its deadline, as Lambda
 * does: on a machine that is very busy it is better that a run ends late than that all that was read is lost. It never
 * ends later than by this time, so that who waits for it knows for how long.
 */
function reserveForSinks({ resources }: Pipeline, deadline: Deadline): number {
  return resources?.runtime === 'terminal' ? deadline.remainingMs() * (1 - shareForSources) : 0;
}

function extendForSinks({ log }: Pipeline, deadline: Deadline, leastMs: number): Deadline {
  const extended = deadline.extendTo(leastMs);
  const addedMs = extended.remainingMs() - deadline.remainingMs();
  // Less than this passes between two looks at the clock.
  if (addedMs >= 1000)
    log.warn('the machine is so busy that reading took the time of the sinks as well; this run may end later', {
      atMostLaterMs: Math.round(addedMs),
      remedy: 'raise --timeout, or run it on a machine that has more CPU time left',
    });
  return extended;
}

/** What was begun, such as adding up 30,000 queues, is not broken off. */
function warnOfLateEnd({ log }: Pipeline, latestEndMs: number): void {
  log.warn('the machine is so busy that reading alone took longer than a run may; nothing is sent', {
    latestEndMs: Math.round(latestEndMs),
    remedy: 'raise --timeout, or run it on a machine that has more CPU time left',
  });
}

export interface Collected {
  readonly batch: Batch;
  readonly sources: readonly SourceOutcome[];
}

export interface Previewed extends Collected {
  /** As a later run on a schedule reports, when it knows of its sinks, too. */
  readonly later: RunReport;
  /** The collector's own metrics of that run. */
  readonly laterHealth: Batch['health'];
}

/** The first half of a run, without a trace: a dry run reads the state of counters and saves nothing. */
export async function collect(pipeline: Pipeline, context: RunContext): Promise<Previewed> {
  const { batch, sources } = await gather(pipeline, context, 'preview');
  const { tickMs: scheduledMs, collectedAtMs: startedAtMs } = batch;
  const sinks = assumeWorkingSinks(pipeline);
  const reported = { collector: pipeline.collector, scheduledMs, startedAtMs, sources, sinks };
  const later = { ...reported, outcome: determineOutcome(sources, []), tickMs: batch.tickMs, durationMs: 0 };
  return { batch, sources, later, laterHealth: mapHealth(reported) };
}

/** The sinks as they report a delivery without problems. */
export function assumeWorkingSinks({ sinks, counting }: Pick<Pipeline, 'sinks' | 'counting'>): readonly SinkOutcome[] {
  return sinks.map(({ id, name, sink }) => {
    const outcome = { id, name, durationMs: 0, accepted: 0, requests: 0, bytes: 0, problems: [] };
    return counting !== undefined && sink.redeliver !== undefined ? { ...outcome, pending: 0 } : outcome;
  });
}

interface Gathered extends Collected {
  readonly counting: CountingRun | undefined;
}

async function gather(pipeline: Pipeline, context: RunContext, mode: 'commit' | 'preview'): Promise<Gathered> {
  const { clock, collector, log } = pipeline;
  const { deadline, tickMs, scheduledMs, before } = context;
  const startedAtMs = clock();
  using collecting = deadline.slice(shareForSources);

  const capacity = measureCapacity(pipeline, deadline);
  const readCpuShare = pipeline.resources?.startCpuMeter?.();
  const counting = await prepare(pipeline, collecting);
  const results = await runEach(pipeline.sources, collecting, clock, log, (source) =>
    collectFrom(source, counting, { deadline: collecting, tickMs, clock, mode, room: capacity.samples }),
  );

  const read = summarizeSources(pipeline, results, {
    before,
    determineCapacity: (samples) =>
      chooseLess(capacity, measureWritingCapacity(pipeline, { samples, deadline, readCpuShare })),
  });
  const sources = read.map(({ outcome }) => outcome);
  const health = mapHealth({ collector, scheduledMs, startedAtMs, sources, sinks: before?.sinks ?? [] });
  const batch = { tickMs, collectedAtMs: startedAtMs, sources: read.map(({ output }) => output), health };
  return { batch, sources, counting };
}

/** By the time of the whole run as it begins: what a run has room for must not depend on how fast the network is. */
function measureCapacity({ resources: means }: Pipeline, deadline: Deadline): Capacity {
  return means === undefined ? unbounded : computeCapacity(means, deadline.remainingMs());
}

/** Of the time that is left when all is read, where the share of a core was not known before. */
function measureWritingCapacity({ resources }: Pipeline, { samples, deadline, readCpuShare }: Read): Capacity {
  if (resources === undefined || readCpuShare === undefined) return unbounded;
  return computeWritingCapacity(resources, {
    samples,
    remainingMs: deadline.remainingMs(),
    cpuShare: readCpuShare(),
  });
}

interface Read {
  readonly samples: number;
  readonly deadline: Deadline;
  readonly readCpuShare: (() => number) | undefined;
}

function chooseLess(a: Capacity, b: Capacity): Capacity {
  return b.samples < a.samples ? b : a;
}

const unbounded: Capacity = { samples: Infinity, remedy: '' };

/** Secrets that are due, and what is remembered of the sinks. */
async function prepare({ counting, prefetchSecrets, sinks }: Pipeline, collecting: Deadline) {
  using reading = collecting.slice(shareForSecrets);
  const [run] = await Promise.all([counting?.begin(sinks, reading.signal), prefetchSecrets(reading.signal)]);
  return run;
}

interface CollectInput {
  readonly deadline: Deadline;
  readonly tickMs: number;
  readonly clock: Clock;
  readonly mode: 'commit' | 'preview';
  /** Samples that the run has room for. */
  readonly room: number;
}

async function collectFrom(
  configured: ConfiguredSource,
  counting: CountingRun | undefined,
  { deadline, tickMs, clock, mode, room }: CollectInput,
): Promise<Counted> {
  const { source, needsState } = configured;
  if (counting === undefined || !needsState) {
    return {
      outcome: 'uncounted',
      collection: await source.collect({ deadline, tickMs, openLedger: refuseLedger, room }),
    };
  }
  using reading = deadline.slice(shareBeforeSaving);
  const getVendorNow = (): number | undefined => pickEarliest(configured.readClocks());
  return await counting.collect(
    configured,
    { tickMs, clock, signal: deadline.signal, mode, vendorNow: getVendorNow },
    (openLedger) => source.collect({ deadline: reading, tickMs, openLedger, room }),
  );
}

async function refuseLedger(): Promise<never> {
  const { StateStoreError } = await import('./counters/stores/store.ts');
  throw new StateStoreError('configuration', 'the source did not say that it needs state; please report it');
}

async function deliver(
  { clock, log, sinks, cleaner }: Pipeline,
  { deadline }: Pick<RunContext, 'deadline'>,
  batch: Batch,
  counting: CountingRun | undefined,
): Promise<readonly SinkOutcome[]> {
  const results = await runEach(
    sinks,
    deadline,
    clock,
    log,
    (configured) => counting?.deliver(configured, batch, deadline) ?? configured.sink.write(batch, { deadline }),
  );
  return results.map(({ component, result }) => summarizeSink(component, result, cleaner));
}
