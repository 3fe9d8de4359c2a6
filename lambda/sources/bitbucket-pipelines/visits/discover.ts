/** Finds the repositories of a workspace, and what was pushed last. */
import { BadResponseError } from '../../../http/errors/errors.ts';
import { whereOf } from '../../../http/where.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { type ApiContext, readAnswer, joinFields } from '../api/client.ts';
import { readNumberedPage } from '../api/read-numbered-page.ts';
import { endResults, forgetRepository } from './missing-repositories.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import type { Rhythm } from './remembered.ts';
import { hotMs, repositoriesPerPage } from '../../../crawl/intervals.ts';
import { parseElements, Page, RepositoryRecord } from '../api/schema.ts';
import { buildRunStream } from '../runs/streams.ts';
import { minuteMs } from '../../../model/time.ts';

export interface DiscoverContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly workspace: string;
  readonly isSelected: (record: RepositoryRecord) => boolean;
  readonly countUnreadable: (count: number) => void;
  /** What the list is not, and what comes of it. */
  readonly report: (kind: 'bad-response' | 'configuration', message: string) => void;
}

/** What is known of the repositories; changed page by page, so that a pass that is cut off goes on where it was. */
export interface Discovery {
  readonly repositories: Map<string, Repository>;
  rhythm: Rhythm;
}

const members = ['uuid', 'slug', 'updated_on', 'project.key', 'mainbranch.name'] as const;

/** 10,000 repositories in one run; a list that never ends must not use up every request of every run. */
const maxPages = 100;

/**
 * Passes over the list of repositories, from where the last pass was cut off. In the order of their creation, which
 * never changes: new ones come last. One that is deleted meanwhile moves the others up, so that one may be skipped: what
 * a pass did not find is therefore asked for by itself before it is forgotten.
 * @throws HttpError, BudgetSpentError
 */
export async function discover(discovery: Discovery, context: DiscoverContext): Promise<void> {
  const { rhythm } = discovery;
  const pass = rhythm.page === undefined ? rhythm.pass + 1 : rhythm.pass;
  const firstPage = rhythm.page ?? 1;
  const endPage = firstPage + maxPages;
  let firstOfBefore: string | undefined;
  for (let page = firstPage; page < endPage; page += 1) {
    discovery.rhythm = { ...discovery.rhythm, pass, page };
    const read = await readRepositoryPage(context, page);
    takePage(discovery, read.records, pass, context);
    const first = read.records.at(0)?.uuid;
    const isRepeated = first !== undefined && first === firstOfBefore;
    if (!read.hasNext || isRepeated) {
      endPass(discovery, context, page === 1 && first === undefined);
      if (isRepeated) throw createRepeatedPageError(context);
      return;
    }
    firstOfBefore = first;
  }
  discovery.rhythm = { ...discovery.rhythm, page: endPage };
  context.report(
    'configuration',
    `read the list of repositories up to page ${String(endPage - 1)}, as far as one run reads; the next run goes on; nothing to do, for it ends after a few runs`,
  );
}

function endPass(discovery: Discovery, { ledger, report }: DiscoverContext, isEmpty: boolean): void {
  discovery.rhythm = { ...discovery.rhythm, page: undefined, discoveredMs: ledger.tickMs };
  const known = discovery.repositories.size;
  if (isEmpty && known > 0) report('bad-response', describeEmptyList(known));
}

function describeEmptyList(known: number): string {
  return `the list of repositories is empty, though ${String(known)} are known; they are kept until Bitbucket has said of each that it is gone. Check what the credential may see`;
}

function createRepeatedPageError({ api, workspace }: DiscoverContext): BadResponseError {
  return new BadResponseError(
    whereOf('GET', new URL(`${api.endpoint}${buildListPath(workspace)}`)),
    'the list of repositories shows one page again and again; repositories may be missing',
  );
}

function buildListPath(workspace: string): string {
  return `/repositories/${encodeURIComponent(workspace)}`;
}

interface RepositoryPage {
  readonly records: readonly RepositoryRecord[];
  readonly hasNext: boolean;
}

async function readRepositoryPage(
  { api, workspace, countUnreadable }: DiscoverContext,
  page: number,
): Promise<RepositoryPage> {
  const parameters = {
    pagelen: String(repositoriesPerPage),
    page: String(page),
    sort: 'created_on',
    fields: joinFields(members),
  };
  const answer = await readNumberedPage(api, { path: buildListPath(workspace), parameters });
  const { values, next } = answer === 'unchanged' ? { values: [], next: undefined } : answer.value;
  const { items, unreadable: count } = parseElements(values, RepositoryRecord);
  countUnreadable(count);
  return { records: items, hasNext: typeof next === 'string' && values.length > 0 };
}

function takePage(
  { repositories }: Discovery,
  records: readonly RepositoryRecord[],
  pass: number,
  { isSelected, ledger }: DiscoverContext,
): void {
  for (const record of records) {
    const known = repositories.get(record.uuid);
    if (isSelected(record)) keepRepository(repositories, record, pass, ledger);
    // The selection was changed, or the repository went to another project.
    else if (known !== undefined && repositories.delete(known.id)) forgetRepository(known, 'unselected', ledger);
  }
}

function keepRepository(
  repositories: Map<string, Repository>,
  record: RepositoryRecord,
  pass: number,
  ledger: Ledger,
): void {
  const { uuid: id, slug } = record;
  const mainBranch = record.mainbranch?.name ?? '';
  const known = repositories.get(id);
  if (known !== undefined) {
    if (known.slug !== slug) endResults(known, ledger);
    repositories.set(id, { ...known, slug, mainBranch, pass });
    return;
  }
  // Counting begins now, though the first visit may be an hour away.
  ledger.openWindow(buildRunStream(id));
  repositories.set(id, {
    id,
    slug,
    mainBranch,
    pass,
    visitedMs: 0,
    // Those that were changed last are visited first.
    ranMs: record.updated_on ?? 0,
    hotUntilMs: 0,
    number: 0,
    deploymentsMs: 0,
    pipelines: 'unknown',
    open: { moving: 0, held: 0 },
  });
}

/** What was pushed since a probe may stand a little before it: the two clocks and the index differ. */
const probeOverlapMs = minuteMs;

/** Reads what was changed last: a push is seen here within seconds, and its repository is visited until the run is there. */
export async function probe(discovery: Discovery, context: DiscoverContext): Promise<void> {
  const { api, ledger, workspace, isSelected, countUnreadable } = context;
  const { repositories, rhythm } = discovery;
  const parameters = { pagelen: String(repositoriesPerPage), sort: '-updated_on', fields: joinFields(members, []) };
  const answer = await readAnswer(api, { path: buildListPath(workspace), parameters }, Page);
  const { items, unreadable: count } = parseElements(
    answer === 'unchanged' ? [] : answer.value.values,
    RepositoryRecord,
  );
  countUnreadable(count);
  const sinceMs = (rhythm.probedMs === 0 ? ledger.tickMs : rhythm.probedMs) - probeOverlapMs;
  for (const record of items.filter(isSelected)) {
    if (!repositories.has(record.uuid)) keepRepository(repositories, record, rhythm.pass, ledger);
    const updatedMs = record.updated_on ?? 0;
    if (updatedMs >= sinceMs) makeHot(repositories, record.uuid, updatedMs);
  }
  discovery.rhythm = { ...discovery.rhythm, probedMs: ledger.tickMs };
}

/** A pipeline is likely to begin, because something was pushed. */
export function makeHot(repositories: Map<string, Repository>, uuid: string, pushedMs: number): void {
  const known = repositories.get(uuid);
  // Looked at since, and its pipeline was there: the same push is no news.
  if (known === undefined || (known.ranMs > pushedMs && known.visitedMs > pushedMs)) return;
  repositories.set(uuid, { ...known, hotUntilMs: Math.max(known.hotUntilMs, pushedMs + hotMs) });
}
