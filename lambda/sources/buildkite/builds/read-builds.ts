/** Reads the lists of builds that one run needs, each with its own failure. */
import type { Problem } from '../../../model/problem.ts';
import { finishedBefore } from './attempts.ts';
import { readBuilds } from './list-builds.ts';
import { branchClasses } from './branches.ts';
import { type BuildLists, buildStream, selectedBuilds } from './count-builds.ts';
import { selects } from '../../../config/glob.ts';
import { finishedReading, finishedSince, type ReadList } from './resume-finished.ts';
import { buildFinish } from './finish.ts';
import { type ListRequest, readOpenBuilds, type ReadOpenList } from './list-open-builds.ts';
import type { Part } from '../user-api/list-result.ts';
import type { Build } from '../user-api/rest-schema.ts';
import type { UserRun } from '../user-api/run.ts';

/** The builds that finished in the window and those that are open, each with its own failure. */
export async function readBuildLists(run: UserRun): Promise<BuildLists> {
  const { ledger, settings } = run;
  const { jobs } = settings;
  const readOpen: ReadOpenList = (request) => read(run, 'open builds', request);
  const readList: ReadList = (request) => read(run, 'finished builds', { ...request, jobs });
  const { long, rest } = finishedReading(ledger, settings, readList);
  // Builds that ran long come last in any list: after a run that could not read all, they have the first requests.
  const longBuilds = await long();
  // Before the others, because they are needed in every run, while the list of finished ones goes on where it stopped.
  const { builds: active, jobsSeenUntilMs } = await readOpenBuilds(ledger, jobs, readOpen);
  const finished = await rest(longBuilds);
  const window = ledger?.window(buildStream);
  const earlier = window?.isFirst === true ? await readHistory(run, window.fromMs) : [];
  return { finished: finished && useful(finished), active: useful(active), earlier, jobsSeenUntilMs };
}

/** A list of which nothing could be read says nothing, not even that it was cut short. */
function useful(part: Part<readonly Build[]>): Part<readonly Build[]> | undefined {
  return part.problem !== undefined && part.value.length === 0 ? undefined : part;
}

async function read(
  run: UserRun,
  name: string,
  { filters, jobs, maxPages }: ListRequest,
): Promise<Part<readonly Build[]>> {
  const { api, organization, problemFrom, problems, config } = run;
  const part = await readBuilds(api, {
    org: organization,
    filters,
    withJobs: jobs === 'read',
    maxPages,
    failed: (error) => problemFrom(error, name),
  });
  const where = `buildkite/${config.name} ${name}`;
  if (part.problem !== undefined) problems.push(part.problem);
  else if (!part.isComplete) problems.push(cutShort(where, part.value.length));
  if (part.unreadable > 0) problems.push(notReadable(where, part.unreadable));
  return part;
}

function cutShort(where: string, count: number): Problem {
  const message = `truncated after ${String(count)} builds; the next runs go on from there; if this stays, raise the interval or set jobs: skip`;
  return { kind: 'rate-limited', where, message };
}

export function notReadable(where: string, count: number): Problem {
  const elements = count === 1 ? '1 element is' : `${String(count)} elements are`;
  const message = `${elements} not what Buildkite documents and left out; the others are published`;
  return { kind: 'bad-response', where, message };
}

/** How far back the first run looks for the last success of each pipeline. */
const historyMs = 24 * 3_600_000;

/** What finished before the installation is not counted, but says when a pipeline last succeeded. One page, no more. */
async function readHistory(run: UserRun, beforeMs: number): Promise<readonly Build[]> {
  const { api, organization, ledger, config, problemFrom } = run;
  if (ledger === undefined) return [];
  const filters = finishedSince(beforeMs - historyMs);
  const part = await readBuilds(api, {
    org: organization,
    filters,
    withJobs: false,
    maxPages: 1,
    // The same failure was told for the list that counts.
    failed: (error) => problemFrom(error, 'history'),
  });
  const branchOf = branchClasses(config);
  const before = finishedBefore(ledger);
  for (const { pipeline, build } of selectedBuilds(part.value, selects(config.pipelines ?? {}))) {
    const placed = { build, source: config.name, scope: organization, pipeline, branch: branchOf(build) };
    const finish = buildFinish(placed);
    if (finish !== undefined && finish.finishedMs < ledger.epochMs) ledger.sawFinished(buildStream, build.id, finish);
    before.saw(build);
  }
  before.keep();
  return part.value;
}
