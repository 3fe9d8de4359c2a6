import { BadResponseError } from '../../http/errors.ts';
import { whereOf } from '../../http/where.ts';
import { type ApiContext, ask, fieldsOf, repositoryPath } from './api.ts';
import type { PageCache } from './page-cache.ts';
import { elementsOf, Page, PipelineRecord } from './schema.ts';

/** Most repositories start fewer runs than this between two looks; a larger page costs as much. */
const pageLength = 50;

/** 2,000 runs of one repository between two looks; a list that never ends must not use up the budget. */
const maxPages = 40;

const members = [
  'uuid',
  'build_number',
  'run_number',
  'created_on',
  'completed_on',
  'duration_in_seconds',
  'build_seconds_used',
  'state.name',
  'state.type',
  'state.stage.name',
  'state.stage.type',
  'state.result.name',
  'state.result.type',
  'target.type',
  'target.ref_type',
  'target.ref_name',
  'target.selector.type',
  'target.selector.pattern',
  'trigger.name',
  'trigger.type',
] as const;

export const pipelineFields = members.join(',');

export interface ListRequest {
  readonly workspace: string;
  /** The repository's uuid. */
  readonly repository: string;
  readonly pages: PageCache;
  /** Where to stop: everything that was created since then is wanted. Epoch milliseconds. */
  readonly untilMs: number;
  /** At least as many pages, however old what they show. */
  readonly leastPages: number;
  readonly unreadable: (count: number) => void;
}

/**
 * Runs of a repository, newest first, page by page. `next` is only read for whether there is one: as a link it drops
 * the order and the fields, and dates and `q` are ignored, so the URL is made anew and the rows decide when to stop.
 */
export async function* listPipelines(api: ApiContext, request: ListRequest): AsyncGenerator<readonly PipelineRecord[]> {
  let firstOfBefore: string | undefined;
  for (let page = 1; page <= maxPages; page += 1) {
    const { records, hasNext } = await onePage(api, request, page);
    const [first] = records;
    // A server that repeats its last page for ever.
    if (first !== undefined && first.uuid === firstOfBefore) return;
    firstOfBefore = first?.uuid;
    yield records;
    const last = records.at(-1);
    const isOld = last !== undefined && last.created_on < request.untilMs;
    if (!hasNext || last === undefined || (isOld && page >= request.leastPages)) return;
  }
}

interface OnePage {
  readonly records: readonly PipelineRecord[];
  readonly hasNext: boolean;
}

async function onePage(api: ApiContext, request: ListRequest, page: number): Promise<OnePage> {
  const { pages, repository, workspace, unreadable } = request;
  const known = page === 1 ? pages.get(repository) : undefined;
  const path = `${repositoryPath(workspace, repository)}/pipelines`;
  const parameters = {
    // Without it the oldest runs come first.
    sort: '-created_on',
    pagelen: String(pageLength),
    page: String(page),
    fields: fieldsOf(members),
  };
  const answer = await ask(api, { path, parameters, etag: known?.etag }, Page);
  if (answer === 'unchanged') {
    if (known !== undefined) return known;
    throw new BadResponseError(whereOf('GET', new URL(api.endpoint)), 'answered 304 without being asked');
  }
  const { items, unreadable: count } = elementsOf(answer.value.values, PipelineRecord);
  unreadable(count);
  const read = { records: newestFirst(items, path, api), hasNext: typeof answer.value.next === 'string' };
  if (page === 1 && answer.etag !== undefined) pages.set(repository, { etag: answer.etag, ...read });
  return read;
}

/** @throws BadResponseError when the order was ignored: what is new would stand on the last of hundreds of pages. */
function newestFirst(
  records: readonly PipelineRecord[],
  path: string,
  { endpoint }: ApiContext,
): readonly PipelineRecord[] {
  const [first] = records;
  const last = records.at(-1);
  if (first === undefined || last === undefined || first.created_on >= last.created_on) return records;
  const where = whereOf('GET', new URL(`${endpoint.replace(/\/+$/, '')}${path}`));
  throw new BadResponseError(where, 'the runs are not in the order that was asked for, newest first');
}
