/** Counts the ends of jobs among those of a run that were read, each once, and tells which have not ended. */
import type { Finish } from '../../../counters/finish.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { stepsLeftOut } from '../../../model/catalogue/crawl-metrics.ts';
import type { JobRecord } from '../api/schema.ts';
import type { JobState } from '../runs/open-run.ts';
import type { RepositoryIdentity } from '../runs/repository.ts';
import { jobStream } from '../runs/streams.ts';
import { interpretJob, type JobTimes } from './interpret-job.ts';
import type { QueueNames } from './queue-names.ts';

export interface CountJobsContext {
  readonly ledger: Ledger;
  readonly identity: RepositoryIdentity;
  readonly names: QueueNames;
}

/** The run that the jobs are a part of. */
interface RunOfJobs {
  readonly startedMs: number;
  readonly pipeline: string | undefined;
  readonly wasHeld: boolean;
}

export interface EndedJob {
  readonly id: string;
  readonly times: JobTimes;
}

export interface CountedJobs {
  readonly open: readonly JobState[];
  readonly ended: readonly EndedJob[];
}

/** GitHub's own times of a run and its jobs differ by a second or two. */
const slackMs = 2000;

export function countJobs(records: readonly JobRecord[], run: RunOfJobs, context: CountJobsContext): CountedJobs {
  const { ledger, identity } = context;
  const open: JobState[] = [];
  const ended: EndedJob[] = [];
  let forgotten = 0;
  for (const record of records) {
    const sight = interpretJob(record, { ...context, ...run });
    if (sight.is === 'open') open.push(sight.job);
    // After "re-run failed jobs" the new attempt lists the others as well, with their old times.
    if (sight.is !== 'finished' || sight.times.endedMs < run.startedMs - slackMs) continue;
    if (isForgotten(sight.finish, ledger)) forgotten += 1;
    ledger.countFinish(jobStream, sight.finish.key, sight.finish);
    ended.push({ id: sight.id, times: sight.times });
  }
  if (forgotten > 0) ledger.count(stepsLeftOut, { system: 'github', source: identity.source }, 1);
  return { open, ended };
}

/** Whether it ended so long ago that nobody knows any more whether it was counted; then it is not. */
function isForgotten({ key, finishedMs }: Finish, ledger: Ledger): boolean {
  const { fromMs } = ledger.openWindow(jobStream);
  return finishedMs < fromMs && finishedMs >= ledger.epochMs && !ledger.isCounted(jobStream, key);
}
