/** Lists the runs of a repository. */
import type { Ledger } from '../../../counters/ledger.ts';
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import { whereOf } from '../../../http/where.ts';
import { type Answer, type ApiContext, joinFields, buildRepositoryPath } from '../api/client.ts';
import { readNumberedPage, type PageQuery } from '../api/read-numbered-page.ts';
import { isLatestFirst, type ListOrder, chooseListOrder, refuseOrder, selectTimes } from './list-order.ts';
import type { PageCache } from '../../../crawl/page-cache.ts';
import { runMembers } from './run-members.ts';
import { parseElements, type Page, PipelineRecord } from '../api/schema.ts';
import {
  type ListPage,
  listNewestFirst,
  type NewestFirstList,
  type NewestFirstOptions,
} from '../../../crawl/list-newest-first.ts';

/** Most repositories start fewer runs than this between two visits; a larger page costs as much. */
const pageLength = 50;

/** 2,000 runs of one repository in one visit; what is left is read in the next ones. */
const maxPages = 40;

/** The newest page of each repository. */
export type RunPages = PageCache<PipelineRecord>;

export interface RunListOptions extends Pick<NewestFirstOptions, 'untilMs' | 'leastPages' | 'cursor'> {
  readonly workspace: string;
  /** The repository's uuid. */
  readonly repository: string;
  readonly pages: RunPages;
  readonly ledger: Ledger;
  readonly countUnreadable: (count: number) => void;
}

/**
 * Runs of a repository, latest first, page by page. `next` is only read for whether there is one: as a link it drops
 * the order and the fields, and dates and `q` are ignored, so the URL is made anew and the rows decide when to stop.
 * @throws HttpError, SecretUnavailableError
 */
export async function listRuns(api: ApiContext, options: RunListOptions): Promise<NewestFirstList<PipelineRecord>> {
  let order = chooseListOrder(options.ledger);
  let firstOfBefore: string | undefined;
  const readPage = async (page: number): Promise<ListPage<PipelineRecord>> => {
    const read = await readRunPage(api, options, page, order);
    if (read === 'not in order') {
      // What came before it may be missing as well; the next page of an order that holds shows it again.
      refuseOrder(options.ledger);
      order = '-created_on';
      return readPage(page);
    }
    const { records, hasNext } = read;
    const [first] = records;
    // A server that repeats its last page for ever.
    const isRepeated = first !== undefined && first.uuid === firstOfBefore;
    firstOfBefore = first?.uuid;
    return {
      rows: records,
      times: selectTimes(records, order),
      hasNext: hasNext && first !== undefined && !isRepeated,
    };
  };
  return listNewestFirst(readPage, { ...options, mostPages: maxPages });
}

interface RunPage {
  readonly records: readonly PipelineRecord[];
  readonly hasNext: boolean;
}

/** @throws HttpError, and BadResponseError when not even the order by creation is kept */
async function readRunPage(
  api: ApiContext,
  options: RunListOptions,
  page: number,
  order: ListOrder,
): Promise<RunPage | 'not in order'> {
  const { pages, repository, workspace, countUnreadable } = options;
  const known = page === 1 ? pages.get(repository) : undefined;
  const path = `${buildRepositoryPath(workspace, repository)}/pipelines`;
  const parameters = {
    // Without it the oldest runs come first.
    sort: order,
    pagelen: String(pageLength),
    page: String(page),
    fields: joinFields(runMembers),
  };
  const answer = await readInOrder(api, { path, parameters, etag: known?.etag }, order);
  if (answer === 'not in order') return answer;
  if (answer === 'unchanged') {
    if (known !== undefined) return known;
    throw new BadResponseError(whereOf('GET', new URL(api.endpoint)), 'answered 304 without being asked');
  }
  const { items, unreadable: count } = parseElements(answer.value.values, PipelineRecord);
  if (!isLatestFirst(selectTimes(items, order))) {
    if (order !== '-created_on') return 'not in order';
    throw createDisorderError(path, api);
  }
  countUnreadable(count);
  const read = { records: items, hasNext: typeof answer.value.next === 'string' };
  if (page === 1 && answer.etag !== undefined) pages.set(repository, { etag: answer.etag, ...read });
  return read;
}

async function readInOrder(
  api: ApiContext,
  query: PageQuery,
  order: ListOrder,
): Promise<Answer<Page> | 'not in order'> {
  try {
    return await readNumberedPage(api, query);
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 400 && order !== '-created_on') return 'not in order';
    throw error;
  }
}

/** What is new would stand on the last of hundreds of pages. */
function createDisorderError(path: string, { endpoint }: ApiContext): BadResponseError {
  const where = whereOf('GET', new URL(`${endpoint.replace(/\/+$/, '')}${path}`));
  return new BadResponseError(where, 'the runs are not in the order that was asked for, newest first');
}
