/** Reads the lists of builds that one run needs; an error of one list leaves the others as they are. */
import type { Problem } from '../../../model/problem.ts';
import { recallFirstFinishes } from '../builds/attempts.ts';
import { listBuilds } from './list-builds.ts';
import { createBranchClassifier } from '../builds/branches.ts';
import { type BuildLists, buildStream, selectBuilds } from '../builds/count-builds.ts';
import { matchSelection } from '../../../settings/glob.ts';
import type { ApiSettings } from '../config.ts';
import {
  createFinishedReader,
  buildFinishedFilters,
  readsMoreWithMoreRequests,
  type ReadList,
} from './resume-finished.ts';
import { finishBuild } from '../builds/finish.ts';
import { type ListRequest, readOpenBuilds, type ReadOpenList } from './list-open-builds.ts';
import type { ListResult } from '../user-api/list-result.ts';
import type { Build } from '../user-api/rest-schema.ts';
import { describeUnreadable } from '../user-api/problems.ts';
import type { UserRun } from '../user-api/run.ts';
import { dayMs } from '../../../model/time.ts';

/** The builds that finished in the window and those that are open; an error of one list costs only that list. */
export async function readBuildLists(run: UserRun): Promise<BuildLists> {
  const { ledger, settings } = run;
  const { jobs } = settings;
  const readOpen: ReadOpenList = (request) => listWithProblems(run, 'open builds', request);
  const readList: ReadList = (request) => listWithProblems(run, 'finished builds', { ...request, jobs });
  const { readLong, readRest } = createFinishedReader(ledger, settings, readList);
  // Builds that ran long come last in any list: after a run that could not read all, they have the first requests.
  const longBuilds = await readLong();
  // Before the others, because they are needed in every run, while the list of finished ones goes on where it stopped.
  const { builds: active, jobsSeenUntilMs } = await readOpenBuilds(ledger, jobs, readOpen);
  const finished = await readRest(longBuilds);
  const window = ledger?.openWindow(buildStream);
  const earlier = window?.isFirst === true ? await readHistory(run, window.fromMs) : [];
  return { finished: finished && dropEmpty(finished), active: dropEmpty(active), earlier, jobsSeenUntilMs };
}

/** A list of which nothing could be read says nothing, not even that it was cut short. */
function dropEmpty(list: ListResult<readonly Build[]>): ListResult<readonly Build[]> | undefined {
  return list.problem !== undefined && list.value.length === 0 ? undefined : list;
}

async function listWithProblems(
  run: UserRun,
  name: 'open builds' | 'finished builds',
  { filters, jobs, maxPages }: ListRequest,
): Promise<ListResult<readonly Build[]>> {
  const { api, organization, problemFrom, problems, config } = run;
  const list = await listBuilds(api, {
    org: organization,
    filters,
    withJobs: jobs === 'read',
    maxPages,
    problemFrom: (error) => problemFrom(error, name),
  });
  const where = `buildkite/${config.name} ${name}`;
  if (list.problem !== undefined) problems.push(list.problem);
  else if (!list.isComplete)
    problems.push(describeCutShort(where, list.value.length, listRemedies(name, run.settings)));
  if (list.unreadable > 0) problems.push(describeUnreadable(where, list.unreadable));
  return list;
}

/** Buildkite refused nothing: the collector bounds its own lists, so only settings help. */
function describeCutShort(where: string, count: number, remedies: readonly string[]): Problem {
  const remedy = `if this stays, ${remedies.join(' or ')}`;
  const message = `truncated after ${String(count)} builds, as many as one run reads; the next runs go on from there; ${remedy}`;
  return { kind: 'configuration', where, message };
}

function listRemedies(list: 'open builds' | 'finished builds', settings: ApiSettings): readonly string[] {
  const remedies = [
    ...(list === 'finished builds' && readsMoreWithMoreRequests(settings)
      ? ['raise requestsPerMinute as far as Buildkite allows the token']
      : []),
    ...(settings.jobs === 'read' ? ['set jobs: skip'] : []),
  ];
  if (remedies.length > 0) return remedies;
  return [list === 'open builds' ? 'cancel builds that nobody waits for' : 'shorten the interval'];
}

/** How far back the first run looks for the last success of each pipeline. */
const historyMs = dayMs;

/** What finished before the installation is not counted, but says when a pipeline last succeeded. One page, no more. */
async function readHistory(run: UserRun, beforeMs: number): Promise<readonly Build[]> {
  const { api, organization, ledger, config, problemFrom } = run;
  if (ledger === undefined) return [];
  const filters = buildFinishedFilters(beforeMs - historyMs);
  const list = await listBuilds(api, {
    org: organization,
    filters,
    withJobs: false,
    maxPages: 1,
    // The list of finished builds has reported the same problem already.
    problemFrom: (error) => problemFrom(error, 'history'),
  });
  const classifyBranch = createBranchClassifier(config);
  const before = recallFirstFinishes(ledger);
  for (const { pipeline, build } of selectBuilds(list.value, matchSelection(config.pipelines ?? {}))) {
    const labelled = { build, source: config.name, scope: organization, pipeline, branch: classifyBranch(build) };
    const finish = finishBuild(labelled);
    if (finish !== undefined && finish.finishedMs < ledger.epochMs) ledger.countFinish(buildStream, build.id, finish);
    before.noteFinish(build);
  }
  before.remember();
  return list.value;
}
