import type { Ledger } from '../../counters/ledger.ts';
import { BadResponseError } from '../../http/errors.ts';
import { whereOf } from '../../http/where.ts';
import { type ApiContext, ask, fieldsOf } from './api.ts';
import type { Repository, Rhythm } from './memory.ts';
import { hotMs, repositoriesPerPage } from './rhythm.ts';
import { elementsOf, Page, RepositoryRecord } from './schema.ts';
import { deploymentsOf, runsOf } from './streams.ts';

export interface DiscoverContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly workspace: string;
  readonly isSelected: (record: RepositoryRecord) => boolean;
  readonly unreadable: (count: number) => void;
}

/** What is known of the repositories; changed page by page, so that a pass that is cut off goes on where it was. */
export interface Discovery {
  readonly repositories: Map<string, Repository>;
  rhythm: Rhythm;
}

const members = ['uuid', 'slug', 'updated_on', 'project.key', 'mainbranch.name'] as const;

/** 10,000 repositories; more belong into several sources, by project. */
const maxPages = 100;

/**
 * Passes over the list of repositories, from where the last pass was cut off. In the order of uuids, which never
 * change: pages by number would skip repositories whenever one is added or removed.
 * @throws HttpError, BudgetSpentError
 */
export async function discover(discovery: Discovery, context: DiscoverContext): Promise<void> {
  const { repositories, rhythm } = discovery;
  const pass = rhythm.cursor === undefined ? rhythm.pass + 1 : rhythm.pass;
  let { cursor, hasGaps = false } = rhythm;
  for (let page = 0; page < maxPages; page += 1) {
    const { records, hasNext, unreadable } = await onePage(context, cursor);
    hasGaps ||= unreadable > 0;
    for (const record of records.filter(context.isSelected)) keep(repositories, record, pass, context.ledger);
    const last = records.at(-1)?.uuid;
    if (!hasNext || last === undefined) break;
    cursor = last;
    discovery.rhythm = { ...discovery.rhythm, pass, cursor, hasGaps };
  }
  if (!hasGaps) dropLost(repositories, pass, context.ledger);
  const ended = { cursor: undefined, hasGaps: undefined, discoveredMs: context.ledger.tickMs };
  discovery.rhythm = { ...discovery.rhythm, pass, ...ended };
}

async function onePage(
  { api, workspace, unreadable: tell }: DiscoverContext,
  cursor: string | undefined,
): Promise<{
  readonly records: readonly RepositoryRecord[];
  readonly hasNext: boolean;
  readonly unreadable: number;
}> {
  const path = `/repositories/${encodeURIComponent(workspace)}`;
  const parameters = {
    pagelen: String(repositoriesPerPage),
    sort: 'uuid',
    fields: fieldsOf(members),
    ...(cursor === undefined ? {} : { q: `uuid > "${cursor}"` }),
  };
  const answer = await ask(api, { path, parameters }, Page);
  const { values, next } = answer === 'unchanged' ? { values: [], next: undefined } : answer.value;
  const { items, unreadable } = elementsOf(values, RepositoryRecord);
  tell(unreadable);
  if (cursor !== undefined && items.some(({ uuid }) => uuid === cursor)) {
    throw new BadResponseError(
      whereOf('GET', new URL(`${api.endpoint}${path}`)),
      'the list of repositories does not go on where it was asked to; repositories may be missing',
    );
  }
  return { records: items, hasNext: typeof next === 'string', unreadable };
}

function keep(repositories: Map<string, Repository>, record: RepositoryRecord, pass: number, ledger: Ledger): void {
  const { uuid: id, slug } = record;
  const mainBranch = record.mainbranch?.name ?? '';
  const known = repositories.get(id);
  if (known !== undefined) {
    repositories.set(id, { ...known, slug, mainBranch, pass });
    return;
  }
  // Counting begins now, though the first look may be an hour away.
  ledger.window(runsOf(id));
  repositories.set(id, {
    id,
    slug,
    mainBranch,
    pass,
    lookedMs: 0,
    // Those that were changed last are looked at first.
    ranMs: record.updated_on ?? 0,
    hotUntilMs: 0,
    number: 0,
    deploymentsMs: 0,
    pipelines: 'unknown',
    open: { moving: 0, held: 0 },
  });
}

/** Those that a whole pass did not find. */
function dropLost(repositories: Map<string, Repository>, pass: number, ledger: Ledger): void {
  for (const { id, pass: found } of [...repositories.values()]) {
    if (found === pass) continue;
    repositories.delete(id);
    ledger.drop(runsOf(id).name);
    ledger.drop(deploymentsOf(id).name);
  }
}

/** What was pushed since a probe may stand a little before it: the two clocks and the index differ. */
const probeOverlapMs = 60_000;

/** Asks what was changed last: a push is seen here seconds later, and its repository is looked at until the run is there. */
export async function probe(discovery: Discovery, context: DiscoverContext): Promise<void> {
  const { api, ledger, workspace, isSelected, unreadable } = context;
  const { repositories, rhythm } = discovery;
  const path = `/repositories/${encodeURIComponent(workspace)}`;
  const parameters = { pagelen: String(repositoriesPerPage), sort: '-updated_on', fields: fieldsOf(members, []) };
  const answer = await ask(api, { path, parameters }, Page);
  const { items, unreadable: count } = elementsOf(answer === 'unchanged' ? [] : answer.value.values, RepositoryRecord);
  unreadable(count);
  const sinceMs = (rhythm.probedMs === 0 ? ledger.tickMs : rhythm.probedMs) - probeOverlapMs;
  for (const record of items.filter(isSelected)) {
    if (!repositories.has(record.uuid)) keep(repositories, record, rhythm.pass, ledger);
    const updatedMs = record.updated_on ?? 0;
    if (updatedMs >= sinceMs) makeHot(repositories, record.uuid, updatedMs);
  }
  discovery.rhythm = { ...discovery.rhythm, probedMs: ledger.tickMs };
}

/** A pipeline is likely to begin, because something was pushed. */
export function makeHot(repositories: Map<string, Repository>, uuid: string, pushedMs: number): void {
  const known = repositories.get(uuid);
  // Looked at since, and its pipeline was there: the same push is no news.
  if (known === undefined || (known.ranMs > pushedMs && known.lookedMs > pushedMs)) return;
  repositories.set(uuid, { ...known, hotUntilMs: Math.max(known.hotUntilMs, pushedMs + hotMs) });
}
