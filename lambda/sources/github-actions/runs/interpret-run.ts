/** What the record of a run means: that it is open, or its end with all that it adds to counters. */
import type { Finish } from '../../../counters/finish.ts';
import { finishedLine } from '../../../counters/finished-line.ts';
import { buildMarks } from '../../../counters/marks.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { runDuration, runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import type { Span } from '../../../model/span.ts';
import type { RunRecord } from '../api/schema.ts';
import { findMergeGroup, type MergeGroup } from './merge-group.ts';
import { branchOf, buildRunUrl, choosePipelineName, type RepositoryIdentity, scopeOf } from './repository.ts';
import { interpretRunState, type Phase } from './states.ts';

/** What every sighting of an attempt tells. Times are epoch milliseconds. */
export interface Run {
  /** The run's id; a re-run keeps it. */
  readonly id: string;
  readonly number: number | undefined;
  readonly attempt: number;
  /** Of the first attempt. */
  readonly createdMs: number;
  /** When this attempt was asked for. */
  readonly startedMs: number;
  /** Value of the `pipeline` label. */
  readonly pipeline: string;
  /** Value of the `branch` label. */
  readonly branch: string;
}

export interface OpenRun extends Run {
  readonly is: 'open';
  readonly phase: Phase;
  readonly isKnown: boolean;
  /** Whether it waits for somebody to approve it, which nobody may ever do. */
  readonly isUnapproved: boolean;
  /** Absent unless a merge queue has asked for it. */
  readonly mergeGroup: MergeGroup | undefined;
}

export interface FinishedRun extends Run {
  readonly is: 'finished';
  /** When GitHub changed it last, which is its end unless somebody has touched it since. */
  readonly finishedMs: number;
  readonly result: Result;
  /** From the beginning of the attempt; for telling what is usual. Milliseconds. */
  readonly workedMs: number;
  /** Whether it can have jobs: a workflow that cannot be started has none. */
  readonly hasJobs: boolean;
  readonly finish: Finish;
}

export type RunSighting = OpenRun | FinishedRun;

/** One key for each attempt, wherever its end is read; it is also the id under which the attempt is open. */
export function buildRunKey({ id, attempt }: Pick<Run, 'id' | 'attempt'>): string {
  return `${id}#${String(attempt)}`;
}

/** The lists, the single requests and the events all come here, so that the same end always has the same key. */
export function interpretRun(record: RunRecord, identity: RepositoryIdentity): RunSighting {
  const run = mapRun(record, identity);
  const standing = interpretRunState(record);
  if (standing.is === 'open') {
    const isUnapproved = record.status === 'completed';
    const mergeGroup = findMergeGroup(record, identity);
    return { is: 'open', ...run, phase: standing.phase, isKnown: standing.isKnown, isUnapproved, mergeGroup };
  }
  const { result, isKnown } = standing;
  const finishedMs = Math.max(run.startedMs, record.updated_at ?? run.startedMs);
  const ended = { ...run, result, finishedMs, workedMs: finishedMs - run.startedMs };
  return {
    is: 'finished',
    ...ended,
    hasJobs: record.conclusion !== 'startup_failure',
    finish: buildFinish(ended, record, identity, isKnown),
  };
}

function mapRun(record: RunRecord, identity: RepositoryIdentity): Run {
  return {
    id: record.id,
    number: record.run_number ?? undefined,
    attempt: record.run_attempt,
    createdMs: record.created_at,
    startedMs: record.run_started_at ?? record.created_at,
    pipeline: choosePipelineName(record),
    branch: identity.branchLabel(branchOf(record), identity.defaultBranch),
  };
}

export function labelAttempt(attempt: number): 'first' | 'retry' {
  return attempt > 1 ? 'retry' : 'first';
}

type Ended = Run & Pick<FinishedRun, 'finishedMs' | 'result' | 'workedMs'>;

function buildFinish(run: Ended, record: RunRecord, identity: RepositoryIdentity, isKnown: boolean): Finish {
  const labels = { system: 'github', source: identity.source, scope: scopeOf(identity), pipeline: run.pipeline };
  const { result, branch, attempt, finishedMs, createdMs, workedMs } = run;
  const span = mapRunSpan(run, record, identity);
  const counted = { ...labels, result, attempt: labelAttempt(attempt), branch };
  return {
    key: buildRunKey(run),
    finishedMs,
    createdMs,
    counts: [
      { metric: runsFinished, labels: counted, increase: 1 },
      ...(isKnown ? [] : [buildUnknownStateCount(identity.source, 'run')]),
    ],
    // The jobs tell the end exactly; without them this is the best that is known.
    observations:
      identity.jobs === 'leave' && result !== 'skip'
        ? [{ metric: runDuration, labels: { ...labels, result }, value: workedMs / 1000 }]
        : [],
    marks: buildMarks({ ...labels, branch }, result, finishedMs),
    line: finishedLine(
      { system: 'github', source: identity.source, number: run.number, durationSeconds: workedMs / 1000 },
      span,
      { repository: identity.fullName },
    ),
    spans: [span],
  };
}

function mapRunSpan(run: Ended, record: RunRecord, identity: RepositoryIdentity): Span {
  const { id, attempt, pipeline, result, startedMs, finishedMs } = run;
  return {
    is: 'run',
    run: id,
    attemptNumber: attempt,
    attempt: labelAttempt(attempt),
    pipeline,
    scope: scopeOf(identity),
    result,
    startMs: startedMs,
    endMs: finishedMs,
    commit: record.head_sha ?? undefined,
    branch: branchOf(record),
    url: buildRunUrl(identity, id, attempt),
  };
}

/** A value that GitHub has invented since; a finish carries it, so that it counts once. */
export function buildUnknownStateCount(
  source: string,
  component: 'run' | 'job' | 'deployment',
): Finish['counts'][number] {
  const labels = { system: 'github', source, component, error: 'unknown state' };
  return { metric: systemErrors, labels, increase: 1 };
}
