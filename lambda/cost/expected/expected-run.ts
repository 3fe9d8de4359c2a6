/** A run of a configuration as it usually is: what its sinks get, and what it reports of itself. */
import type { Batch, SourcePart } from '../../model/batch.ts';
import { isAbsent } from '../../model/catalogue/absence.ts';
import { watermarkLag } from '../../model/catalogue/catalogue.ts';
import type { MetricFamily } from '../../model/metric.ts';
import { inCanonicalOrder } from '../../model/families/order.ts';
import { healthFamilies } from '../../report/map-health.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from '../../report/report.ts';
import type { PreparedSource } from '../../sources/source.ts';
import { expectedFamilies } from './expected-families.ts';
import type { Fleet } from '../fleet.ts';
import { expectedStateSize, type StateSize } from './state-size.ts';

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

/** Any time will do: a month is made of its like. */
const tickMs = Date.UTC(2026, 0, 1);

export function expectedRun({ collector, sources, fleetOf, sinks: empty }: ExpectedRunInput): ExpectedRun {
  const read = sources.map((source) => readOf(source, fleetOf(source)));
  const outcomes = read.map(({ outcome }) => outcome);
  const samples = outcomes.reduce((sum, outcome) => sum + outcome.samples, 0);
  const sinks = empty.map((sink) => ({ ...sink, accepted: samples, requests: 1, bytes: 1000 }));
  const run = { collector, scheduledMs: tickMs, startedAtMs: tickMs, sources: outcomes, sinks };
  const batch = {
    tickMs,
    collectedAtMs: tickMs,
    parts: read.map(({ part }) => part),
    health: healthFamilies(run),
  };
  const stateBytes = read.flatMap(({ state }) => (state === undefined ? [] : [state.storedBytes]));
  return { batch, report: { ...run, outcome: 'ok', tickMs, durationMs: 1000 }, stateBytes };
}

interface Read {
  readonly part: SourcePart;
  readonly outcome: SourceOutcome;
  /** Absent for a source that counts nothing. */
  readonly state: StateSize | undefined;
}

function readOf(source: PreparedSource, fleet: Fleet): Read {
  const families = inCanonicalOrder(expectedFamilies(source, fleet, tickMs));
  const { system, name, needsState } = source;
  const state = needsState ? expectedStateSize(families, fleet) : undefined;
  return {
    part: { system, source: name, status: 'complete', families },
    outcome: outcomeOf(source, families, state),
    state,
  };
}

function outcomeOf(
  source: PreparedSource,
  families: readonly MetricFamily[],
  state: StateSize | undefined,
): SourceOutcome {
  const { kind, system, name, tellsQuota } = source;
  const quota = { remaining: 100, limit: 200 };
  return {
    ...{ id: `${kind}/${name}`, system, name, status: 'complete', durationMs: 500, overflow: 0, problems: [] },
    samples: families.reduce((sum, { samples }) => sum + samples.length, 0),
    lastSuccessMs: tickMs,
    meter: {
      attempts: new Map([['2xx', 1]]),
      bytesSent: 0,
      bytesReceived: 0,
      ...(tellsQuota ? { quota } : {}),
    },
    ...(state === undefined ? {} : { counting: countingOf(source, state) }),
  };
}

function countingOf({ absences }: PreparedSource, { plainBytes }: StateSize): NonNullable<SourceOutcome['counting']> {
  const isLagTold = !isAbsent(absences, watermarkLag, {}, ['always', 'usually']);
  return {
    ...{ finishes: 1, openRuns: 1, truncated: 0, runsLost: 0, fellOut: 0, overflow: 0, folded: [], isNew: false },
    watermarkLagSeconds: isLagTold ? 30 : undefined,
    stateBytes: plainBytes,
  };
}
