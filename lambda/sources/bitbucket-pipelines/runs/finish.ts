/** What the record of a run means: that it is open, or its end with all that it adds to counters. */
import { buildMarks } from '../../../counters/marks.ts';
import type { Count, Finish, Observation } from '../../../counters/finish.ts';
import { finishedLine } from '../../../counters/finished-line.ts';
import { runActiveDuration, runDuration, runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import type { Span } from '../../../model/span.ts';
import { buildSeconds } from '../metrics.ts';
import { branchOf, type RepositoryIdentity, choosePipelineName, scopeOf } from './repository.ts';
import type { PipelineRecord } from '../api/schema.ts';
import { mapRunSpan } from './map-run-span.ts';
import { type Phase, interpretRunState } from './states.ts';
import type { PipelineLabel } from '../../../model/catalogue/identity-labels.ts';
import type { Labels } from '../../../model/metric.ts';

/** What every sighting of a run tells. */
export interface Run {
  /** The pipeline's uuid; a re-run keeps it. */
  readonly id: string;
  readonly number: number;
  /** 1 for the first run, more for a re-run. */
  readonly attempt: number;
  readonly createdMs: number;
  /** Value of the `pipeline` label. */
  readonly pipeline: string;
  readonly branch: string;
  /** Whether a step of another run of the repository started it, and waits for it. */
  readonly isChild: boolean;
}

export interface OpenRun extends Run {
  readonly is: 'open';
  readonly phase: Phase;
  readonly isKnown: boolean;
  /** Build time that is charged for what has run so far. Seconds. */
  readonly charged: number;
}

export interface FinishedRun extends Run {
  readonly is: 'finished';
  readonly finishedMs: number;
  readonly result: Result;
  /** From creation to end; absent for a re-run, whose creation is that of the first, and without a time of the end. */
  readonly wallMs: number | undefined;
  /** What Bitbucket says that its steps took, without waits; from creation to end where it does not; absent like that. */
  readonly workedMs: number | undefined;
  /** Whether its steps can be asked for. */
  readonly hasSteps: boolean;
  readonly finish: Finish;
}

export type RunSighting = OpenRun | FinishedRun;

/** `steps: 'leave'` means that the start of the run is not read, so its duration counts from its creation. */
export type FollowedRepository = RepositoryIdentity & { readonly steps: 'read' | 'leave' };

/**
 * What one pipeline record means: a run that is open, or one that finished with all that its end adds to counters. The
 * lists and the single requests both come here, so that the same end always has the same key.
 */
export function interpretRecord(record: PipelineRecord, identity: FollowedRepository): RunSighting {
  const standing = interpretRunState(record.state);
  const run = {
    id: record.uuid,
    number: record.build_number,
    attempt: record.run_number ?? 1,
    createdMs: record.created_on,
    pipeline: choosePipelineName(record.target),
    branch: identity.branchLabel(branchOf(record.target), identity.mainBranch),
    isChild: /parent_step/i.test(`${record.trigger?.name ?? ''} ${record.trigger?.type ?? ''}`),
  };
  const charged = record.build_seconds_used ?? 0;
  if (standing.is === 'open') return { is: 'open', ...run, phase: standing.phase, isKnown: standing.isKnown, charged };
  const { result, isKnown } = standing;
  const finishedMs = deriveFinishedMs(record);
  const ended = { ...run, finishedMs, result, ...deriveTimes(record, run, finishedMs) };
  return { is: 'finished', ...ended, hasSteps: true, finish: buildFinish(ended, record, identity, isKnown) };
}

function deriveTimes(
  record: PipelineRecord,
  { attempt, createdMs }: Run,
  finishedMs: number,
): Pick<FinishedRun, 'wallMs' | 'workedMs'> {
  if (attempt > 1 || !isPresent(record.completed_on)) return { wallMs: undefined, workedMs: undefined };
  const wallMs = computeWallMs(createdMs, finishedMs);
  return { wallMs, workedMs: deriveActiveMs(record, wallMs) ?? wallMs };
}

/** One key for each attempt, wherever its end is read. */
export function buildFinishKey(id: string, attempt: number): string {
  return `${id}#${String(attempt)}`;
}

export interface EarlierEnd {
  readonly attempt: number;
  readonly result: Result;
  readonly finishedMs: number;
  /** Whether the steps of that attempt are told as such, so that they can be counted. */
  readonly hasSteps: boolean;
}

/** The end of an earlier attempt of a run: it counts, and a later one has already said what became of the pipeline. */
export function finishEarlierAttempt(
  sight: RunSighting,
  { hasSteps, ...end }: EarlierEnd,
  identity: FollowedRepository,
): FinishedRun {
  const { id, number, createdMs, pipeline, branch, isChild } = sight;
  const { attempt, result, finishedMs } = end;
  const unknown = { wallMs: undefined, workedMs: undefined };
  const run = { id, number, attempt, createdMs, pipeline, branch, isChild, finishedMs, result, ...unknown };
  const labels = { system: 'bitbucket', source: identity.source, scope: scopeOf(identity), pipeline };
  const span = mapRunSpan(run, identity);
  const counted = { ...labels, result, attempt: attempt > 1 ? 'retry' : 'first', branch };
  const finish: Finish = {
    key: buildFinishKey(id, attempt),
    finishedMs,
    counts: [{ metric: runsFinished, labels: counted, increase: 1 }],
    observations: [],
    marks: [],
    line: buildLine(run, span, identity, 0),
    spans: [span],
  };
  return { is: 'finished', ...run, hasSteps, finish };
}

/** A completed record may lack its end; active time after the creation is the earliest that it can have been. */
function deriveFinishedMs({ created_on, completed_on, duration_in_seconds }: PipelineRecord): number {
  return completed_on ?? created_on + (duration_in_seconds ?? 0) * 1000;
}

/** Recorded: the end of a run with a broken configuration stands 16 ms before its creation. It took no time. */
const earlyEndMs = 1000;

function computeWallMs(createdMs: number, finishedMs: number): number {
  const spanMs = finishedMs - createdMs;
  return spanMs < 0 && spanMs > -earlyEndMs ? 0 : spanMs;
}

export type Ended = Run & Pick<FinishedRun, 'finishedMs' | 'result' | 'wallMs'>;

function buildFinish(run: Ended, record: PipelineRecord, identity: FollowedRepository, isKnown: boolean): Finish {
  const { source } = identity;
  const labels = { system: 'bitbucket', source, scope: scopeOf(identity), pipeline: run.pipeline };
  const charged = record.build_seconds_used ?? 0;
  const span = mapRunSpan(run, identity, { target: record.target, activeSeconds: deriveActiveSeconds(run, record) });
  const counts: readonly Count[] = [
    {
      metric: runsFinished,
      labels: { ...labels, result: run.result, attempt: run.attempt > 1 ? 'retry' : 'first', branch: run.branch },
      increase: 1,
    },
    ...(charged > 0 ? [{ metric: buildSeconds, labels, increase: charged }] : []),
    ...(isKnown ? [] : [buildUnknownStateCount(source, 'pipeline')]),
  ];
  return {
    key: buildFinishKey(run.id, run.attempt),
    finishedMs: run.finishedMs,
    createdMs: run.createdMs,
    counts,
    observations: identity.steps === 'leave' ? buildObservations(run, record, labels) : [],
    marks: buildMarks({ ...labels, branch: run.branch }, run.result, run.finishedMs),
    line: buildLine(run, span, identity, charged),
    spans: [span],
  };
}

/** A value that Bitbucket has invented since; a finish carries it, so that it counts once. */
export function buildUnknownStateCount(source: string, component: string): Count {
  const labels = { system: 'bitbucket', source, component, error: 'unknown state' };
  return { metric: systemErrors, labels, increase: 1 };
}

function buildObservations(
  { wallMs, result }: Ended,
  record: PipelineRecord,
  labels: PipelineLabels,
): readonly Observation[] {
  if (wallMs === undefined) return [];
  const activeMs = deriveActiveMs(record, wallMs);
  const of = { ...labels, result };
  return [
    { metric: runDuration, labels: of, value: wallMs / 1000 },
    ...(activeMs === undefined ? [] : [{ metric: runActiveDuration, labels: of, value: activeMs / 1000 }]),
  ];
}

function deriveActiveSeconds({ wallMs }: Ended, record: PipelineRecord): number | undefined {
  const activeMs = wallMs === undefined ? undefined : deriveActiveMs(record, wallMs);
  return activeMs === undefined ? undefined : activeMs / 1000;
}

/** Steps that ran at the same time count once; waits for people and for runners are left out. In whole seconds. */
function deriveActiveMs({ duration_in_seconds }: PipelineRecord, wallMs: number): number | undefined {
  return isPresent(duration_in_seconds) ? Math.min(wallMs, duration_in_seconds * 1000) : undefined;
}

function isPresent<Value>(value: Value | null | undefined): value is Value {
  return value !== undefined && value !== null;
}

export type PipelineLabels = Labels<PipelineLabel>;

/** With what only Bitbucket tells: the repository, and the build time that it charges. */
export function buildLine(
  run: Ended,
  span: Span,
  identity: FollowedRepository,
  charged: number,
): NonNullable<Finish['line']> {
  const durationSeconds = run.wallMs === undefined ? undefined : Math.max(0, run.wallMs) / 1000;
  const facts = { system: 'bitbucket', source: identity.source, number: run.number, durationSeconds };
  return finishedLine(facts, span, { repository: identity.slug, buildSeconds: charged });
}
