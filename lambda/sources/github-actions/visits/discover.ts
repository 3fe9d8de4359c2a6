/** Finds the repositories that the credential sees, and what was pushed last. */
import type { Ledger } from '../../../counters/ledger.ts';
import { hotMs, repositoriesPerPage } from '../../../crawl/intervals.ts';
import { BadResponseError } from '../../../http/errors/errors.ts';
import { whereOf } from '../../../http/where.ts';
import { joinUrl } from '../api/addresses.ts';
import { type ApiContext, createUnaskedError, readAnswer } from '../api/client.ts';
import { parseElements, repositoriesFrame, RepositoryRecord } from '../api/schema.ts';
import type { Repository } from '../runs/repository.ts';
import { buildRunStream } from '../runs/streams.ts';
import { endResults, forgetRepository } from './forget-repository.ts';
import type { Rhythm } from './remembered.ts';
import { minuteMs } from '../../../model/time.ts';

export interface DiscoverContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly organization: string;
  readonly isSelected: (record: RepositoryRecord) => boolean;
  readonly countUnreadable: (count: number) => void;
  /** What the list is not, and what comes of it. */
  readonly report: (kind: 'bad-response' | 'rate-limited' | 'auth', message: string) => void;
}

/** What is known of the repositories; changed page by page, so that a pass that is cut off goes on where it was. */
export interface Discovery {
  readonly repositories: Map<string, Repository>;
  rhythm: Rhythm;
}

/** 10,000 repositories in one run; a list that never ends must not use up every request of every run. */
const maxPages = 100;

/**
 * Passes over the list of repositories, from where the last pass was cut off. One that is deleted meanwhile moves the
 * others up, so that one may be skipped: what a pass did not find is asked for by itself before it is forgotten.
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
    const first = read.records.at(0)?.id;
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
    'rate-limited',
    `read the list of repositories up to page ${String(endPage - 1)}; the next run goes on`,
  );
}

function endPass(discovery: Discovery, { ledger, report }: DiscoverContext, isEmpty: boolean): void {
  discovery.rhythm = { ...discovery.rhythm, page: undefined, discoveredMs: ledger.tickMs };
  const known = discovery.repositories.size;
  if (isEmpty && known > 0)
    report(
      'bad-response',
      `the list of repositories is empty, though ${String(known)} are known; they are kept until GitHub has said of each that it is gone. Check what the credential may see`,
    );
}

function createRepeatedPageError(context: DiscoverContext): BadResponseError {
  return new BadResponseError(
    whereOf('GET', joinUrl(context.api.endpoint, chooseListPath(context))),
    'the list of repositories shows one page again and again; repositories may be missing',
  );
}

/** An App sees what it is installed on; a token sees of an organization what its owner may see. */
function chooseListPath({ api, organization }: DiscoverContext): string {
  return api.access.kind === 'GitHub App' ? '/installation/repositories' : buildOrganizationPath(organization);
}

function buildOrganizationPath(organization: string): string {
  return `/orgs/${encodeURIComponent(organization)}/repos`;
}

interface RepositoryPage {
  readonly records: readonly RepositoryRecord[];
  readonly hasNext: boolean;
}

async function readRepositoryPage(context: DiscoverContext, page: number): Promise<RepositoryPage> {
  const { api } = context;
  const path = chooseListPath(context);
  // By creation, so that new ones come last; the list of an installation has no order to ask for.
  const order: Readonly<Record<string, string>> =
    api.access.kind === 'GitHub App' ? {} : { type: 'all', sort: 'created', direction: 'asc' };
  const parameters = { per_page: String(repositoriesPerPage), page: String(page), ...order };
  const answer = await readAnswer(api, { path, parameters }, repositoriesFrame);
  if (answer === 'unchanged') throw createUnaskedError(api, path);
  const { items, unreadable: count } = parseElements(answer.value, RepositoryRecord);
  context.countUnreadable(count);
  return { records: items, hasNext: answer.hasNext && answer.value.length > 0 };
}

function takePage(
  { repositories }: Discovery,
  records: readonly RepositoryRecord[],
  pass: number,
  { isSelected, ledger }: DiscoverContext,
): void {
  for (const record of records) {
    const known = repositories.get(record.id);
    if (isSelected(record)) keepRepository(repositories, record, pass, ledger);
    // The selection was changed, or the repository was archived: nothing runs in it any more.
    else if (known !== undefined && repositories.delete(known.id)) forgetRepository(known, 'unselected', ledger);
  }
}

function keepRepository(
  repositories: Map<string, Repository>,
  record: RepositoryRecord,
  pass: number,
  ledger: Ledger,
): void {
  const { id, full_name: fullName } = record;
  const defaultBranch = record.default_branch ?? '';
  const known = repositories.get(id);
  if (known !== undefined) {
    if (known.fullName !== fullName) endResults(known, ledger);
    repositories.set(id, { ...known, fullName, defaultBranch, pass });
    return;
  }
  // Counting begins now, though the first visit may be an hour away.
  ledger.openWindow(buildRunStream(id));
  repositories.set(id, {
    id,
    fullName,
    defaultBranch,
    pass,
    visitedMs: 0,
    // Those that were pushed to last are visited first.
    ranMs: record.pushed_at ?? 0,
    hotUntilMs: 0,
    toldMs: 0,
    unseenMs: 0,
    pipelines: 'unknown',
    open: { moving: 0, held: 0 },
  });
}

/** What was pushed since a probe may stand a little before it: the two clocks and the index differ. */
const probeOverlapMs = minuteMs;

/** Reads what was pushed last: its repository is visited until the run is there. @throws HttpError, BudgetSpentError */
export async function probe(discovery: Discovery, context: DiscoverContext): Promise<void> {
  const { api, ledger, organization, countUnreadable } = context;
  const { rhythm } = discovery;
  const path = buildOrganizationPath(organization);
  const parameters = { per_page: String(repositoriesPerPage), sort: 'pushed', direction: 'desc' };
  const answer = await readAnswer(api, { path, parameters }, repositoriesFrame);
  const { items, unreadable: count } = parseElements(answer === 'unchanged' ? [] : answer.value, RepositoryRecord);
  countUnreadable(count);
  const sinceMs = (rhythm.probedMs === 0 ? ledger.tickMs : rhythm.probedMs) - probeOverlapMs;
  // The public repositories of the organization are here as well where the App is not installed on them.
  for (const { id, pushed_at: pushedMs } of items)
    if (pushedMs !== undefined && pushedMs !== null && pushedMs >= sinceMs)
      makeHot(discovery.repositories, id, pushedMs);
  discovery.rhythm = { ...discovery.rhythm, probedMs: ledger.tickMs };
}

/** A run is likely to begin, because something was pushed. */
function makeHot(repositories: Map<string, Repository>, id: string, pushedMs: number): void {
  const known = repositories.get(id);
  // Looked at since, and its run was there: the same push is no news.
  if (known === undefined || (known.ranMs > pushedMs && known.visitedMs > pushedMs)) return;
  repositories.set(id, { ...known, hotUntilMs: Math.max(known.hotUntilMs, pushedMs + hotMs) });
}
