/** Maps the open builds of each pipeline, and those that are stuck, to levels. */
import { findGreatest } from '../../../model/lists/extremes.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { runsActive, runsStuck, runStates } from '../../../model/catalogue/run-metrics.ts';
import type { Build } from '../user-api/rest-schema.ts';
import { parseTime } from '../user-api/times.ts';
import { findStretches } from './active-time.ts';
import type { KnownPipelines, PipelineBuild } from './known-pipelines.ts';
import { mapBuildState } from './states.ts';

/** A build is stuck when it takes three times as long as the longest of the last ten. */
const stuckFactor = 3;
/** No build is stuck before an hour: one that usually takes a minute may take ten once. */
const leastStuckSeconds = 3_600;
/** A pipeline without known durations gets the time of a long nightly build. */
const unknownStuckSeconds = 12 * 3_600;

export interface OpenBuildFacts {
  readonly source: string;
  readonly scope: string;
  /** All open builds of the selected pipelines. */
  readonly builds: readonly PipelineBuild[];
  readonly known: KnownPipelines;
  readonly nowMs: number;
}

/** Open and stuck builds; 0 for a pipeline that is known and has none. */
export function mapOpenBuilds({ source, scope, builds, known, nowMs }: OpenBuildFacts): readonly MetricFamily[] {
  const pipelines = [...new Set([...Object.keys(known), ...builds.map(({ pipeline }) => pipeline)])];
  const byPipeline = Map.groupBy(builds, ({ pipeline }) => pipeline);
  const rows = pipelines.map((pipeline) => ({
    labels: { system: 'buildkite', source, scope, pipeline },
    open: (byPipeline.get(pipeline) ?? []).map(({ build }) => build),
    limitMs: 1000 * computeStuckAfter(known[pipeline]?.seconds ?? []),
  }));
  if (rows.length === 0) return [];
  return [
    buildGauge(
      runsActive,
      rows.flatMap(({ labels, open }) =>
        runStates.map((state) => ({
          labels: { ...labels, state },
          value: open.filter((build) => decideState(build) === state).length,
        })),
      ),
    ),
    buildGauge(
      runsStuck,
      rows.map(({ labels, open, limitMs }) => ({
        labels,
        value: open.filter((build) => nowMs - (findOpenSinceMs(build, nowMs) ?? nowMs) > limitMs).length,
      })),
    ),
  ];
}

/** The list has open builds only, so a state that is not known here is taken for executing. */
function decideState(build: Build): (typeof runStates)[number] {
  return mapBuildState(build) ?? 'executing';
}

/** Since it went on after being unblocked or retried; else since its start. */
function findOpenSinceMs({ started_at, created_at, jobs }: Build, nowMs: number): number | undefined {
  const resumed = findStretches(jobs, nowMs).at(-1);
  return resumed?.fromMs ?? parseTime(started_at) ?? parseTime(created_at);
}

/** Fewer than three builds are no rule. */
const leastDurations = 3;

function computeStuckAfter(seconds: readonly number[]): number {
  if (seconds.length < leastDurations) return unknownStuckSeconds;
  return Math.max(leastStuckSeconds, stuckFactor * (findGreatest(seconds) ?? 0));
}
