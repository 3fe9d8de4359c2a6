/** Sends GET requests to Bitbucket within the budget of the tick, and pages through its lists. */
import type * as z from 'zod';
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpPort, TlsMaterial } from '../../../http/port.ts';
import { readJson } from '../../../http/answers/json.ts';
import { resolveNextPage } from '../../../http/answers/paginate.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import type { Access } from './access.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import { Page } from './schema.ts';

export interface ApiContext {
  readonly http: HttpPort;
  readonly access: Access;
  readonly endpoint: string;
  readonly tls: TlsMaterial | undefined;
  readonly deadline: Deadline;
  /** Absent where there is no memory to count in; then only a handful of requests is sent. */
  readonly budget: TickBudget | undefined;
  readonly onAnswer: (headers: Readonly<Record<string, string>>) => void;
}

export interface Query {
  readonly path: string;
  /** A list is sent as one parameter for each of its values. */
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  /** Of the answer that is known; 304 then says that it still holds. */
  readonly etag?: string | undefined;
}

export type Answer<Value> = { readonly value: Value; readonly etag: string | undefined } | 'unchanged';

/** One GET, which is exactly one request of the budget. @throws BudgetSpentError, HttpError, SecretUnavailableError */
export function readAnswer<Schema extends z.ZodType>(
  context: ApiContext,
  query: Query,
  schema: Schema,
): Promise<Answer<z.output<Schema>>> {
  return readUrl(context, buildUrl(context.endpoint, query), query.etag, schema);
}

async function readUrl<Schema extends z.ZodType>(
  { http, access, tls, deadline, budget, onAnswer }: ApiContext,
  url: URL,
  etag: string | undefined,
  schema: Schema,
): Promise<Answer<z.output<Schema>>> {
  return access.send({ deadline, tls }, async (authorization) => {
    if (budget?.take() === false) throw new BudgetSpentError('no request left in this run');
    try {
      const { value, headers } = await readJson(
        http,
        {
          method: 'GET',
          url,
          headers: {
            authorization: authorization.reveal(),
            ...(etag === undefined ? {} : { 'if-none-match': etag }),
          },
          // A retry would be a request outside the budget, and quick ones make a refusal last longer; the next tick tries again.
          idempotent: false,
          signal: deadline.signal,
          remainingMs: () => deadline.remainingMs(),
          ...(tls === undefined ? {} : { tls }),
        },
        schema,
      );
      onAnswer(headers);
      return { value, etag: headers['etag'] };
    } catch (error) {
      if (!(error instanceof HttpStatusError)) throw error;
      if (error.status === 304) {
        onAnswer(error.headers);
        return 'unchanged';
      }
      if (error.status === 429) budget?.noteRefusal(error.retryAtMs);
      throw error;
    }
  });
}

/** 10,000 elements, or 1,000 where the length of a page is not honoured; pages that never end must not use up the budget. */
const maxPages = 100;

/**
 * All elements of a list that is of use only as a whole, page by page, by the `next` links of the same origin.
 * @throws BadResponseError when it does not end: a part of it would be published as the whole
 */
export async function* listPages(context: ApiContext, query: Query): AsyncGenerator<readonly unknown[]> {
  let current: URL = buildUrl(context.endpoint, query);
  const readUrls = new Set<string>();
  for (;;) {
    readUrls.add(current.href);
    const answer = await readUrl(context, current, undefined, Page);
    if (answer === 'unchanged') throw new BadResponseError(whereOf('GET', current), 'answered 304 without being asked');
    yield answer.value.values;
    const next = resolveNextPage(answer.value.next, current);
    if (next === undefined) return;
    if (readUrls.has(next.href) || readUrls.size >= maxPages) throw createEndlessListError(current, readUrls.size);
    current = next;
  }
}

function createEndlessListError(url: URL, pages: number): BadResponseError {
  const message = `the list does not end after ${String(pages)} ${pages === 1 ? 'page' : 'pages'}; nothing of it is published, because a part would be taken for the whole`;
  return new BadResponseError(whereOf('GET', url), message);
}

function buildUrl(endpoint: string, { path, parameters }: Query): URL {
  const url = new URL(`${endpoint.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(parameters))
    for (const one of typeof value === 'string' ? [value] : value) url.searchParams.append(name, one);
  return url;
}

/** `{…}` of a uuid has to be encoded; `/repositories/{}/{uuid}` would do without the workspace, but not everywhere. */
export function buildRepositoryPath(workspace: string, uuid: string): string {
  return `/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(uuid)}`;
}

/** A whitelist, because whole objects carry people, variables and scripts; `next` would be dropped by it as well. */
export function joinFields(members: readonly string[], extra: readonly string[] = ['next']): string {
  return [...extra, ...members.map((member) => `values.${member}`)].join(',');
}
