/** Counts what events tell under the keys of the poll, and keeps what they say of open runs and jobs. */
import type { Ledger } from '../../../counters/ledger.ts';
import type { JobRecord, RunRecord } from '../api/schema.ts';
import { interpretJob, isJobCounted } from '../jobs/interpret-job.ts';
import { addJobLists } from '../jobs/job-lists.ts';
import type { QueueNames } from '../jobs/queue-names.ts';
import { countSightings, isOld } from '../runs/count-runs.ts';
import { type DeriveContext, deriveOpenRun } from '../runs/derive-open-run.ts';
import { buildRunKey, interpretRun } from '../runs/interpret-run.ts';
import type { JobState, OpenRunState } from '../runs/open-run.ts';
import type { Repository, RepositoryIdentity } from '../runs/repository.ts';
import { isHeld } from '../runs/states.ts';
import { buildRunStream, jobStream } from '../runs/streams.ts';
import type { ToldEvent } from './take-events.ts';

export interface EventContext {
  readonly ledger: Ledger;
  readonly names: QueueNames;
  readonly jobs: 'read' | 'leave';
  readonly stuckAfterMs: number;
  readonly identify: (repository: Repository) => RepositoryIdentity;
}

/** What is known, changed event by event. */
export interface Known {
  readonly repositories: Map<string, Repository>;
  /** By the repository's id. */
  readonly open: Map<string, readonly OpenRunState[]>;
}

/** An event of a repository that is unknown here is of one that is not selected, or comes with the list. */
export function applyEvents(known: Known, events: readonly ToldEvent[], context: EventContext): void {
  for (const event of events) {
    const repository = event.is === 'repositories' ? undefined : known.repositories.get(event.repository);
    if (event.is === 'repositories' || repository === undefined) continue;
    const { id, toldMs } = repository;
    if (event.is === 'hint') {
      if (event.sentMs >= repository.visitedMs)
        known.repositories.set(id, { ...repository, hintedMs: event.sentMs, toldMs: Math.max(toldMs, event.sentMs) });
      continue;
    }
    known.repositories.set(id, { ...repository, toldMs: Math.max(toldMs, event.sentMs), pipelines: 'some' });
    if (event.is === 'run') applyRun(known, repository, event.record, context);
    else if (context.jobs === 'read') applyJob(known, repository, event.record, context);
  }
}

function applyRun(known: Known, repository: Repository, record: RunRecord, context: EventContext): void {
  const { ledger, identify, jobs } = context;
  const identity = identify(repository);
  const sight = interpretRun(record, identity);
  const stream = buildRunStream(repository.id);
  const runs = known.open.get(repository.id) ?? [];
  const ended = countSightings([sight], { ledger, identity, stream, window: ledger.openWindow(stream) });
  if (jobs === 'read') addJobLists(ledger, repository.id, ended, runs);
  const key = buildRunKey(sight);
  const same = runs.find((run) => buildRunKey(run) === key);
  const others = runs.filter((run) => run !== same);
  const isOpen = ledger.recallOpen(stream).some(({ id }) => id === key);
  // What runs does not wait again: an event that comes late must not say so.
  const isLateEvent = sight.is === 'open' && same?.phase === 'running' && sight.phase !== 'running';
  if (!isOpen) known.open.set(repository.id, others);
  else if (sight.is === 'open' && !isLateEvent)
    known.open.set(repository.id, [...others, deriveOpenRun(sight, repository.id, same, deriveContextOf(context))]);
}

function deriveContextOf({ ledger, stuckAfterMs }: EventContext): DeriveContext {
  return { tickMs: ledger.tickMs, hasEvents: true, stuckAt: ({ askedMs }) => askedMs + stuckAfterMs };
}

function applyJob(known: Known, repository: Repository, record: JobRecord, context: EventContext): void {
  const { ledger, names, identify } = context;
  const key = buildRunKey({ id: record.run_id, attempt: record.run_attempt });
  const run = findOpenRun(known, repository, key);
  const before = run?.jobs?.find(({ id }) => id === record.id);
  const wasHeld = isHeldRun(run) || (before !== undefined && isHeld(before));
  const sight = interpretJob(record, { identity: identify(repository), names, pipeline: run?.pipeline, wasHeld });
  if (sight.is === 'open') {
    if (isLate(sight.job, before, ledger)) return;
    keepJob(known, run ?? beginRun(repository, record, sight.job, context), sight.job);
    return;
  }
  if (sight.is === 'finished') ledger.countFinish(jobStream, sight.finish.key, sight.finish);
  dropJob(known, run, record.id);
}

function keepJob(known: Known, run: OpenRunState | undefined, job: JobState): void {
  if (run !== undefined) replaceRun(known, { ...run, jobs: putJob(run.jobs ?? [], job) });
}

function dropJob(known: Known, run: OpenRunState | undefined, ended: string): void {
  if (run !== undefined) replaceRun(known, { ...run, jobs: (run.jobs ?? []).filter(({ id }) => id !== ended) });
}

/** An end wins over everything that comes later, and what runs does not wait again. */
function isLate(job: JobState, before: JobState | undefined, ledger: Ledger): boolean {
  return isJobCounted(ledger, job.id) || (before?.phase === 'running' && job.phase !== 'running');
}

function findOpenRun(known: Known, { id }: Repository, key: string): OpenRunState | undefined {
  return known.open.get(id)?.find((run) => buildRunKey(run) === key);
}

function isHeldRun(run: OpenRunState | undefined): boolean {
  return run?.wasHeld === true;
}

function putJob(jobs: readonly JobState[], job: JobState): JobState[] {
  return [...jobs.filter(({ id }) => id !== job.id), job];
}

function replaceRun(known: Known, run: OpenRunState): void {
  const others = (known.open.get(run.repository) ?? []).filter((one) => buildRunKey(one) !== buildRunKey(run));
  known.open.set(run.repository, [...others, run]);
}

/**
 * The job tells of a run whose own event is lost or not there yet; it is asked for by itself if that stays so. Undefined
 * for one that has ended, and for what is so old that it was counted and forgotten.
 */
function beginRun(
  repository: Repository,
  record: JobRecord,
  job: JobState,
  { ledger, stuckAfterMs }: EventContext,
): OpenRunState | undefined {
  const stream = buildRunStream(repository.id);
  const run = { id: record.run_id, attempt: record.run_attempt };
  const key = buildRunKey(run);
  if (ledger.isCounted(stream, key) || isOld(job.createdMs, ledger.openWindow(stream))) return undefined;
  ledger.noteOpen(stream, key);
  return {
    ...run,
    repository: repository.id,
    // Its run may have begun long before.
    startedMs: 0,
    askedMs: job.createdMs,
    phase: job.phase,
    stuckMs: job.createdMs + stuckAfterMs,
    wasHeld: isHeld(job),
  };
}
