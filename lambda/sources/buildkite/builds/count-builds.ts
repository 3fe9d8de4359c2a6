import type { Ledger, Stream } from '../../../counters/ledger.ts';
import type { Matcher } from '../../../config/glob.ts';
import { finishedBefore } from './attempts.ts';
import type { BranchClass } from './branches.ts';
import { buildFinish, jobEndMs, jobFinish } from './finish.ts';
import type { Part } from '../user-api/list-result.ts';
import { type Places, queueByRule, unclustered, unknownScope } from '../queues/queue-names.ts';
import type { PipelineBuild } from './known-pipelines.ts';
import type { Job } from '../user-api/rest-schema.ts';
import { type Build, pipelineOf } from '../user-api/rest-schema.ts';

/** Builds by their finish, and the jobs in them by their own. */
export const buildStream: Stream = { name: 'builds', goesOn: true };
export const jobStream: Stream = { name: 'jobs', goesOn: true };

export interface BuildLists {
  /** Builds that finished in the window; absent where the list could not be read at all. */
  readonly finished: Part<readonly Build[]> | undefined;
  /** Builds that have not ended. */
  readonly active: Part<readonly Build[]> | undefined;
  /** Builds that finished before the installation; of a first run only, and they say no more than that their pipeline is there. */
  readonly earlier: readonly Build[];
  /** Every job of an open build that ended before has been seen; undefined while some are still to be read. */
  readonly jobsSeenUntilMs: number | undefined;
}

export interface CountOptions {
  readonly source: string;
  readonly organization: string;
  readonly isPipelineSelected: Matcher;
  readonly isQueueSelected: Matcher;
  readonly branchOf: BranchClass;
  readonly jobs: 'read' | 'skip';
  readonly places: Places;
  /** Whether `places` is all that can be known; otherwise a job in an unknown cluster is left to the next run. */
  readonly arePlacesFinal: boolean;
}

/** The builds of selected pipelines, each with its pipeline. */
export function selectedBuilds(builds: readonly Build[], isSelected: Matcher): readonly PipelineBuild[] {
  return builds.flatMap((build) => {
    const pipeline = pipelineOf(build);
    return pipeline !== undefined && isSelected(pipeline) ? [{ pipeline, build }] : [];
  });
}

/** Tells the ledger of every build and job that ended; the ledger decides what counts. */
export function countBuilds(
  ledger: Ledger,
  { finished, active, jobsSeenUntilMs }: BuildLists,
  options: CountOptions,
): 'all told' | 'some left out' {
  if (finished !== undefined) countFinished(ledger, finished, options);
  const lists = [finished, active];
  const known = lists.filter((list) => list !== undefined);
  if (options.jobs === 'skip' || known.length === 0) return 'all told';
  // A job is seen in its running build soon after its end, and in its finished one if it was missed there.
  const areAllPlaced = countJobs(
    ledger,
    known.flatMap(({ value }) => value),
    options,
  );
  const isComplete = areAllPlaced && lists.every((list) => list?.isComplete === true);
  if (isComplete && jobsSeenUntilMs !== undefined) ledger.readCompletely(jobStream, jobsSeenUntilMs);
  else ledger.readPartly(jobStream);
  return areAllPlaced ? 'all told' : 'some left out';
}

function countFinished(ledger: Ledger, { value, isComplete }: Part<readonly Build[]>, options: CountOptions): void {
  const { source, organization: scope, branchOf, isPipelineSelected } = options;
  const before = finishedBefore(ledger);
  for (const { pipeline, build } of selectedBuilds(value, isPipelineSelected)) {
    const firstFinishMs = before.firstFinishMs(build.id);
    const finish = buildFinish({ build, source, scope, pipeline, branch: branchOf(build), firstFinishMs });
    if (finish !== undefined) ledger.sawFinished(buildStream, build.id, finish);
    before.saw(build);
  }
  before.keep();
  if (isComplete) ledger.readCompletely(buildStream);
  else ledger.readPartly(buildStream);
}

/** False when a job had to be left out, because nobody knows yet where it ran. */
function countJobs(ledger: Ledger, builds: readonly Build[], options: CountOptions): boolean {
  const { source, isPipelineSelected, isQueueSelected } = options;
  // What ended before was counted in the run that saw it; a long build shows its first jobs for hours.
  const { fromMs } = ledger.window(jobStream);
  let areAllPlaced = true;
  for (const { build } of selectedBuilds(builds, isPipelineSelected)) {
    for (const job of build.jobs.readable) {
      if ((jobEndMs(job) ?? 0) < fromMs) continue;
      const place = placeOf(job, options);
      if (place === undefined) {
        areAllPlaced = false;
        continue;
      }
      if (!isQueueSelected(place.queue)) continue;
      const finish = jobFinish(job, build, { source, ...place });
      if (finish !== undefined) ledger.sawFinished(jobStream, job.id, finish);
    }
  }
  return areAllPlaced;
}

/** Undefined where the name of the cluster is still to be learned. */
export function placeOf(
  { cluster_id, cluster_queue_id, agent_query_rules }: Job,
  { places, arePlacesFinal }: Pick<CountOptions, 'places' | 'arePlacesFinal'>,
): { readonly scope: string; readonly queue: string } | undefined {
  const queue = queueByRule(places.queueKeys.get(cluster_queue_id ?? ''), agent_query_rules ?? []);
  if (cluster_id === null || cluster_id === undefined || cluster_id === '') return { scope: unclustered, queue };
  const scope = places.clusterNames.get(cluster_id);
  if (scope !== undefined) return { scope, queue };
  return arePlacesFinal ? { scope: unknownScope, queue } : undefined;
}
