import type { CountingFigures } from '../counters/tick/count-tick.ts';
import {
  apiRequests,
  buildInfo,
  increasesDropped,
  increasesPending,
  increasesUnconfirmed,
  lastRun,
  openRuns,
  problemCount,
  quotaLimit,
  quotaRemaining,
  readTruncated,
  runLag,
  runsLost,
  seriesOverflow,
  sinkDuration,
  sinkSamples,
  sinkUp,
  sourceDuration,
  sourceLastSuccess,
  sourceSamples,
  sourceUp,
  stateBytes,
  watermarkLag,
} from '../model/catalogue/catalogue.ts';
import { credentialMetrics } from '../model/credential.ts';
import { gauge, type GaugeFamily } from '../model/metric.ts';
import { inCanonicalOrder } from '../model/families/order.ts';
import { problemKinds, type Problem } from '../model/problem.ts';
import type { SinkOutcome, SourceOutcome } from './report.ts';
import { version } from '../version.ts';

export interface HealthInput {
  readonly collector: string;
  readonly scheduledMs?: number | undefined;
  readonly startedAtMs: number;
  readonly sources: readonly SourceOutcome[];
  /** Of this run in the log, of the run before in what the sinks get: a sink cannot tell of itself in time. */
  readonly sinks: readonly SinkOutcome[];
}

/** The `ci_collector_*` families: published whatever failed, so that silence always means a dead collector. */
export function healthFamilies(input: HealthInput): readonly GaugeFamily[] {
  // Another invocation tells of a source that was skipped.
  const sources = input.sources.filter(({ status }) => status !== 'skipped');
  const families = [
    ...ofRun(input),
    ...ofSources(sources),
    ...ofCounting(sources),
    ...ofCredentials(sources),
    ...ofSinks(input.sinks),
    problems({ ...input, sources }),
  ];
  return inCanonicalOrder(families).filter((family) => family.type === 'gauge');
}

function ofRun({ collector, scheduledMs, startedAtMs }: HealthInput): readonly GaugeFamily[] {
  return [
    gauge(buildInfo, [{ labels: { collector, version }, value: 1 }]),
    gauge(lastRun, [{ labels: { collector }, value: startedAtMs / 1000 }]),
    gauge(runLag, scheduledMs === undefined ? [] : [{ labels: { collector }, value: lag(scheduledMs, startedAtMs) }]),
  ];
}

/** Seconds; the clocks of two services may differ by a little. */
function lag(scheduledMs: number, startedAtMs: number): number {
  return Math.max(0, startedAtMs - scheduledMs) / 1000;
}

function ofSources(sources: readonly SourceOutcome[]): readonly GaugeFamily[] {
  const of = (value: (source: SourceOutcome) => number | undefined) =>
    sources.flatMap((source) => {
      const measured = value(source);
      return measured === undefined ? [] : [{ labels: labelsOf(source), value: measured }];
    });
  return [
    gauge(
      sourceUp,
      of(({ status }) => (status === 'complete' ? 1 : 0)),
    ),
    gauge(
      sourceDuration,
      of(({ durationMs }) => durationMs / 1000),
    ),
    gauge(
      sourceLastSuccess,
      of(({ lastSuccessMs }) => (lastSuccessMs === undefined ? undefined : lastSuccessMs / 1000)),
    ),
    gauge(
      sourceSamples,
      of(({ samples }) => samples),
    ),
    gauge(
      seriesOverflow,
      of(({ overflow }) => overflow),
    ),
    gauge(
      quotaRemaining,
      of(({ meter }) => meter.quota?.remaining),
    ),
    gauge(
      quotaLimit,
      of(({ meter }) => meter.quota?.limit),
    ),
    gauge(
      apiRequests,
      sources.flatMap((source) =>
        [...source.meter.attempts].map(([status, value]) => ({ labels: { ...labelsOf(source), status }, value })),
      ),
    ),
  ];
}

function ofCounting(sources: readonly SourceOutcome[]): readonly GaugeFamily[] {
  const of = (value: (counting: CountingFigures) => number | undefined) =>
    sources.flatMap((source) => {
      const measured = source.counting === undefined ? undefined : value(source.counting);
      return measured === undefined ? [] : [{ labels: labelsOf(source), value: measured }];
    });
  return [
    gauge(
      watermarkLag,
      of(({ watermarkLagSeconds }) => watermarkLagSeconds),
    ),
    gauge(
      openRuns,
      of((counting) => counting.openRuns),
    ),
    gauge(
      readTruncated,
      of(({ truncated }) => (truncated > 0 ? 1 : 0)),
    ),
    gauge(
      runsLost,
      of((counting) => counting.runsLost),
    ),
    gauge(
      stateBytes,
      of((counting) => counting.stateBytes),
    ),
  ];
}

/** Known also while the source fails, and then wanted most. */
function ofCredentials(sources: readonly SourceOutcome[]): readonly GaugeFamily[] {
  const told = sources.flatMap((source) => source.told ?? []);
  return credentialMetrics.map((metric) =>
    gauge(
      metric,
      told.filter(({ definition }) => definition.name === metric.name).flatMap(({ samples }) => samples),
    ),
  );
}

function labelsOf({ system, name }: SourceOutcome): { system: string; source: string } {
  return { system, source: name };
}

function ofSinks(sinks: readonly SinkOutcome[]): readonly GaugeFamily[] {
  const of = (value: (sink: SinkOutcome) => number) =>
    sinks.map((sink) => ({ labels: { sink: sink.name }, value: value(sink) }));
  return [
    gauge(
      sinkUp,
      of((sink) => (sink.problems.length === 0 ? 1 : 0)),
    ),
    gauge(
      sinkDuration,
      of(({ durationMs }) => durationMs / 1000),
    ),
    gauge(
      sinkSamples,
      of(({ accepted }) => accepted),
    ),
    ...ofOutboxes(sinks),
  ];
}

/** Only of sinks that add what they are sent; the others have nothing to lose. */
function ofOutboxes(sinks: readonly SinkOutcome[]): readonly GaugeFamily[] {
  const of = (value: (sink: SinkOutcome) => number | undefined) =>
    sinks.flatMap((sink) => {
      const measured = sink.pending === undefined ? undefined : (value(sink) ?? 0);
      return measured === undefined ? [] : [{ labels: { sink: sink.name }, value: measured }];
    });
  return [
    gauge(
      increasesPending,
      of(({ pending }) => pending),
    ),
    gauge(
      increasesUnconfirmed,
      of(({ unconfirmed }) => unconfirmed),
    ),
    gauge(
      increasesDropped,
      of(({ dropped }) => dropped),
    ),
  ];
}

function problems({ sources, sinks }: HealthInput): GaugeFamily {
  return gauge(
    problemCount,
    [...sources, ...sinks].flatMap((component) =>
      problemKinds.map((kind) => ({
        labels: { component: component.id, kind },
        value: count(component.problems, kind),
      })),
    ),
  );
}

function count(list: readonly Problem[], kind: Problem['kind']): number {
  return list.filter((problem) => problem.kind === kind).length;
}
