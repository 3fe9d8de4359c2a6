/** What the record of a job means: that it is open, or its end with all that it adds to counters. */
import { type Finish, type Observation, unknownPipeline } from '../../../counters/finish.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { jobBusySeconds, jobDuration, jobsFinished, jobWait } from '../../../model/catalogue/job-metrics.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { JobRecord } from '../api/schema.ts';
import { buildUnknownStateCount, labelAttempt } from '../runs/interpret-run.ts';
import type { JobState } from '../runs/open-run.ts';
import { buildRunUrl, type RepositoryIdentity, scopeOf } from '../runs/repository.ts';
import { interpretJobState } from '../runs/states.ts';
import { jobStream } from '../runs/streams.ts';
import { determineHosting, type QueueNames } from './queue-names.ts';
import type { QueueLabel } from '../../../model/catalogue/identity-labels.ts';
import type { Labels } from '../../../model/metric.ts';

/** What a job is a part of, as far as that is known when its record is read. */
export interface JobContext {
  readonly identity: RepositoryIdentity;
  readonly names: QueueNames;
  /** Value of the `pipeline` label of its run; an event does not tell it. */
  readonly pipeline: string | undefined;
  /** Whether it was seen waiting for a person: its wait then says nothing about runners. */
  readonly wasHeld: boolean;
}

export type JobSighting =
  | { readonly is: 'open'; readonly job: JobState }
  | { readonly is: 'finished'; readonly id: string; readonly times: JobTimes; readonly finish: Finish }
  /** It has ended, and nothing tells when. */
  | { readonly is: 'untimed' };

/** Epoch milliseconds. */
export interface JobTimes {
  /** When a runner took it; undefined for a job that never had one. */
  readonly startedMs: number | undefined;
  readonly endedMs: number;
  readonly waitMs: number | undefined;
}

/** The jobs of runs and the events both come here, so that the same end always has the same key. */
export function interpretJob(record: JobRecord, context: JobContext): JobSighting {
  const standing = interpretJobState(record);
  const queue = context.names.nameQueue(record);
  if (standing.is === 'open') {
    const createdMs = record.created_at ?? record.started_at ?? 0;
    return {
      is: 'open',
      job: { id: record.id, queue, phase: standing.phase, createdMs, hosting: determineHosting(record) },
    };
  }
  const times = deriveTimes(record);
  if (times === undefined) return { is: 'untimed' };
  const { result, isKnown } = standing;
  return {
    is: 'finished',
    id: record.id,
    times,
    finish: buildFinish(record, { queue, result, isKnown, times }, context),
  };
}

/** A job that was skipped, or ended before a runner took it, tells times that mean nothing. */
function deriveTimes(record: JobRecord): JobTimes | undefined {
  const { completed_at: endedMs, started_at: startedMs, conclusion } = record;
  if (endedMs === undefined || endedMs === null) return undefined;
  const nothing = { startedMs: undefined, endedMs, waitMs: undefined };
  if (conclusion === 'skipped' || !hadRunner(record) || startedMs === undefined || startedMs === null) return nothing;
  const began = chooseBegin(record, startedMs);
  const waitMs = began === undefined || !isTime(record.created_at) ? undefined : Math.max(0, began - record.created_at);
  return { startedMs: began ?? startedMs, endedMs, waitMs };
}

function hadRunner({ runner_id, steps }: JobRecord): boolean {
  return (runner_id ?? 0) > 0 || (steps ?? []).length > 0;
}

/** `started_at` is that of the creation until a runner takes the job; where it has stayed so, the first step tells. */
function chooseBegin({ created_at, steps }: JobRecord, startedMs: number): number | undefined {
  if (startedMs !== created_at) return startedMs;
  return steps?.[0]?.started_at ?? undefined;
}

function isTime(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}

interface Ended {
  readonly queue: string;
  readonly result: Result;
  readonly isKnown: boolean;
  readonly times: JobTimes;
}

function buildFinish(record: JobRecord, ended: Ended, context: JobContext): Finish {
  const { queue, result, isKnown, times } = ended;
  const { identity, pipeline } = context;
  const labels = { system: 'github', source: identity.source, scope: identity.organization, queue };
  const workedMs = times.startedMs === undefined ? undefined : Math.max(0, times.endedMs - times.startedMs);
  return {
    key: buildJobKey(record.id),
    finishedMs: times.endedMs,
    counts: [
      { metric: jobsFinished, labels: { ...labels, result }, increase: 1 },
      ...(workedMs === undefined
        ? []
        : [
            {
              metric: jobBusySeconds,
              labels,
              increase: workedMs / 1000,
              ownedBy: { scope: scopeOf(identity), pipeline: pipeline ?? unknownPipeline },
            },
          ]),
      ...(isKnown ? [] : [buildUnknownStateCount(identity.source, 'job')]),
    ],
    observations: buildObservations(ended, labels, { workedMs, wasHeld: context.wasHeld }),
    marks: [],
    spans: [
      {
        is: 'job',
        run: record.run_id,
        attemptNumber: record.run_attempt,
        attempt: labelAttempt(record.run_attempt),
        id: record.id,
        name: makeLabelValue(record.name ?? ''),
        pipeline,
        scope: scopeOf(identity),
        queue,
        result,
        startMs: times.startedMs,
        endMs: times.endedMs,
        waitSeconds: times.waitMs === undefined ? undefined : times.waitMs / 1000,
        url: buildRunUrl(identity, record.run_id, record.run_attempt),
      },
    ],
  };
}

function buildObservations(
  { result, times }: Ended,
  labels: Labels<QueueLabel>,
  { workedMs, wasHeld }: { readonly workedMs: number | undefined; readonly wasHeld: boolean },
): readonly Observation[] {
  return [
    ...(workedMs === undefined ? [] : [{ metric: jobDuration, labels: { ...labels, result }, value: workedMs / 1000 }]),
    ...(times.waitMs === undefined || wasHeld ? [] : [{ metric: jobWait, labels, value: times.waitMs / 1000 }]),
  ];
}

/** Whether the end of a job has come, whoever told of it. */
export function isJobCounted(ledger: Pick<Ledger, 'isCounted'>, id: string): boolean {
  return ledger.isCounted(jobStream, buildJobKey(id));
}

function buildJobKey(id: string): string {
  return `job ${id}`;
}
