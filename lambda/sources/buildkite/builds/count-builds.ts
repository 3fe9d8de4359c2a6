/** Counts the builds and jobs that ended, and declares the series of those that are open. */
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import type { Matcher } from '../../../settings/glob.ts';
import { recallFirstFinishes } from './attempts.ts';
import type { ClassifyBranch } from './branches.ts';
import { finishBuild, findJobEndMs, finishJob } from './finish.ts';
import type { ListResult } from '../user-api/list-result.ts';
import { findQueueId, type NameLookup } from '../queues/queue-names.ts';
import type { PipelineBuild } from './known-pipelines.ts';
import { type Build, findPipeline } from '../user-api/rest-schema.ts';

/** Builds by their finish, and the jobs in them by their own. */
export const buildStream: Stream = { name: 'builds', isResumable: true };
export const jobStream: Stream = { name: 'jobs', isResumable: true };

export interface BuildLists {
  /** Builds that finished in the window; absent where the list could not be read at all. */
  readonly finished: ListResult<readonly Build[]> | undefined;
  /** Builds that have not ended. */
  readonly active: ListResult<readonly Build[]> | undefined;
  /** Builds that finished before the installation; of a first run only, and they say no more than that their pipeline is there. */
  readonly earlier: readonly Build[];
  /** Every job of an open build that ended before has been seen; undefined while some are still to be read. */
  readonly jobsSeenUntilMs: number | undefined;
}

export interface CountOptions extends NameLookup {
  readonly source: string;
  readonly organization: string;
  readonly isPipelineSelected: Matcher;
  readonly isQueueSelected: Matcher;
  readonly classifyBranch: ClassifyBranch;
  readonly jobs: 'read' | 'skip';
}

/** The builds of selected pipelines, each with its pipeline. */
export function selectBuilds(builds: readonly Build[], isSelected: Matcher): readonly PipelineBuild[] {
  return builds.flatMap((build) => {
    const pipeline = findPipeline(build);
    return pipeline !== undefined && isSelected(pipeline) ? [{ pipeline, build }] : [];
  });
}

/** Tells the ledger of every build and job that ended; the ledger decides what counts. */
export function countBuilds(
  ledger: Ledger,
  { finished, active, jobsSeenUntilMs }: BuildLists,
  options: CountOptions,
): 'all counted' | 'some left out' {
  if (finished !== undefined) countFinished(ledger, finished, options);
  const lists = [finished, active];
  const present = lists.filter((list) => list !== undefined);
  if (options.jobs === 'skip' || present.length === 0) return 'all counted';
  // A job is seen in its running build soon after its end, and in its finished one if it was missed there.
  const areAllNamed = countJobs(
    ledger,
    present.flatMap(({ value }) => value),
    options,
  );
  const isComplete = areAllNamed && lists.every((list) => list?.isComplete === true);
  if (isComplete && jobsSeenUntilMs !== undefined) ledger.noteComplete(jobStream, jobsSeenUntilMs);
  else ledger.notePartial(jobStream);
  return areAllNamed ? 'all counted' : 'some left out';
}

function countFinished(
  ledger: Ledger,
  { value, isComplete }: ListResult<readonly Build[]>,
  options: CountOptions,
): void {
  const { source, organization: scope, classifyBranch, isPipelineSelected } = options;
  const before = recallFirstFinishes(ledger);
  for (const { pipeline, build } of selectBuilds(value, isPipelineSelected)) {
    const firstFinishMs = before.firstFinishMs(build.id);
    const finish = finishBuild({ build, source, scope, pipeline, branch: classifyBranch(build), firstFinishMs });
    if (finish !== undefined) ledger.countFinish(buildStream, build.id, finish);
    before.noteFinish(build);
  }
  before.remember();
  if (isComplete) ledger.noteComplete(buildStream);
  else ledger.notePartial(buildStream);
}

/** False when a job had to be left out, because the name of its cluster is not known yet. */
function countJobs(ledger: Ledger, builds: readonly Build[], options: CountOptions): boolean {
  const { source, isPipelineSelected, isQueueSelected } = options;
  // What ended before was counted in the run that saw it; a long build shows its first jobs for hours.
  const { fromMs } = ledger.openWindow(jobStream);
  let areAllNamed = true;
  for (const { build } of selectBuilds(builds, isPipelineSelected)) {
    for (const job of build.jobs.readable) {
      if ((findJobEndMs(job) ?? 0) < fromMs) continue;
      const queueId = findQueueId(job, options);
      if (queueId === undefined) {
        areAllNamed = false;
        continue;
      }
      if (!isQueueSelected(queueId.queue)) continue;
      const finish = finishJob(job, build, { source, organization: options.organization, ...queueId });
      if (finish !== undefined) ledger.countFinish(jobStream, job.id, finish);
    }
  }
  return areAllNamed;
}
