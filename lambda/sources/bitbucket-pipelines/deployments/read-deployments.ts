/** Reads the deployments of a repository, and counts those that have ended. */
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type ApiContext, listPages, joinFields, buildRepositoryPath } from '../api/client.ts';
import { readNumberedPage } from '../api/read-numbered-page.ts';
import { declareDeployments, finishDeployment } from './finish-deployment.ts';
import { recallDeployments, rememberDeployments } from './remembered.ts';
import { type DeploymentsPage, findFirstEndedPage } from './find-first-end.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import type { RepositoryIdentity } from '../runs/repository.ts';
import { DeploymentRecord, parseElements, EnvironmentRecord, type Page } from '../api/schema.ts';
import { buildDeploymentStream } from '../runs/streams.ts';
import { recallCursor, rememberCursor, listNewestFirst } from '../../../crawl/list-newest-first.ts';
import { minuteMs, dayMs } from '../../../model/time.ts';

export interface DeploymentsContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly countUnreadable: (count: number) => void;
  /** What the list is not, and what comes of it. */
  readonly report: (kind: 'bad-response' | 'configuration', message: string) => void;
}

const members = [
  'uuid',
  'environment.uuid',
  'environment.name',
  'state.name',
  'state.type',
  'state.status.name',
  'state.started_on',
  'state.completed_on',
  'state.start_date',
  'state.completion_date',
] as const;

/** The most that Bitbucket gives. */
const pageLength = 100;

/** 1,000 ends between two visits; what is left is read in the next ones. */
const maxPages = 10;

/** A redeployment runs no pipeline that would be noticed; it is found this late. */
const longestIntervalMs = 60 * minuteMs;
const shortestIntervalMs = 2 * minuteMs;

/** Of a tick: one or two requests each. */
const mostPerTick = 5;

/** The repositories whose deployments are to be read in a tick, those first that are latest for their own rhythm. */
export function selectDueDeployments(repositories: readonly Repository[], tickMs: number): readonly Repository[] {
  return repositories
    .filter((repository) => repository.pipelines === 'some')
    .map((repository) => ({ repository, lateness: computeLateness(repository, tickMs) }))
    .filter(({ lateness }) => lateness >= 1)
    .sort((a, b) => b.lateness - a.lateness)
    .slice(0, mostPerTick)
    .map(({ repository }) => repository);
}

/** Deployments are a matter of runs: soon after one has moved, and else now and then. */
function computeLateness({ deploymentsMs, ranMs, open }: Repository, tickMs: number): number {
  const ageMs = tickMs - deploymentsMs;
  const hasMoved = ranMs > deploymentsMs || open.moving > 0;
  return ageMs / (hasMoved ? shortestIntervalMs : longestIntervalMs);
}

/**
 * Deployments by their end, latest first, back to where the last visit was complete. Those without an end stand before
 * all others and only become more, so the first end is searched. @throws HttpError, BudgetSpentError
 */
export async function readDeployments(
  repository: Repository,
  identity: RepositoryIdentity,
  context: DeploymentsContext,
): Promise<void> {
  const { ledger, report } = context;
  const stream = buildDeploymentStream(repository.id);
  const { fromMs } = ledger.openWindow(stream);
  const pages = createPageReader(
    repository,
    identity,
    context,
    await readEnvironmentNames(repository, identity, context),
  );
  const firstPage = await findFirstEnd(repository, context, pages.read);
  if (firstPage === undefined) {
    ledger.noteComplete(stream);
    return;
  }
  const cursor = recallCursor(ledger, stream);
  const list = await listNewestFirst(pages.read, { firstPage, untilMs: fromMs, mostPages: maxPages, cursor });
  rememberCursor(ledger, stream, list.cursor);
  if (list.reason === undefined && pages.areInOrder()) ledger.noteComplete(stream);
  else ledger.notePartial(stream);
  if (!pages.areInOrder()) report('bad-response', describeDisorder(repository));
  if (list.reason === 'pages') report('configuration', describeCut(repository));
}

function describeDisorder({ slug }: Repository): string {
  return `the deployments of ${slug} are not in the order that was asked for, latest end first; some may be missing`;
}

function describeCut({ slug }: Repository): string {
  return `read ${String(maxPages)} pages of the deployments of ${slug}, which has more that have ended; the next look goes on there; if this stays, shorten the interval`;
}

/** @throws BudgetSpentError when the requests of the tick do not suffice; the next visit goes on where it came to. */
async function findFirstEnd(
  { id }: Repository,
  { ledger }: DeploymentsContext,
  readPage: PageReader['read'],
): Promise<number | undefined> {
  let reached = recallDeployments(ledger, id).firstEndPage ?? 1;
  try {
    const found = await findFirstEndedPage(readPage, reached, (page) => {
      reached = page + 1;
    });
    reached = found ?? reached;
    return found;
  } finally {
    rememberDeployments(ledger, id, { firstEndPage: reached });
  }
}

interface PageReader {
  /** Tells the ledger every end on the page. */
  readonly read: (page: number) => Promise<DeploymentsPage<DeploymentRecord>>;
  readonly areInOrder: () => boolean;
}

function createPageReader(
  repository: Repository,
  identity: RepositoryIdentity,
  context: DeploymentsContext,
  environments: ReadonlyMap<string, string>,
): PageReader {
  const { ledger, countUnreadable } = context;
  const stream = buildDeploymentStream(repository.id);
  // The search and the walk meet on the same page.
  const known = new Map<number, DeploymentsPage<DeploymentRecord>>();
  let isOrdered = true;
  const readAnew = async (page: number): Promise<DeploymentsPage<DeploymentRecord>> => {
    const { values, next } = await readDeploymentPage(repository, identity, context, page);
    const { items, unreadable: count } = parseElements(values, DeploymentRecord);
    countUnreadable(count);
    for (const record of items) declareDeployments(ledger, record, identity, environments);
    const finishes = items.map((record) => finishDeployment(record, identity, environments));
    for (const finish of finishes) if (finish !== undefined) ledger.countFinish(stream, finish.key, finish);
    const ends = finishes.map((finish) => finish?.finishedMs);
    isOrdered &&= isLatestFirst(ends);
    const times = ends.filter((ms) => ms !== undefined);
    return { rows: items, times, hasNext: typeof next === 'string', beginsEnded: ends[0] !== undefined };
  };
  return {
    areInOrder: () => isOrdered,
    read: async (page) => {
      const read = known.get(page) ?? (await readAnew(page));
      known.set(page, read);
      return read;
    },
  };
}

/** Different parts of Bitbucket cut times to seconds or milliseconds. */
const slackMs = 1000;

/** Whether the ends stand together, latest first; what has none may stand before or after them. */
function isLatestFirst(ends: readonly (number | undefined)[]): boolean {
  const first = ends.findIndex((ms) => ms !== undefined);
  const last = ends.findLastIndex((ms) => ms !== undefined);
  const together = first < 0 ? [] : ends.slice(first, last + 1);
  return together.every((ms, index) => {
    const before = index === 0 ? ms : together[index - 1];
    return ms !== undefined && before !== undefined && ms <= before + slackMs;
  });
}

async function readDeploymentPage(
  { id }: Repository,
  { workspace }: RepositoryIdentity,
  { api }: DeploymentsContext,
  page: number,
): Promise<Page> {
  const path = `${buildRepositoryPath(workspace, id)}/deployments`;
  const parameters = {
    sort: '-state.completed_on',
    pagelen: String(pageLength),
    page: String(page),
    fields: joinFields(members),
  };
  const answer = await readNumberedPage(api, { path, parameters });
  return answer === 'unchanged' ? { values: [], next: undefined } : answer.value;
}

/** Environments are made and renamed by hand. */
const environmentsForMs = dayMs;

/** Deployments name their environment by its uuid, and only some by its name. */
async function readEnvironmentNames(
  { id }: Repository,
  { workspace }: RepositoryIdentity,
  { api, ledger, countUnreadable }: DeploymentsContext,
): Promise<ReadonlyMap<string, string>> {
  const known = recallDeployments(ledger, id);
  if (known.namesMs !== undefined && ledger.tickMs - known.namesMs < environmentsForMs) return new Map(known.names);
  const names: [string, string][] = [];
  try {
    const path = `${buildRepositoryPath(workspace, id)}/environments`;
    for await (const values of listPages(api, { path, parameters: { pagelen: '100' } })) {
      const { items, unreadable: count } = parseElements(values, EnvironmentRecord);
      countUnreadable(count);
      for (const { uuid, name: named } of items) names.push([uuid, named]);
    }
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
  }
  rememberDeployments(ledger, id, { namesMs: ledger.tickMs, names });
  return new Map(names);
}
