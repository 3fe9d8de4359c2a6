/** Finishes a build or job: what it adds to counters, histograms, log lines and traces. */
import { pickExemplar } from '../../../model/exemplar.ts';
import { finishedLine } from '../../../counters/finished-line.ts';
import { buildMarks } from '../../../counters/marks.ts';
import { type Count, type Finish, type Observation, unknownPipeline } from '../../../counters/finish.ts';
import type { Exemplar } from '../../../model/metric.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../../model/catalogue/job-metrics.ts';
import {
  runActiveDuration,
  runDuration,
  runsFinished,
  runWait,
  systemErrors,
} from '../../../model/catalogue/run-metrics.ts';
import { determineAttempt } from './attempts.ts';
import type { QueueId } from '../queues/queue-id.ts';
import { type Build, findPipeline, type Job } from '../user-api/rest-schema.ts';
import { type BuildOfJob, mapBuildSpan, mapJobSpans } from './map-spans.ts';
import { judgeBuild, judgeJob, type EndResult } from './states.ts';
import { measureActiveMs } from './active-time.ts';
import { parseTime } from '../user-api/times.ts';

export interface LabelledBuild {
  readonly build: Build;
  readonly source: string;
  /** The organization: pipelines are unique in it, while a queue is in a cluster. */
  readonly scope: string;
  readonly pipeline: string;
  /** Class of the branch. */
  readonly branch: string;
  /** When the build has finished before, where that is remembered. Epoch milliseconds. */
  readonly firstFinishMs?: number | undefined;
}

/** A finished build; undefined for one that has not ended. */
export function finishBuild(labelled: LabelledBuild): Finish | undefined {
  const { build, source, scope, pipeline, branch, firstFinishMs } = labelled;
  const end = judgeBuild(build);
  const finishedMs = parseTime(build.finished_at);
  if (end === undefined || finishedMs === undefined) return undefined;
  const { result } = end;
  const labels = { system: 'buildkite', source, scope, pipeline };
  const { isFirst, startedMs, waitedUntilMs } = determineAttempt(build, firstFinishMs);
  const attempt = isFirst && !isRebuild(build) ? 'first' : 'retry';
  const wait = computeSeconds(parseTime(build.created_at), waitedUntilMs);
  const duration = computeSeconds(startedMs, finishedMs);
  const active = computeActiveSeconds(build, startedMs, finishedMs);
  const exemplar = buildExemplar(build, finishedMs);
  const key = formatBuildKey(build.id, finishedMs);
  const facts = { result, attempt, waitSeconds: wait, activeSeconds: active, finishedMs } as const;
  const span = mapBuildSpan(labelled, isFirst ? facts : { ...facts, again: { startedMs, key } });
  return {
    key,
    finishedMs,
    createdMs: parseTime(build.created_at),
    counts: [
      { metric: runsFinished, labels: { ...labels, result, attempt, branch }, increase: 1 },
      ...buildErrorCounts(source, end),
    ],
    observations: [
      ...buildObservations(runWait, labels, wait, exemplar),
      ...buildObservations(runDuration, { ...labels, result }, duration, exemplar),
      ...buildObservations(runActiveDuration, { ...labels, result }, active, exemplar),
    ],
    marks: buildMarks({ ...labels, branch }, result, finishedMs),
    line: finishedLine({ system: 'buildkite', source, number: build.number, durationSeconds: duration }, span),
    spans: [span],
  };
}

/**
 * A blocked build that is opened again finishes a second time, so the time is a part of its key; in whole seconds,
 * because Buildkite's events tell no fractions.
 */
function formatBuildKey(id: string, finishedMs: number): string {
  return `${id} ${String(Math.floor(finishedMs / 1000))}`;
}

/** Where a job ran. */
export interface JobLabels extends QueueId {
  readonly source: string;
  /** The scope of its pipeline. */
  readonly organization: string;
}

/** A finished job; undefined for one that has not ended, or whose end has no time. */
export function finishJob(
  job: Job,
  build: BuildOfJob,
  { source, organization, scope, queue }: JobLabels,
): Finish | undefined {
  const end = judgeJob(job);
  const finishedMs = findJobEndMs(job);
  if (end === undefined || finishedMs === undefined) return undefined;
  const labels = { system: 'buildkite', source, scope, queue };
  const { result } = end;
  const duration = computeSecondsBetween(job.started_at, job.finished_at);
  const wait = computeSecondsBetween(job.runnable_at, job.started_at);
  const exemplar = buildExemplar(build, finishedMs);
  return {
    // A retry is another job.
    key: job.id,
    finishedMs,
    counts: [
      { metric: jobsFinished, labels: { ...labels, result }, increase: 1 },
      ...(duration === undefined
        ? []
        : [
            {
              metric: jobBusySeconds,
              labels,
              increase: Math.max(0, duration),
              ownedBy: { scope: organization, pipeline: findPipeline(build) ?? unknownPipeline },
            },
          ]),
      ...buildErrorCounts(source, end),
    ],
    observations: [
      // Never from `scheduled_at`, which is copied from the build and may lie before the job's creation.
      ...buildObservations(jobWait, labels, wait, exemplar),
      ...buildObservations(jobDuration, { ...labels, result }, duration, exemplar),
    ],
    marks: [],
    spans: mapJobSpans(job, build, { scope, queue, result, waitSeconds: wait, endMs: finishedMs }),
  };
}

/** An expired job ended when it expired. Epoch milliseconds. */
export function findJobEndMs({ finished_at, expired_at }: Job): number | undefined {
  return parseTime(finished_at) ?? parseTime(expired_at);
}

/** Undefined where one of the two is unknown; negative where the vendor's clocks disagree. */
function computeSecondsBetween(from: string | null | undefined, to: string | null | undefined): number | undefined {
  return computeSeconds(parseTime(from), parseTime(to));
}

function computeSeconds(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : (toMs - fromMs) / 1000;
}

/** Undefined where no jobs were read: only they tell when a person was waited for. */
function computeActiveSeconds({ jobs }: Build, startedMs: number | undefined, finishedMs: number): number | undefined {
  // A clock was set back between the two, so there is no time to measure.
  if (startedMs === undefined || startedMs > finishedMs) return undefined;
  return computeSeconds(0, measureActiveMs({ fromMs: startedMs, toMs: finishedMs }, jobs));
}

function isRebuild({ rebuilt_from }: Build): boolean {
  return rebuilt_from !== null && rebuilt_from !== undefined;
}

function buildObservations(
  metric: Observation['metric'],
  labels: Observation['labels'],
  value: number | undefined,
  exemplar: Omit<Exemplar, 'value'> | undefined,
): readonly Observation[] {
  if (value === undefined) return [];
  return [{ metric, labels, value, ...(exemplar && { exemplar: { ...exemplar, value: Math.max(0, value) } }) }];
}

function buildErrorCounts(source: string, { systemError }: EndResult): readonly Count[] {
  if (systemError === undefined) return [];
  return [{ metric: systemErrors, labels: { system: 'buildkite', source, ...systemError }, increase: 1 }];
}

/** As Git abbreviates a commit in most places; enough to find it. */
const shortCommit = 12;

/** Address and commit of the build, as far as they fit. */
function buildExemplar(
  { web_url, commit }: Pick<Build, 'web_url' | 'commit'>,
  timestampMs: number,
): Omit<Exemplar, 'value'> | undefined {
  const sha = /^[0-9a-f]{7,64}$/i.test(commit ?? '') ? (commit ?? '') : '';
  const url = /^https?:\/\/\S+$/.test(web_url ?? '') ? (web_url ?? '') : '';
  const candidates = [
    { build_url: url, commit: sha },
    { build_url: url, commit: sha.slice(0, shortCommit) },
    { build_url: url },
    { commit: sha },
  ];
  return pickExemplar(candidates, timestampMs);
}
