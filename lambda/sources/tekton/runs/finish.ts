/** What the end of a PipelineRun or TaskRun adds to counters, histograms and last results. */
import { pickExemplar } from '../../../model/exemplar.ts';
import { buildMarks } from '../../../counters/marks.ts';
import type { Count, Finish, Observation } from '../../../counters/finish.ts';
import { finishedLine } from '../../../counters/finished-line.ts';
import type { Exemplar, Labels } from '../../../model/metric.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../../model/catalogue/job-metrics.ts';
import { runDuration, runsFinished, runWait } from '../../../model/catalogue/run-metrics.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { failures, podStart, stepFailures, taskDuration, tasksFinished } from '../metrics.ts';
import type { Naming } from '../naming.ts';
import { boundReason } from '../cluster/reasons.ts';
import type { Described } from '../cluster/table-rows.ts';
import { mapPipelineRunSpan, mapTaskRunSpans } from './map-spans.ts';
import type { RunKind } from '../cluster/state.ts';

/** A run that has ended, by its Table row or by its whole object. Times are epoch milliseconds. */
export interface FinishedRun {
  readonly kind: RunKind;
  readonly uid: string;
  readonly described: Described;
  readonly result: Result;
  readonly reason: string;
  readonly createdMs: number;
  readonly completedMs: number;
  /** Absent for a run that ended before it started. */
  readonly startedMs?: number | undefined;
  /** False where a row tells its start to the minute only: good for a duration, not for a wait. */
  readonly isStartExact: boolean;
  /** When the first step of a TaskRun began; absent where no step did, or where only its row is known. */
  readonly firstStepMs?: number | undefined;
  /** When the attempt started that this step belongs to; not `startedMs`, which a retry sets anew. */
  readonly firstAttemptMs?: number | undefined;
  /** Names of the steps that made a TaskRun fail. */
  readonly failedSteps: readonly string[];
}

export interface FinishOptions {
  readonly source: string;
  readonly naming: Naming;
  readonly hasReasons: boolean;
  readonly isTaskListed: (task: string) => boolean;
  readonly isStepListed: (taskAndStep: string) => boolean;
}

/** What the end of a run means in metrics. The key is the uid: names are used again, and Tekton has no re-run. */
export function buildFinish(run: FinishedRun, options: FinishOptions): Finish {
  const own = run.kind === 'pipelineruns' ? buildPipelineRunFinish(run, options) : buildTaskRunFinish(run, options);
  const counts =
    options.hasReasons && run.result !== 'success' ? [...own.counts, buildFailureCount(run, options)] : own.counts;
  return { key: run.uid, finishedMs: run.completedMs, createdMs: run.createdMs, ...own, counts };
}

type FinishFields = Omit<Finish, 'key' | 'finishedMs' | 'createdMs'>;

function buildPipelineRunFinish(run: FinishedRun, { source, naming }: FinishOptions): FinishFields {
  const { described, result } = run;
  const pipeline = naming.pipeline(described);
  const branch = naming.branch(described);
  const labels = { system: 'tekton', source, scope: described.namespace, pipeline };
  const duration = computeDuration(run);
  const wait =
    run.isStartExact && run.startedMs !== undefined ? computeSeconds(run.createdMs, run.startedMs) : undefined;
  const span = mapPipelineRunSpan(run, naming, wait);
  return {
    counts: [
      { metric: runsFinished, labels: { ...labels, result, attempt: 'first', branch }, increase: 1 },
    ] satisfies readonly Count[],
    observations: [
      ...buildObservations(runWait, labels, wait, run),
      ...buildObservations(runDuration, { ...labels, result }, duration, run),
    ],
    // Tekton tells whole seconds; an end that is estimated from a row may lie between two.
    marks: buildMarks({ ...labels, branch }, result, Math.round(run.completedMs / 1000) * 1000),
    line: finishedLine({ system: 'tekton', source, durationSeconds: duration }, span, { run: described.name }),
    spans: [span],
  };
}

function buildTaskRunFinish(run: FinishedRun, options: FinishOptions): FinishFields {
  const { described, result, firstStepMs, firstAttemptMs } = run;
  const labels = {
    system: 'tekton',
    source: options.source,
    scope: described.namespace,
    queue: options.naming.queue(described),
  };
  const duration = computeDuration(run);
  const wait = firstStepMs === undefined ? undefined : computeSeconds(run.createdMs, firstStepMs);
  const start =
    firstStepMs === undefined || firstAttemptMs === undefined ? undefined : computeSeconds(firstAttemptMs, firstStepMs);
  const listed = buildListedTaskFinish(run, options, duration);
  return {
    counts: [
      { metric: jobsFinished, labels: { ...labels, result }, increase: 1 },
      ...(duration === undefined
        ? []
        : [
            {
              metric: jobBusySeconds,
              labels,
              increase: Math.max(0, duration),
              ownedBy: { scope: described.namespace, pipeline: options.naming.pipeline(described) },
            },
          ]),
      ...listed.counts,
    ],
    observations: [
      ...buildObservations(jobWait, labels, wait, run),
      ...buildObservations(podStart, labels, start, run),
      ...buildObservations(jobDuration, { ...labels, result }, duration, run),
      ...listed.observations,
    ],
    marks: [],
    spans: mapTaskRunSpans(run, options.naming, wait),
  };
}

/** What only tasks and steps have that the operator listed. */
function buildListedTaskFinish(
  run: FinishedRun,
  { source, naming, isTaskListed, isStepListed }: FinishOptions,
  duration: number | undefined,
): Pick<Finish, 'counts' | 'observations'> {
  const { described, result } = run;
  const task = naming.task(described);
  const scopeLabels = { system: 'tekton', source, scope: described.namespace };
  const labels = { ...scopeLabels, pipeline: naming.pipeline(described), task };
  const isListed = isTaskListed(task);
  const steps = run.failedSteps.filter((step) => isStepListed(`${task}/${step}`));
  return {
    counts: [
      ...(isListed ? [{ metric: tasksFinished, labels: { ...labels, result }, increase: 1 }] : []),
      ...steps.map((step) => ({ metric: stepFailures, labels: { ...scopeLabels, task, step }, increase: 1 })),
    ],
    observations: isListed ? buildObservations(taskDuration, labels, duration, run) : [],
  };
}

function buildFailureCount({ described, kind, reason }: FinishedRun, { source }: FinishOptions): Count {
  const scopeLabels = { system: 'tekton', source, scope: described.namespace };
  return { metric: failures, labels: { ...scopeLabels, object: kind, reason: boundReason(reason) }, increase: 1 };
}

function buildObservations(
  metric: Observation['metric'],
  labels: Labels,
  value: number | undefined,
  run: FinishedRun,
): readonly Observation[] {
  if (value === undefined) return [];
  const exemplar = buildExemplar(run, value);
  return [{ metric, labels, value, ...(exemplar === undefined ? {} : { exemplar }) }];
}

function buildExemplar(
  { described: { namespace, name }, completedMs }: FinishedRun,
  value: number,
): Exemplar | undefined {
  const exemplar = pickExemplar([{ namespace, run: name }], completedMs);
  return exemplar && { ...exemplar, value };
}

function computeDuration({ startedMs, completedMs }: FinishedRun): number | undefined {
  return startedMs === undefined ? undefined : computeSeconds(startedMs, completedMs);
}

/** Negative where the vendor's clocks disagree; the ledger counts that. */
function computeSeconds(fromMs: number, toMs: number): number {
  return (toMs - fromMs) / 1000;
}
