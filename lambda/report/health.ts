import {
  apiRequests,
  buildInfo,
  lastRun,
  problemCount,
  quotaLimit,
  quotaRemaining,
  runLag,
  seriesOverflow,
  sinkDuration,
  sinkSamples,
  sinkUp,
  sourceDuration,
  sourceLastSuccess,
  sourceSamples,
  sourceUp,
} from '../model/catalogue.ts';
import { gauge, type GaugeFamily } from '../model/metric.ts';
import { inCanonicalOrder } from '../model/order.ts';
import { problemKinds, type Problem } from '../model/problem.ts';
import type { SinkOutcome, SourceOutcome } from './report.ts';
import { version } from './version.ts';

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
  const families = [...ofRun(input), ...ofSources(input.sources), ...ofSinks(input.sinks), problems(input)];
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
