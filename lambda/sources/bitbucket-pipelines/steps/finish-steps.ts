import type { Count, Finish, Observation } from '../../../counters/finish.ts';
import { greatest, least } from '../../../model/lists/extremes.ts';
import type { Exemplar } from '../../../model/metric.ts';
import {
  jobBusySeconds,
  jobDuration,
  jobsFinished,
  jobWait,
  runActiveDuration,
  runDuration,
  runWait,
} from '../../../model/catalogue/run-metrics.ts';
import type { Span } from '../../../model/span.ts';
import { activeMsOf } from './active-time.ts';
import { scopeOf } from '../runs/repository.ts';
import { queueOfStep } from './queue-names.ts';
import { type FinishedRun, marksOf, type RunPlace, unknownState } from '../runs/finish.ts';
import { runUrl } from '../runs/run-url.ts';
import type { StepRecord } from '../api/schema.ts';
import { stepSpans } from '../runs/map-spans.ts';
import { stepStanding } from '../runs/states.ts';
import { isAutomatic, isBad, isTime, runTimesOf } from './step-times.ts';

/** Of a run whose steps are still to be read: what its record told. */
export type Ended = Pick<FinishedRun, 'id' | 'number' | 'attempt' | 'createdMs' | 'finishedMs' | 'pipeline' | 'result'>;

/** What the steps of a finished run add: its jobs, and when the run itself began. One key, so that all count or none. */
export function stepsFinish(
  run: Ended,
  records: readonly StepRecord[],
  place: RunPlace,
  counted: CountedSteps = { steps: [] },
): Finish {
  const steps = ofAttempt(records, run.attempt);
  const jobs = steps.filter((step) => !isCounted(step, counted)).map((step) => jobOf(step, steps, run));
  return {
    key: `steps ${run.id}#${String(run.attempt)}`,
    finishedMs: run.finishedMs,
    counts: jobs.flatMap((job) => countsOf(job, place)),
    observations: [...jobs.flatMap((job) => observationsOf(job, place)), ...ofRun(run, steps, place)],
    marks: [],
    spans: jobs.flatMap((job) => spansOf(job, run, place)),
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
export function heldStepsFinish(
  run: Ended & Pick<FinishedRun, 'branch'>,
  records: readonly StepRecord[],
  place: RunPlace,
  counted: readonly string[],
): { readonly finish: Finish; readonly counted: readonly string[] } {
  const steps = ofAttempt(records, run.attempt);
  const ended = steps.filter(({ state }) => stepStanding(state).is === 'ended');
  const finishedMs = greatest(ended.flatMap(({ completed_on }) => completed_on ?? [])) ?? run.finishedMs;
  const jobs = ended.filter(({ uuid }) => !counted.includes(uuid)).map((step) => jobOf(step, steps, run));
  const labels = { system: 'bitbucket', source: place.source, scope: scopeOf(place), pipeline: run.pipeline };
  const isGreen = waitsForPerson(steps) && ended.every(({ state }) => !isBad(state));
  const finish = {
    key: `held ${run.id}#${String(run.attempt)} ${String(ended.length)}`,
    finishedMs,
    createdMs: run.createdMs,
    counts: jobs.flatMap((job) => countsOf(job, place)),
    observations: jobs.flatMap((job) => observationsOf(job, place)),
    marks: isGreen ? marksOf({ ...run, result: 'success', finishedMs }, labels) : [],
    spans: jobs.flatMap((job) => spansOf(job, run, place)),
  };
  return { finish, counted: ended.map(({ uuid }) => uuid) };
}

/** Whether the next step is one that a person has to start; a run that waits for its turn is not green yet. */
function waitsForPerson(steps: readonly StepRecord[]): boolean {
  const next = steps.find(({ state }) => stepStanding(state).is === 'open');
  return next !== undefined && !isAutomatic(next);
}

/** A re-run lists the steps of all attempts; where no step tells its attempt, all are of this one. */
export function ofAttempt(steps: readonly StepRecord[], attempt: number): readonly StepRecord[] {
  return steps.filter(({ run_number }) => run_number === undefined || run_number === attempt);
}

interface Job {
  readonly queue: string;
  readonly step: StepRecord;
  readonly seconds: number | undefined;
  /** Absent for steps that never ran, and for those that a person started. */
  readonly waitSeconds: number | undefined;
}

function jobOf(step: StepRecord, steps: readonly StepRecord[], run: Ended): Job {
  const times = runTimesOf(step);
  return {
    queue: queueOfStep(step),
    step,
    seconds: times === undefined ? undefined : (times.endedMs - times.startedMs) / 1000,
    waitSeconds: times !== undefined && isAutomatic(step) ? waitOf(times.startedMs, steps, run) : undefined,
  };
}

/**
 * From the end of the steps before it, or from the creation of the run; an upper bound, because Bitbucket does not tell
 * when a step could have started. Undefined for the first steps of a re-run, of which nothing tells when it was asked for.
 */
function waitOf(startedMs: number, steps: readonly StepRecord[], { createdMs, attempt }: Ended): number | undefined {
  const before = readySince(startedMs, steps);
  if (before !== undefined) return (startedMs - before) / 1000;
  return attempt > 1 ? undefined : (startedMs - createdMs) / 1000;
}

/** The latest end of a step up to a time: since then the next one can start. Epoch milliseconds. */
export function readySince(untilMs: number, steps: readonly StepRecord[]): number | undefined {
  const ends = steps.map(({ completed_on }) => completed_on).filter(isTime);
  return greatest(ends.filter((endMs) => endMs <= untilMs));
}

function countsOf({ queue, step, seconds }: Job, place: RunPlace): readonly Count[] {
  const standing = stepStanding(step.state);
  // The run has ended, so a step that is shown open is a reading of a moment before; it has no result to count.
  if (standing.is === 'open') return [];
  const labels = queueLabels(place, queue);
  return [
    { metric: jobsFinished, labels: { ...labels, result: standing.result }, increase: 1 },
    ...(seconds === undefined ? [] : [{ metric: jobBusySeconds, labels, increase: seconds }]),
    ...(standing.isKnown ? [] : [unknownState(place.source, 'step')]),
  ];
}

function spansOf({ queue, step, waitSeconds }: Job, run: Ended, place: RunPlace): readonly Span[] {
  const standing = stepStanding(step.state);
  return standing.is === 'open' ? [] : stepSpans({ step, queue, result: standing.result, waitSeconds }, run, place);
}

function observationsOf({ queue, step, seconds, waitSeconds }: Job, place: RunPlace): readonly Observation[] {
  const standing = stepStanding(step.state);
  if (standing.is === 'open') return [];
  const labels = queueLabels(place, queue);
  return [
    ...(waitSeconds === undefined ? [] : [{ metric: jobWait, labels, value: waitSeconds }]),
    ...(seconds === undefined
      ? []
      : [{ metric: jobDuration, labels: { ...labels, result: standing.result }, value: seconds }]),
  ];
}

/** Runner groups serve the whole workspace, so its name is the scope of a queue. */
export function queueLabels(
  { source, workspace }: Pick<RunPlace, 'source' | 'workspace'>,
  queue: string,
): Readonly<Record<'system' | 'source' | 'scope' | 'queue', string>> {
  return { system: 'bitbucket', source, scope: workspace, queue };
}

function ofRun(run: Ended, steps: readonly StepRecord[], place: RunPlace): readonly Observation[] {
  const startedMs = least(steps.flatMap((step) => runTimesOf(step)?.startedMs ?? []));
  if (startedMs === undefined) return [];
  const labels = { system: 'bitbucket', source: place.source, scope: scopeOf(place), pipeline: run.pipeline };
  const took = (metric: Observation['metric'], ms: number | undefined): readonly Observation[] => {
    if (ms === undefined) return [];
    const value = ms / 1000;
    return [{ metric, labels: { ...labels, result: run.result }, value, exemplar: exemplarOf(run, place, value) }];
  };
  return [
    ...(run.attempt > 1 ? [] : [{ metric: runWait, labels, value: (startedMs - run.createdMs) / 1000 }]),
    ...took(runDuration, run.finishedMs - startedMs),
    ...took(runActiveDuration, activeMsOf(steps, run.finishedMs)),
  ];
}

/** OpenMetrics allows 128 characters for all labels of an exemplar; a URL that is longer leads nowhere when cut. */
const maxExemplarUrl = 120;

function exemplarOf(run: Ended, place: RunPlace, value: number): Exemplar {
  const url = runUrl(place, run.number);
  const labels = url.length > maxExemplarUrl ? { number: String(run.number) } : { run_url: url };
  return { labels, value, timestampMs: run.finishedMs };
}
