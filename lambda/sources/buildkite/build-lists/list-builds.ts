/** Pages through a list of builds within a budget. */
import { findNextLink, resolveNextPage } from '../../../http/answers/paginate.ts';
import { BadResponseError, HttpStatusError, ResponseTooLargeError } from '../../../http/errors/errors.ts';
import { whereOf } from '../../../http/where.ts';
import type { Problem } from '../../../model/problem.ts';
import type { ListResult } from '../user-api/list-result.ts';
import { Build, BuildPage } from '../user-api/rest-schema.ts';
import { parseTime } from '../user-api/times.ts';
import type { Query, UserApi } from '../user-api/client.ts';

export interface BuildQuery {
  readonly org: string;
  readonly filters: Query;
  /** Without jobs a build is small; with them a page of 30 is about a megabyte. */
  readonly withJobs: boolean;
  readonly maxPages: number;
  /** Turns an error into a problem; undefined for an unexpected error, which is thrown on. */
  readonly problemFrom: (error: unknown) => Problem | undefined;
}

/** Largest page of the REST API. */
const pageSizeWithoutJobs = 100;
const pageSizeWithJobs = 30;
/** A list that goes on from the oldest build shows that one again, so a page of one would stand still. */
const leastPageSize = 2;

/**
 * Builds from the newest created to the oldest, each once. What was read is kept when a later page fails; a page that is
 * too large is asked for in smaller pieces; where Buildkite refuses to page deeper, the list goes on from the oldest
 * build seen.
 */
export async function listBuilds(api: UserApi, query: BuildQuery): Promise<ListResult<readonly Build[]>> {
  const { maxPages, problemFrom } = query;
  const seen: ListProgress = { builds: new Map(), unreadable: 0, unreadableJobs: 0, oldest: undefined, newOnPage: 0 };
  let pageSize = query.withJobs ? pageSizeWithJobs : pageSizeWithoutJobs;
  let url = buildListUrl(api, query, pageSize);
  for (let page = 0; page < maxPages; page += 1) {
    try {
      const { value, headers } = await api.requestRest(url, BuildPage);
      addPage(seen, value);
      const next = resolveNextPage(findNextLink(headers), url);
      if (next === undefined) return makeResult(seen, true);
      if (next.pathname !== url.pathname || seen.newOnPage === 0) throw createDeadEndError(url);
      url = next;
    } catch (error) {
      const size = decidePageSize(error, pageSize, seen);
      if (size === undefined) return makeResult(seen, false, convertError(error, problemFrom));
      pageSize = size;
      // The same list again, from where it stopped; nothing new on its first page would end it.
      url = buildListUrl(api, query, pageSize, seen.oldest);
    }
  }
  return makeResult(seen, false);
}

/** The size of the pages with which the list can go on; undefined where it cannot. */
function decidePageSize(error: unknown, pageSize: number, { newOnPage }: ListProgress): number | undefined {
  if (isTooDeep(error)) return newOnPage > 0 ? pageSize : undefined;
  const half = Math.floor(pageSize / 2);
  return error instanceof ResponseTooLargeError && half >= leastPageSize ? half : undefined;
}

/** What a list has given so far. */
interface ListProgress {
  readonly builds: Map<string, Build>;
  unreadable: number;
  unreadableJobs: number;
  /** Creation of the oldest build, as Buildkite writes it. */
  oldest: string | undefined;
  newOnPage: number;
}

function addPage(seen: ListProgress, elements: readonly unknown[]): void {
  const before = seen.builds.size + seen.unreadable;
  for (const element of elements) {
    const build = Build.safeParse(element);
    if (!build.success) {
      seen.unreadable += 1;
      continue;
    }
    if (!seen.builds.has(build.data.id)) seen.unreadableJobs += build.data.jobs.unreadable;
    seen.builds.set(build.data.id, build.data);
    seen.oldest = pickOlder(seen.oldest, build.data.created_at ?? undefined);
  }
  seen.newOnPage = seen.builds.size + seen.unreadable - before;
}

function makeResult(seen: ListProgress, isComplete: boolean, problem?: Problem): ListResult<readonly Build[]> {
  const { builds, oldest } = seen;
  const unreadable = seen.unreadable + seen.unreadableJobs;
  return { value: [...builds.values()], isComplete, unreadable, withheld: 0, notes: [], oldest, problem };
}

function convertError(error: unknown, problemFrom: BuildQuery['problemFrom']): Problem {
  const problem = problemFrom(error);
  if (problem === undefined) throw error;
  return problem;
}

function createDeadEndError(url: URL): BadResponseError {
  return new BadResponseError(whereOf('GET', url), 'the next page leads nowhere; what was read until then is used');
}

/** The list from its beginning, or from what was created at a time. */
function buildListUrl(api: UserApi, { org, filters, withJobs }: BuildQuery, pageSize: number, createdTo?: string): URL {
  return api.buildUrl(`organizations/${org}/builds`, [
    ...(createdTo === undefined ? filters : filters.filter(([name]) => name !== 'created_to')),
    withJobs ? ['include_retried_jobs', 'true'] : ['exclude_jobs', 'true'],
    ...(createdTo === undefined ? [] : [buildCreatedToFilter(createdTo)]),
    ['per_page', String(pageSize)],
  ]);
}

/**
 * Builds that are no younger than this one, itself included: Buildkite lists what was created before `created_to`, and
 * builds of the same moment would be left out.
 */
export function buildCreatedToFilter(oldest: string): readonly [name: string, value: string] {
  const oldestMs = parseTime(oldest);
  return ['created_to', oldestMs === undefined ? oldest : new Date(oldestMs + 1).toISOString()];
}

function pickOlder(a: string | undefined, b: string | undefined): string | undefined {
  const [atA, atB] = [parseTime(a), parseTime(b)];
  if (atB === undefined) return a;
  return atA === undefined || atB < atA ? b : a;
}

/** 400 `Listing builds this deep is not supported. …` */
function isTooDeep(error: unknown): boolean {
  return error instanceof HttpStatusError && error.status === 400 && /this deep/i.test(error.excerpt);
}
