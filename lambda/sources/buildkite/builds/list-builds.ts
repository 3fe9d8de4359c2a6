/** Pages through a list of builds within a budget. */
import { BadResponseError, HttpStatusError, ResponseTooLargeError } from '../../../http/errors/errors.ts';
import { whereOf } from '../../../http/where.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Part } from '../user-api/list-result.ts';
import { Build, BuildPage } from '../user-api/rest-schema.ts';
import { timeOf } from '../user-api/times.ts';
import type { Query, UserApi } from '../user-api/client.ts';

export interface BuildQuery {
  readonly org: string;
  readonly filters: Query;
  /** Without jobs a build is small; with them a page of 30 is about a megabyte. */
  readonly withJobs: boolean;
  readonly maxPages: number;
  /** What the caller makes of a failure; undefined throws it on. */
  readonly failed: (error: unknown) => Problem | undefined;
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
export async function readBuilds(api: UserApi, query: BuildQuery): Promise<Part<readonly Build[]>> {
  const { maxPages, failed } = query;
  const seen: Seen = { builds: new Map(), unreadable: 0, unreadableJobs: 0, oldest: undefined, newOnPage: 0 };
  let pageSize = query.withJobs ? pageSizeWithJobs : pageSizeWithoutJobs;
  let url = firstPage(api, query, pageSize);
  for (let page = 0; page < maxPages; page += 1) {
    try {
      const { value, headers } = await api.rest(url, BuildPage);
      take(seen, value);
      const next = nextPage(headers['link'] ?? '', url);
      if (next === undefined) return partOf(seen, true);
      if (next === 'elsewhere' || seen.newOnPage === 0) throw goesNowhere(url);
      url = next;
    } catch (error) {
      const size = pageSizeAfter(error, pageSize, seen);
      if (size === undefined) return partOf(seen, false, knownProblem(error, failed));
      pageSize = size;
      // The same list again, from where it stopped; nothing new on its first page would end it.
      url = firstPage(api, query, pageSize, seen.oldest);
    }
  }
  return partOf(seen, false);
}

/** The size of the pages with which the list can go on; undefined where it cannot. */
function pageSizeAfter(error: unknown, pageSize: number, { newOnPage }: Seen): number | undefined {
  if (isTooDeep(error)) return newOnPage > 0 ? pageSize : undefined;
  const half = Math.floor(pageSize / 2);
  return error instanceof ResponseTooLargeError && half >= leastPageSize ? half : undefined;
}

/** What a list has given so far. */
interface Seen {
  readonly builds: Map<string, Build>;
  unreadable: number;
  unreadableJobs: number;
  /** Creation of the oldest build, as Buildkite writes it. */
  oldest: string | undefined;
  newOnPage: number;
}

function take(seen: Seen, elements: readonly unknown[]): void {
  const before = seen.builds.size + seen.unreadable;
  for (const element of elements) {
    const build = Build.safeParse(element);
    if (!build.success) {
      seen.unreadable += 1;
      continue;
    }
    if (!seen.builds.has(build.data.id)) seen.unreadableJobs += build.data.jobs.unreadable;
    seen.builds.set(build.data.id, build.data);
    seen.oldest = olderOf(seen.oldest, build.data.created_at ?? undefined);
  }
  seen.newOnPage = seen.builds.size + seen.unreadable - before;
}

function partOf(seen: Seen, isComplete: boolean, problem?: Problem): Part<readonly Build[]> {
  const { builds, oldest } = seen;
  const unreadable = seen.unreadable + seen.unreadableJobs;
  return { value: [...builds.values()], isComplete, unreadable, withheld: 0, notes: [], oldest, problem };
}

function knownProblem(error: unknown, failed: BuildQuery['failed']): Problem {
  const problem = failed(error);
  if (problem === undefined) throw error;
  return problem;
}

function goesNowhere(url: URL): BadResponseError {
  return new BadResponseError(whereOf('GET', url), 'the next page leads nowhere; what was read until then is used');
}

/** The list from its beginning, or from what was created at a time. */
function firstPage(api: UserApi, { org, filters, withJobs }: BuildQuery, pageSize: number, createdTo?: string): URL {
  return api.restUrl(`organizations/${org}/builds`, [
    ...(createdTo === undefined ? filters : filters.filter(([name]) => name !== 'created_to')),
    withJobs ? ['include_retried_jobs', 'true'] : ['exclude_jobs', 'true'],
    ...(createdTo === undefined ? [] : [createdBefore(createdTo)]),
    ['per_page', String(pageSize)],
  ]);
}

/**
 * Builds that are no younger than this one, itself included: Buildkite lists what was created before `created_to`, and
 * builds of the same moment would be left out.
 */
export function createdBefore(oldest: string): readonly [name: string, value: string] {
  const oldestMs = timeOf(oldest);
  return ['created_to', oldestMs === undefined ? oldest : new Date(oldestMs + 1).toISOString()];
}

function olderOf(a: string | undefined, b: string | undefined): string | undefined {
  const [atA, atB] = [timeOf(a), timeOf(b)];
  if (atB === undefined) return a;
  return atA === undefined || atB < atA ? b : a;
}

/** 400 `Listing builds this deep is not supported. …` */
function isTooDeep(error: unknown): boolean {
  return error instanceof HttpStatusError && error.status === 400 && /this deep/i.test(error.excerpt);
}

/** The address of the next page; a page of another origin would carry the token away. */
function nextPage(link: string, current: URL): URL | 'elsewhere' | undefined {
  const target = /<([^>]*)>\s*;[^,<]*rel="?next"?/i.exec(link)?.[1];
  if (target === undefined) return undefined;
  const url = URL.parse(target, current.href);
  return url !== null && url.origin === current.origin && url.pathname === current.pathname ? url : 'elsewhere';
}
