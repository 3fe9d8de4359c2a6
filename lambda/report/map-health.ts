/** Maps how a run went to the collector's own metrics. */
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
} from '../model/catalogue/collector-metrics.ts';
import { credentialMetrics } from '../model/credential.ts';
import { buildGauge, type GaugeFamily } from '../model/metric.ts';
import { sortFamilies } from '../model/families/order.ts';
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
export function mapHealth(input: HealthInput): readonly GaugeFamily[] {
  // Another invocation tells of a source that was skipped.
  const sources = input.sources.filter(({ status }) => status !== 'skipped');
  const families = [
    ...mapRun(input),
    ...mapSources(sources),
    ...mapCounting(sources),
    ...ofCredentials(sources),
    ...mapSinks(input.sinks),
    mapProblems({ ...input, sources }),
  ];
  return sortFamilies(families).filter((family) => family.type === 'gauge');
}

function mapRun({ collector, scheduledMs, startedAtMs }: HealthInput): readonly GaugeFamily[] {
  return [
    buildGauge(buildInfo, [{ labels: { collector, version }, value: 1 }]),
    buildGauge(lastRun, [{ labels: { collector }, value: startedAtMs / 1000 }]),
    buildGauge(
      runLag,
      scheduledMs === undefined ? [] : [{ labels: { collector }, value: computeLag(scheduledMs, startedAtMs) }],
    ),
  ];
}

/** Seconds; the clocks of two services may differ by a little. */
function computeLag(scheduledMs: number, startedAtMs: number): number {
  return Math.max(0, startedAtMs - scheduledMs) / 1000;
}

function mapSources(sources: readonly SourceOutcome[]): readonly GaugeFamily[] {
  const sampleEach = (value: (source: SourceOutcome) => number | undefined) =>
    sources.flatMap((source) => {
      const measured = value(source);
      return measured === undefined ? [] : [{ labels: labelsOf(source), value: measured }];
    });
  return [
    buildGauge(
      sourceUp,
      sampleEach(({ status }) => (status === 'complete' ? 1 : 0)),
    ),
    buildGauge(
      sourceDuration,
      sampleEach(({ durationMs }) => durationMs / 1000),
    ),
    buildGauge(
      sourceLastSuccess,
      sampleEach(({ lastSuccessMs }) => (lastSuccessMs === undefined ? undefined : lastSuccessMs / 1000)),
    ),
    buildGauge(
      sourceSamples,
      sampleEach(({ samples }) => samples),
    ),
    buildGauge(
      seriesOverflow,
      sampleEach(({ overflow }) => overflow),
    ),
    buildGauge(
      quotaRemaining,
      sampleEach(({ meter }) => meter.rateLimit?.remaining),
    ),
    buildGauge(
      quotaLimit,
      sampleEach(({ meter }) => meter.rateLimit?.limit),
    ),
    buildGauge(
      apiRequests,
      sources.flatMap((source) =>
        [...source.meter.attempts].map(([status, value]) => ({ labels: { ...labelsOf(source), status }, value })),
      ),
    ),
  ];
}

function mapCounting(sources: readonly SourceOutcome[]): readonly GaugeFamily[] {
  const sampleEach = (value: (counting: CountingFigures) => number | undefined) =>
    sources.flatMap((source) => {
      const measured = source.counting === undefined ? undefined : value(source.counting);
      return measured === undefined ? [] : [{ labels: labelsOf(source), value: measured }];
    });
  return [
    buildGauge(
      watermarkLag,
      sampleEach(({ watermarkLagSeconds }) => watermarkLagSeconds),
    ),
    buildGauge(
      openRuns,
      sampleEach((counting) => counting.openRuns),
    ),
    buildGauge(
      readTruncated,
      sampleEach(({ truncated }) => (truncated > 0 ? 1 : 0)),
    ),
    buildGauge(
      runsLost,
      sampleEach((counting) => counting.runsLost),
    ),
    buildGauge(
      stateBytes,
      sampleEach((counting) => counting.stateBytes),
    ),
  ];
}

/** Known also while the source fails, and then wanted most. */
function ofCredentials(sources: readonly SourceOutcome[]): readonly GaugeFamily[] {
  const told = sources.flatMap((source) => source.told ?? []);
  return credentialMetrics.map((metric) =>
    buildGauge(
      metric,
      told.filter(({ definition }) => definition.name === metric.name).flatMap(({ samples }) => samples),
    ),
  );
}

function labelsOf({ system, name }: SourceOutcome): { system: string; source: string } {
  return { system, source: name };
}

function mapSinks(sinks: readonly SinkOutcome[]): readonly GaugeFamily[] {
  const sampleEach = (value: (sink: SinkOutcome) => number) =>
    sinks.map((sink) => ({ labels: { sink: sink.name }, value: value(sink) }));
  return [
    buildGauge(
      sinkUp,
      sampleEach((sink) => (sink.problems.length === 0 ? 1 : 0)),
    ),
    buildGauge(
      sinkDuration,
      sampleEach(({ durationMs }) => durationMs / 1000),
    ),
    buildGauge(
      sinkSamples,
      sampleEach(({ accepted }) => accepted),
    ),
    ...mapOutboxes(sinks),
  ];
}

/** Only of sinks that add what they are sent; the others have nothing to lose. */
function mapOutboxes(sinks: readonly SinkOutcome[]): readonly GaugeFamily[] {
  const sampleEach = (value: (sink: SinkOutcome) => number | undefined) =>
    sinks.flatMap((sink) => {
      const measured = sink.pending === undefined ? undefined : (value(sink) ?? 0);
      return measured === undefined ? [] : [{ labels: { sink: sink.name }, value: measured }];
    });
  return [
    buildGauge(
      increasesPending,
      sampleEach(({ pending }) => pending),
    ),
    buildGauge(
      increasesUnconfirmed,
      sampleEach(({ unconfirmed }) => unconfirmed),
    ),
    buildGauge(
      increasesDropped,
      sampleEach(({ dropped }) => dropped),
    ),
  ];
}

function mapProblems({ sources, sinks }: HealthInput): GaugeFamily {
  return buildGauge(
    problemCount,
    [...sources, ...sinks].flatMap((component) =>
      problemKinds.map((kind) => ({
        labels: { component: component.id, kind },
        value: countKind(component.problems, kind),
      })),
    ),
  );
}

function countKind(list: readonly Problem[], kind: Problem['kind']): number {
  return list.filter((problem) => problem.kind === kind).length;
}
