/** A usual run of a configuration: what its sinks get, and what it reports of itself. */
import type { Batch, SourceOutput } from '../../model/batch.ts';
import { isAbsent } from '../../model/catalogue/absence.ts';
import { watermarkLag } from '../../model/catalogue/collector-metrics.ts';
import type { MetricFamily } from '../../model/metric.ts';
import { sortFamilies } from '../../model/families/order.ts';
import { mapHealth } from '../../report/map-health.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from '../../report/report.ts';
import type { PreparedSource } from '../../sources/source.ts';
import { buildExpectedFamilies } from './expected-families.ts';
import type { Fleet } from '../fleet.ts';
import { estimateStateSize, type StateSize } from './state-size.ts';

export interface ExpectedRun {
  readonly batch: Batch;
  readonly report: RunReport;
  /** Of the state of each source that counts, as stored. Bytes. */
  readonly stateBytes: readonly number[];
}

export interface ExpectedRunInput {
  readonly collector: string;
  readonly sources: readonly PreparedSource[];
  readonly fleetOf: (source: PreparedSource) => Fleet;
  /** As they report a delivery without problems. */
  readonly sinks: readonly SinkOutcome[];
}

/** Any time will do: all runs of a month are taken to be alike. */
const tickMs = Date.UTC(2026, 0, 1);

export function buildExpectedRun({ collector, sources, fleetOf, sinks: empty }: ExpectedRunInput): ExpectedRun {
  const read = sources.map((source) => buildExpectedSource(source, fleetOf(source)));
  const outcomes = read.map(({ outcome }) => outcome);
  const samples = outcomes.reduce((sum, outcome) => sum + outcome.samples, 0);
  const sinks = empty.map((sink) => ({ ...sink, accepted: samples, requests: 1, bytes: 1000 }));
  const run = { collector, scheduledMs: tickMs, startedAtMs: tickMs, sources: outcomes, sinks };
  const batch = {
    tickMs,
    collectedAtMs: tickMs,
    sources: read.map(({ output }) => output),
    health: mapHealth(run),
  };
  const stateBytes = read.flatMap(({ state }) => (state === undefined ? [] : [state.storedBytes]));
  return { batch, report: { ...run, outcome: 'ok', tickMs, durationMs: 1000 }, stateBytes };
}

interface ExpectedSource {
  readonly output: SourceOutput;
  readonly outcome: SourceOutcome;
  /** Absent for a source that counts nothing. */
  readonly state: StateSize | undefined;
}

function buildExpectedSource(source: PreparedSource, fleet: Fleet): ExpectedSource {
  const families = sortFamilies(buildExpectedFamilies(source, fleet, tickMs));
  const { system, name, needsState } = source;
  const state = needsState ? estimateStateSize(families, fleet) : undefined;
  return {
    output: { system, source: name, status: 'complete', families },
    outcome: buildOutcome(source, families, state),
    state,
  };
}

function buildOutcome(
  source: PreparedSource,
  families: readonly MetricFamily[],
  state: StateSize | undefined,
): SourceOutcome {
  const { kind, system, name, tellsRateLimit } = source;
  const rateLimit = { remaining: 100, limit: 200 };
  return {
    id: `${kind}/${name}`,
    system,
    name,
    status: 'complete',
    durationMs: 500,
    overflow: 0,
    problems: [],
    samples: families.reduce((sum, { samples }) => sum + samples.length, 0),
    lastSuccessMs: tickMs,
    meter: {
      attempts: new Map([['2xx', 1]]),
      bytesSent: 0,
      bytesReceived: 0,
      ...(tellsRateLimit ? { rateLimit } : {}),
    },
    ...(state === undefined ? {} : { counting: buildFigures(source, state) }),
  };
}

function buildFigures({ absences }: PreparedSource, { plainBytes }: StateSize): NonNullable<SourceOutcome['counting']> {
  const isLagReported = !isAbsent(absences, watermarkLag, {}, ['always', 'usually']);
  return {
    finishes: 1,
    openRuns: 1,
    truncated: 0,
    runsLost: 0,
    fellOut: 0,
    overflow: 0,
    folded: [],
    unpriced: [],
    isNew: false,
    watermarkLagSeconds: isLagReported ? 30 : undefined,
    stateBytes: plainBytes,
  };
}
