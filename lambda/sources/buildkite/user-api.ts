import type * as z from 'zod';
import type { Quota } from '../../counters/ledger.ts';
import { withCredentials } from '../../http/credentials.ts';
import { ForbiddenRequestError, HttpStatusError } from '../../http/errors.ts';
import type { HttpRequest } from '../../http/http.ts';
import { getJson, type JsonAnswer } from '../../http/json.ts';
import { quotaOf } from '../../http/quota.ts';
import { whereOf } from '../../http/where.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { withRotation } from '../../secrets/rotation.ts';
import type { SourcePorts } from '../source.ts';
import type { ApiSettings, BuildkiteConfig } from './config.ts';
import { GraphqlAnswer } from './graphql-schema.ts';

/** The collector's own budget for this window is spent: what is left out is read in a later run. */
export class QuotaSpentError extends Error {
  override readonly name = 'QuotaSpentError';
}

/** GraphQL answers 200 also for what it refuses; `message` is Buildkite's. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError';
}

export type Query = readonly (readonly [name: string, value: string])[];

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, string | number | boolean | null>>;
  /** Points that the answer costs, for servers that do not tell. */
  readonly points: (data: unknown) => number;
}

/** Buildkite's APIs for users, within the budgets of the token's user. */
export interface UserApi {
  /** @throws HttpError, QuotaSpentError */
  rest<Schema extends z.ZodType>(url: URL, schema: Schema): Promise<JsonAnswer<z.output<Schema>>>;
  /** Address of a REST resource, such as `organizations/acme/builds`. */
  restUrl(path: string, query?: Query): URL;
  /** @throws HttpError, QuotaSpentError, GraphqlError for an answer without data */
  graphql<Schema extends z.ZodType>(
    request: GraphqlRequest,
    schema: Schema,
  ): Promise<{ readonly data: z.output<Schema>; readonly errors: readonly string[] }>;
}

export interface Budgets {
  readonly rest: Quota;
  readonly graphql: Quota;
}

export function userApi(
  config: BuildkiteConfig,
  settings: ApiSettings,
  ports: SourcePorts,
  budgets: Budgets,
  deadline: Deadline,
): UserApi {
  const send = <Schema extends z.ZodType>(request: Request, schema: Schema): Promise<JsonAnswer<z.output<Schema>>> =>
    sendAuthorized({ config, settings, ports, deadline }, request, schema);
  return {
    restUrl: (path, query = []) => restUrl(settings.restEndpoint, path, query),
    rest: async (url, schema) => {
      if (!budgets.rest.take()) throw new QuotaSpentError('requests a minute');
      return await observed(budgets.rest, ports, () => send({ method: 'GET', url, headers: {} }, schema));
    },
    graphql: async ({ query, variables, points }, schema) => {
      // What an answer costs is known when it is there; a page of the largest size overdraws the budget at most once.
      if (budgets.graphql.remaining() < 1) throw new QuotaSpentError('GraphQL points');
      const { value } = await observed(budgets.graphql, ports, async () => {
        const answer = await send(postOf(settings, query, variables), GraphqlAnswer);
        const cost = pointsIn(answer.headers) ?? points(answer.value.data);
        budgets.graphql.take(Math.min(cost, budgets.graphql.remaining()));
        return answer;
      });
      return { data: dataOf(value, schema), errors: value.errors };
    },
  };
}

function postOf({ graphqlEndpoint }: ApiSettings, query: string, variables: GraphqlRequest['variables']): Request {
  return {
    method: 'POST',
    url: new URL(graphqlEndpoint),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    // A query changes nothing.
    idempotent: true,
  };
}

type Request = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body' | 'idempotent'>;

interface Sender {
  readonly config: BuildkiteConfig;
  readonly settings: ApiSettings;
  readonly ports: SourcePorts;
  readonly deadline: Deadline;
}

async function sendAuthorized<Schema extends z.ZodType>(
  { config: { tls }, settings: { apiToken }, ports: { http, secrets }, deadline }: Sender,
  request: Request,
  schema: Schema,
): Promise<JsonAnswer<z.output<Schema>>> {
  return withCredentials({ tls }, { secrets }, deadline.signal, (credentials) =>
    withRotation(secrets, apiToken, deadline.signal, (secret) =>
      getJson(
        http,
        {
          ...request,
          headers: { ...request.headers, authorization: `Bearer ${tokenIn(secret.reveal(), request)}` },
          signal: deadline.signal,
          remainingMs: () => deadline.remainingMs(),
          ...(credentials.tls === undefined ? {} : { tls: credentials.tls }),
        },
        schema,
      ),
    ),
  );
}

/** An agent token here is the usual mix-up, and its 401 would not say so. */
function tokenIn(text: string, { method, url }: Request): string {
  const token = text.trim();
  if (!/^bk(ct|ar)_/.test(token)) return token;
  throw new ForbiddenRequestError(
    whereOf(method, url),
    'the secret of apiToken holds an agent token; put an API token of a user (bkua_…) there',
  );
}

function restUrl(endpoint: string, path: string, query: Query): URL {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url;
}

/** Tells the budget what the headers of the answer say, also those of a refusal. */
async function observed<Value>(
  quota: Quota,
  { clock }: Pick<SourcePorts, 'clock'>,
  ask: () => Promise<JsonAnswer<Value>>,
): Promise<JsonAnswer<Value>> {
  try {
    const answer = await ask();
    observe(quota, answer.headers, clock());
    return answer;
  } catch (error) {
    if (error instanceof HttpStatusError) observe(quota, error.headers, clock());
    throw error;
  }
}

function observe(quota: Quota, headers: Readonly<Record<string, string>>, nowMs: number): void {
  const told = quotaOf(headers, nowMs);
  // Without a time the figure would hold for ever.
  if (told?.resetAtMs === undefined) return;
  quota.observe({ remaining: told.remaining, resetMs: told.resetAtMs });
}

function pointsIn(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['ratelimit-complexity-actual'] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function dataOf<Schema extends z.ZodType>(
  { data, errors }: z.output<typeof GraphqlAnswer>,
  schema: Schema,
): z.output<Schema> {
  if (data === undefined || data === null) throw new GraphqlError(errors[0] ?? 'the answer has no data');
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new GraphqlError(errors[0] ?? 'the answer has an unexpected shape');
}
