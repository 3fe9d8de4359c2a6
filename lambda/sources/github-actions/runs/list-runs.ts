/** Lists the runs of a repository, latest first. */
import {
  listNewestFirst,
  type ListPage,
  type NewestFirstList,
  type NewestFirstOptions,
} from '../../../crawl/list-newest-first.ts';
import type { PageCache } from '../../../crawl/page-cache.ts';
import { type ApiContext, createUnaskedError, readAnswer } from '../api/client.ts';
import { buildRepositoryPath } from '../api/addresses.ts';
import { parseElements, RunRecord, runsFrame } from '../api/schema.ts';

/** A row is some 10 kB, and most repositories start fewer runs than this between two visits. */
const pageLength = 50;

/** 1,000 runs of one repository in one visit; what is left is read in the next ones. */
const maxPages = 20;

/** The newest page of each repository. */
export type RunPages = PageCache<RunRecord>;

export interface RunListOptions extends Pick<NewestFirstOptions, 'untilMs' | 'leastPages' | 'cursor'> {
  /** The repository's id. */
  readonly repository: string;
  readonly fullName: string;
  readonly pages: RunPages;
  readonly countUnreadable: (count: number) => void;
}

/**
 * Runs of a repository without any filter, because a filtered list ends at 1,000 runs without saying so. The order is
 * not documented, so that each page is put in order when it comes, by creation.
 * @throws HttpError, SecretUnavailableError
 */
export async function listRuns(api: ApiContext, options: RunListOptions): Promise<NewestFirstList<RunRecord>> {
  let newestOfBefore: string | undefined;
  const readPage = async (page: number): Promise<ListPage<RunRecord>> => {
    const { records, hasNext } = await readRunPage(api, options, page);
    const [first] = records;
    // A server that repeats its last page for ever.
    const isRepeated = first !== undefined && first.id === newestOfBefore;
    newestOfBefore = first?.id;
    const times = records.map(({ created_at }) => created_at).sort((a, b) => b - a);
    return { rows: records, times, hasNext: hasNext && first !== undefined && !isRepeated };
  };
  return listNewestFirst(readPage, { ...options, mostPages: maxPages });
}

interface RunPage {
  readonly records: readonly RunRecord[];
  readonly hasNext: boolean;
}

async function readRunPage(api: ApiContext, options: RunListOptions, page: number): Promise<RunPage> {
  const { pages, repository, fullName, countUnreadable } = options;
  const known = page === 1 ? pages.get(repository) : undefined;
  const path = `${buildRepositoryPath(fullName)}/actions/runs`;
  const parameters = { per_page: String(pageLength), page: String(page), exclude_pull_requests: 'true' };
  const answer = await readAnswer(api, { path, parameters, etag: known?.etag }, runsFrame);
  if (answer === 'unchanged') {
    if (known !== undefined) return known;
    throw createUnaskedError(api, path);
  }
  const { items, unreadable: count } = parseElements(answer.value, RunRecord);
  countUnreadable(count);
  const read = { records: items, hasNext: answer.hasNext };
  if (page === 1 && answer.etag !== undefined && count === 0) pages.set(repository, { etag: answer.etag, ...read });
  return read;
}
