/** Ended runs whose jobs are still to be read: kept by the ledger until they were, then counted. */
import * as z from 'zod';
import type { Finish } from '../../../counters/finish.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { stepsLeftOut } from '../../../model/catalogue/crawl-metrics.ts';
import { results } from '../../../model/catalogue/results.ts';
import { runDuration, runWait } from '../../../model/catalogue/run-metrics.ts';
import { findGreatest, findLeast } from '../../../model/lists/extremes.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import { buildRunKey, type FinishedRun } from '../runs/interpret-run.ts';
import type { OpenRunState } from '../runs/open-run.ts';
import { type RepositoryIdentity, scopeOf } from '../runs/repository.ts';
import { jobListStream, jobsForMs } from '../runs/streams.ts';
import { countJobs, type CountJobsContext, type EndedJob } from './count-jobs.ts';
import { readJobs, type JobsContext } from './read-jobs.ts';
import { minuteMs } from '../../../model/time.ts';

/** A run that has ended. */
export interface JobList {
  /** The repository's id. */
  readonly repository: string;
  readonly id: string;
  readonly attempt: number;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly pipeline: string;
  readonly result: FinishedRun['result'];
  /** Whether it was ever seen waiting for a person or another run. */
  readonly wasHeld: boolean;
  readonly firstSeenMs: number;
}

const Note = z.tuple([z.string(), z.number(), z.number(), z.string(), z.enum(results).catch('other'), z.boolean()]);

/** Puts ended runs on the list. */
export function addJobLists(
  ledger: Ledger,
  repository: string,
  ended: readonly FinishedRun[],
  known: readonly OpenRunState[],
): void {
  const states = new Map(known.map((state) => [buildRunKey(state), state]));
  for (const run of ended.filter(({ hasJobs }) => hasJobs)) {
    const key = buildRunKey(run);
    const wasHeld = states.get(key)?.wasHeld ?? false;
    const note: z.infer<typeof Note> = [repository, run.startedMs, run.finishedMs, run.pipeline, run.result, wasHeld];
    ledger.noteOpen(jobListStream, key, JSON.stringify(note));
  }
}

/** What is to be read, oldest first; what has waited for too long is left out, and counted. */
export function selectJobLists(ledger: Ledger, source: string): readonly JobList[] {
  const labels = { system: 'github', source };
  ledger.declare(stepsLeftOut, labels);
  return ledger.recallOpen(jobListStream).flatMap(({ id, note, firstSeenMs }): readonly JobList[] => {
    const list = ledger.now() - firstSeenMs > jobsForMs ? undefined : parseNote(id, note, firstSeenMs);
    if (list !== undefined) return [list];
    leaveOut(ledger, id, source);
    return [];
  });
}

function leaveOut(ledger: Ledger, key: string, source: string): void {
  ledger.forget(jobListStream, key);
  ledger.count(stepsLeftOut, { system: 'github', source }, 1);
}

function parseNote(key: string, note: string | undefined, firstSeenMs: number): JobList | undefined {
  const { data } = Note.safeParse(parseJsonText(note ?? 'null'));
  if (data === undefined) return undefined;
  const [repository, startedMs, finishedMs, pipeline, result, wasHeld] = data;
  const [id = '', attempt = ''] = key.split('#');
  return { repository, id, attempt: Number(attempt), startedMs, finishedMs, pipeline, result, wasHeld, firstSeenMs };
}

/** The list of jobs lags behind the end of their run; for so long a job that has not ended is waited for. */
const lagMs = 10 * minuteMs;

/** Reads the jobs of one ended run and counts them. @throws HttpError, BudgetSpentError */
export async function countJobList(list: JobList, context: CountJobsContext & JobsContext): Promise<void> {
  const { ledger, identity } = context;
  const key = buildRunKey(list);
  try {
    const records = await readJobs(identity.fullName, list, context);
    const counted = countJobs(records, list, context);
    const isWaitedFor = counted.open.length > 0 && ledger.now() - list.firstSeenMs < lagMs;
    if (isWaitedFor) return;
    ledger.countFinish(jobListStream, key, buildTimes(list, key, counted.ended, identity));
    // It may have been put on the list in this tick, and would stay there for another one.
    ledger.forget(jobListStream, key);
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
    // Deleted with its run, so what it did stays unknown.
    leaveOut(ledger, key, identity.source);
  }
}

/** What the jobs tell of their run: its end is that of the last of them, for `updated_at` moves. */
function buildTimes(list: JobList, key: string, ended: readonly EndedJob[], identity: RepositoryIdentity): Finish {
  const labels = { system: 'github', source: identity.source, scope: scopeOf(identity), pipeline: list.pipeline };
  const { startedMs, result } = list;
  const begins = ended.flatMap(({ times }) => times.startedMs ?? []);
  const firstMs = findLeast(begins);
  const lastMs = findGreatest(ended.map(({ times }) => times.endedMs)) ?? list.finishedMs;
  // Nothing has run, so there is no time that it took.
  const hasRun = firstMs !== undefined;
  return {
    key,
    finishedMs: list.finishedMs,
    counts: [],
    observations: hasRun
      ? [
          { metric: runDuration, labels: { ...labels, result }, value: Math.max(0, lastMs - startedMs) / 1000 },
          ...(list.wasHeld ? [] : [{ metric: runWait, labels, value: Math.max(0, firstMs - startedMs) / 1000 }]),
        ]
      : [],
    marks: [],
  };
}
