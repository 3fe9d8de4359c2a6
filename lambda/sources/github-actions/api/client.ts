/** Sends GET requests to GitHub within the budget of the tick, and reads pages of lists. */
import type * as z from 'zod';
import { BudgetSpentError } from '../../../crawl/budget-spent-error.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import { readJson } from '../../../http/answers/json.ts';
import { findNextLink } from '../../../http/answers/paginate.ts';
import { BadResponseError, HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpPort, ResponseHeaders, TlsMaterial } from '../../../http/port.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { Secret } from '../../../secrets/secret.ts';
import type { Access } from './access.ts';
import { apiHeaders, joinUrl } from './addresses.ts';
import { asLimit, interpretRefusal } from './refusals.ts';

export interface ApiContext {
  readonly http: HttpPort;
  readonly access: Access;
  readonly endpoint: string;
  readonly tls: TlsMaterial | undefined;
  readonly deadline: Deadline;
  /** Absent where there is no memory to count in; then only a handful of requests is sent. */
  readonly budget: TickBudget | undefined;
  /** Gets the headers of each answer; refusals tell of limits, too, and of nothing else. */
  readonly onAnswer: (headers: ResponseHeaders, is: 'answer' | 'refusal') => void;
}

export interface Query {
  readonly path: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Of the answer that is known; 304 then says that it still holds. */
  readonly etag?: string | undefined;
}

export interface Answer<Value> {
  readonly value: Value;
  readonly etag: string | undefined;
  /** Whether the list has a further page. */
  readonly hasNext: boolean;
}

/** One GET, which is exactly one request of the budget. @throws BudgetSpentError, HttpError, SecretUnavailableError */
export async function readAnswer<Schema extends z.ZodType>(
  context: ApiContext,
  { path, parameters, etag }: Query,
  schema: Schema,
): Promise<Answer<z.output<Schema>> | 'unchanged'> {
  const { access, tls, deadline, budget, endpoint } = context;
  const url = joinUrl(endpoint, path, parameters);
  return access.send({ deadline, tls }, async (authorization) => {
    if (budget?.take() === false) throw new BudgetSpentError('no request left in this run');
    try {
      return await sendOnce(context, { url, etag, authorization }, schema);
    } catch (error) {
      if (!(error instanceof HttpStatusError)) throw error;
      context.onAnswer(error.headers, error.status === 304 ? 'answer' : 'refusal');
      if (error.status === 304) return 'unchanged';
      throw noteRefusal(error, budget);
    }
  });
}

interface Sending {
  readonly url: URL;
  readonly etag: string | undefined;
  readonly authorization: Secret;
}

async function sendOnce<Schema extends z.ZodType>(
  { http, tls, deadline, onAnswer }: ApiContext,
  { url, etag, authorization }: Sending,
  schema: Schema,
): Promise<Answer<z.output<Schema>>> {
  const { value, headers } = await readJson(
    http,
    {
      method: 'GET',
      url,
      headers: {
        ...apiHeaders,
        authorization: authorization.reveal(),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      },
      // A retry would be a request outside the budget, and going on at a limit may end in a ban; the next tick tries again.
      idempotent: false,
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      ...(tls === undefined ? {} : { tls }),
    },
    schema,
  );
  onAnswer(headers, 'answer');
  return { value, etag: headers['etag'], hasNext: findNextLink(headers) !== undefined };
}

/** A limit rests the credential, whatever status it came with; a missing permission costs only its own request. */
function noteRefusal(error: HttpStatusError, budget: TickBudget | undefined): HttpStatusError {
  const refusal = interpretRefusal(error);
  if (refusal?.is !== 'limit') return error;
  budget?.noteRefusal(refusal.retryAtMs);
  return asLimit(error, refusal.retryAtMs);
}

/** The most that GitHub gives on a page. */
const largestPage = 100;

export interface ListQuery<Row> extends Pick<Query, 'path' | 'parameters'> {
  /** Takes the rows out of what is around them. */
  readonly frame: z.ZodType<readonly Row[]>;
  readonly mostPages: number;
}

export interface WholeList<Row> {
  readonly rows: readonly Row[];
  /** Whether the list goes on beyond the most pages. */
  readonly isCut: boolean;
}

/** Page after page by their numbers; no link is followed. @throws BudgetSpentError, HttpError, SecretUnavailableError */
export async function listPages<Row>(
  context: ApiContext,
  { path, parameters, frame, mostPages }: ListQuery<Row>,
): Promise<WholeList<Row>> {
  const rows: Row[] = [];
  for (let page = 1; page <= mostPages; page += 1) {
    const query = { path, parameters: { ...parameters, per_page: String(largestPage), page: String(page) } };
    const answer = await readAnswer(context, query, frame);
    if (answer === 'unchanged') throw createUnaskedError(context, path);
    for (const row of answer.value) rows.push(row);
    if (!answer.hasNext || answer.value.length === 0) return { rows, isCut: false };
  }
  return { rows, isCut: true };
}

/** A proxy on the way may answer 304 to a request that named no tag. */
export function createUnaskedError({ endpoint }: Pick<ApiContext, 'endpoint'>, path: string): BadResponseError {
  return new BadResponseError(whereOf('GET', joinUrl(endpoint, path)), 'answered 304 without being asked');
}
