/** What the ended steps of a run add: jobs, waits, durations, and when the run itself began. */
import { pickExemplar } from '../../../model/exemplar.ts';
import { buildMarks } from '../../../counters/marks.ts';
import type { Count, Finish, Observation } from '../../../counters/finish.ts';
import { findGreatest, findLeast } from '../../../model/lists/extremes.ts';
import type { Exemplar, Labels } from '../../../model/metric.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../../model/catalogue/job-metrics.ts';
import { runActiveDuration, runDuration, runWait } from '../../../model/catalogue/run-metrics.ts';
import type { Span } from '../../../model/span.ts';
import { sumActiveMs } from './active-time.ts';
import { buildRunUrl, scopeOf } from '../runs/repository.ts';
import { deriveQueueFromStep } from './queue-names.ts';
import { type FinishedRun, type FollowedRepository, buildUnknownStateCount } from '../runs/finish.ts';
import type { StepRecord } from '../api/schema.ts';
import { mapStepSpans } from './map-step-spans.ts';
import { interpretStepState } from '../runs/states.ts';
import { isAutomatic, isBad, isTime, extractTimes } from './step-times.ts';
import type { QueueLabel } from '../../../model/catalogue/identity-labels.ts';

/** Of a run whose steps are still to be read: what its record told. */
export type Ended = Pick<FinishedRun, 'id' | 'number' | 'attempt' | 'createdMs' | 'finishedMs' | 'pipeline' | 'result'>;

/** What the steps of a finished run add: its jobs, and when the run itself began. One key, so that all count or none. */
export function finishSteps(
  run: Ended,
  records: readonly StepRecord[],
  identity: FollowedRepository,
  counted: CountedSteps = { steps: [] },
): Finish {
  const steps = filterAttempt(records, run.attempt);
  const jobs = steps.filter((step) => !isCounted(step, counted)).map((step) => buildJob(step, steps, run));
  return {
    key: `steps ${run.id}#${String(run.attempt)}`,
    finishedMs: run.finishedMs,
    counts: jobs.flatMap((job) => buildCounts(job, run, identity)),
    observations: [
      ...jobs.flatMap((job) => buildObservations(job, identity)),
      ...buildRunObservations(run, steps, identity),
    ],
    marks: [],
    spans: jobs.flatMap((job) => buildSpans(job, run, identity)),
  };
}

/** What was counted before the end of a run that waited for a person. */
export interface CountedSteps {
  /** By their uuids. */
  readonly steps: readonly string[];
  /** All that had ended by then. Epoch milliseconds. */
  readonly untilMs?: number | undefined;
}

function isCounted({ uuid, completed_on }: StepRecord, { steps, untilMs = -Infinity }: CountedSteps): boolean {
  return steps.includes(uuid) || (isTime(completed_on) && completed_on <= untilMs);
}

/** What the steps of a run add that waits for a person: the jobs that have ended since then, and its verdict so far. */
export function finishHeldSteps(
  run: Ended & Pick<FinishedRun, 'branch'>,
  records: readonly StepRecord[],
  identity: FollowedRepository,
  counted: readonly string[],
): { readonly finish: Finish; readonly counted: readonly string[] } {
  const steps = filterAttempt(records, run.attempt);
  const ended = steps.filter(({ state }) => interpretStepState(state).is === 'ended');
  const finishedMs = findGreatest(ended.flatMap(({ completed_on }) => completed_on ?? [])) ?? run.finishedMs;
  const jobs = ended.filter(({ uuid }) => !counted.includes(uuid)).map((step) => buildJob(step, steps, run));
  const labels = { system: 'bitbucket', source: identity.source, scope: scopeOf(identity), pipeline: run.pipeline };
  const isGreen = isWaitingForPerson(steps) && ended.every(({ state }) => !isBad(state));
  const finish = {
    key: `held ${run.id}#${String(run.attempt)} ${String(ended.length)}`,
    finishedMs,
    createdMs: run.createdMs,
    counts: jobs.flatMap((job) => buildCounts(job, run, identity)),
    observations: jobs.flatMap((job) => buildObservations(job, identity)),
    marks: isGreen ? buildMarks({ ...labels, branch: run.branch }, 'success', finishedMs) : [],
    spans: jobs.flatMap((job) => buildSpans(job, run, identity)),
  };
  return { finish, counted: ended.map(({ uuid }) => uuid) };
}

/** Whether the next step is one that a person has to start; a run that waits for its turn is not green yet. */
function isWaitingForPerson(steps: readonly StepRecord[]): boolean {
  const next = steps.find(({ state }) => interpretStepState(state).is === 'open');
  return next !== undefined && !isAutomatic(next);
}

/** A re-run lists the steps of all attempts; where no step tells its attempt, all are of this one. */
export function filterAttempt(steps: readonly StepRecord[], attempt: number): readonly StepRecord[] {
  return steps.filter(({ run_number }) => run_number === undefined || run_number === attempt);
}

interface Job {
  readonly queue: string;
  readonly step: StepRecord;
  readonly seconds: number | undefined;
  /** Absent for steps that never ran, and for those that a person started. */
  readonly waitSeconds: number | undefined;
}

function buildJob(step: StepRecord, steps: readonly StepRecord[], run: Ended): Job {
  const times = extractTimes(step);
  return {
    queue: deriveQueueFromStep(step),
    step,
    seconds: times === undefined ? undefined : (times.endedMs - times.startedMs) / 1000,
    waitSeconds: times !== undefined && isAutomatic(step) ? computeWait(times.startedMs, steps, run) : undefined,
  };
}

/**
 * From the end of the steps before it, or from the creation of the run; an upper bound, because Bitbucket does not tell
 * when a step could have started. Undefined for the first steps of a re-run, of which nothing tells when it was asked for.
 */
function computeWait(
  startedMs: number,
  steps: readonly StepRecord[],
  { createdMs, attempt }: Ended,
): number | undefined {
  const before = findReadyMs(startedMs, steps);
  if (before !== undefined) return (startedMs - before) / 1000;
  return attempt > 1 ? undefined : (startedMs - createdMs) / 1000;
}

/** The latest end of a step up to a time: since then the next one can start. Epoch milliseconds. */
export function findReadyMs(untilMs: number, steps: readonly StepRecord[]): number | undefined {
  const ends = steps.map(({ completed_on }) => completed_on).filter(isTime);
  return findGreatest(ends.filter((endMs) => endMs <= untilMs));
}

function buildCounts(
  { queue, step, seconds }: Job,
  { pipeline }: Ended,
  identity: FollowedRepository,
): readonly Count[] {
  const standing = interpretStepState(step.state);
  // The run has ended, so a step that is shown open is a reading of a moment before; it has no result to count.
  if (standing.is === 'open') return [];
  const labels = buildQueueLabels(identity, queue);
  return [
    { metric: jobsFinished, labels: { ...labels, result: standing.result }, increase: 1 },
    ...(seconds === undefined
      ? []
      : [{ metric: jobBusySeconds, labels, increase: seconds, ownedBy: { scope: scopeOf(identity), pipeline } }]),
    ...(standing.isKnown ? [] : [buildUnknownStateCount(identity.source, 'step')]),
  ];
}

function buildSpans({ queue, step, waitSeconds }: Job, run: Ended, identity: FollowedRepository): readonly Span[] {
  const standing = interpretStepState(step.state);
  return standing.is === 'open'
    ? []
    : mapStepSpans({ step, queue, result: standing.result, waitSeconds }, run, identity);
}

function buildObservations(
  { queue, step, seconds, waitSeconds }: Job,
  identity: FollowedRepository,
): readonly Observation[] {
  const standing = interpretStepState(step.state);
  if (standing.is === 'open') return [];
  const labels = buildQueueLabels(identity, queue);
  return [
    ...(waitSeconds === undefined ? [] : [{ metric: jobWait, labels, value: waitSeconds }]),
    ...(seconds === undefined
      ? []
      : [{ metric: jobDuration, labels: { ...labels, result: standing.result }, value: seconds }]),
  ];
}

/** Runner groups serve the whole workspace, so its name is the scope of a queue. */
export function buildQueueLabels(
  { source, workspace }: Pick<FollowedRepository, 'source' | 'workspace'>,
  queue: string,
): Labels<QueueLabel> {
  return { system: 'bitbucket', source, scope: workspace, queue };
}

function buildRunObservations(
  run: Ended,
  steps: readonly StepRecord[],
  identity: FollowedRepository,
): readonly Observation[] {
  const startedMs = findLeast(steps.flatMap((step) => extractTimes(step)?.startedMs ?? []));
  if (startedMs === undefined) return [];
  const labels = { system: 'bitbucket', source: identity.source, scope: scopeOf(identity), pipeline: run.pipeline };
  const observe = (metric: Observation['metric'], ms: number | undefined): readonly Observation[] => {
    if (ms === undefined) return [];
    const value = ms / 1000;
    return [
      { metric, labels: { ...labels, result: run.result }, value, exemplar: buildExemplar(run, identity, value) },
    ];
  };
  return [
    ...(run.attempt > 1 ? [] : [{ metric: runWait, labels, value: (startedMs - run.createdMs) / 1000 }]),
    ...observe(runDuration, run.finishedMs - startedMs),
    ...observe(runActiveDuration, sumActiveMs(steps, run.finishedMs)),
  ];
}

function buildExemplar(run: Ended, identity: FollowedRepository, value: number): Exemplar {
  const url = buildRunUrl(identity, run.number);
  const fallback = { number: String(run.number) };
  const { labels = fallback } = pickExemplar([{ run_url: url }], run.finishedMs) ?? {};
  return { labels, value, timestampMs: run.finishedMs };
}
