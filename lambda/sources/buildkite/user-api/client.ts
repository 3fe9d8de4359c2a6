/** The client of REST and GraphQL, within the budgets of the token's user. */
import type * as z from 'zod';
import type { RequestBudget } from '../../../counters/ledger.ts';
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { UnusableSecretError, HttpStatusError } from '../../../http/errors/errors.ts';
import { readJson, type JsonAnswer } from '../../../http/answers/json.ts';
import { parseRateLimit } from '../../../http/answers/rate-limit-headers.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import type { SourcePorts } from '../../source.ts';
import type { ApiSettings, BuildkiteConfig } from '../config.ts';
import { type GraphqlRequest, PortalAnswer, buildPost, type TokenRequest } from './graphql-request.ts';
import { GraphqlAnswer } from './graphql-schema.ts';
import { parseWaitSeconds, hideTokenInErrors } from '../refusal-reason.ts';

/** The collector's own budget for this window is spent: what is left out is read in a later run. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
}

/** GraphQL answers 200 also for what it refuses; `message` is Buildkite's. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError';
}

export type Query = readonly (readonly [name: string, value: string])[];

/** Buildkite's APIs for users, within the budgets of the token's user. */
export interface UserApi {
  /** @throws HttpError, BudgetSpentError */
  requestRest<Schema extends z.ZodType>(url: URL, schema: Schema): Promise<JsonAnswer<z.output<Schema>>>;
  /** REST requests that the budget still allows. */
  remainingRequests(): number;
  /** Address of a REST resource, such as `organizations/acme/builds`. */
  buildUrl(path: string, query?: Query): URL;
  /** @throws HttpError, BudgetSpentError, GraphqlError for an answer without data */
  requestGraphql<Schema extends z.ZodType>(
    request: GraphqlRequest,
    schema: Schema,
  ): Promise<{ readonly data: z.output<Schema>; readonly errors: readonly string[] }>;
}

export interface Budgets {
  readonly rest: RequestBudget;
  readonly graphql: RequestBudget;
}

export interface ApiPorts {
  readonly config: BuildkiteConfig;
  readonly settings: ApiSettings;
  readonly ports: SourcePorts;
  readonly deadline: Deadline;
}

/** @param organization its slug */
export function createUserApi(given: ApiPorts, organization: string, budgets: Budgets): UserApi {
  const { settings, ports } = given;
  const send = <Schema extends z.ZodType>(
    request: TokenRequest,
    schema: Schema,
  ): Promise<JsonAnswer<z.output<Schema>>> => sendAuthorized(given, request, schema);
  return {
    remainingRequests: () => budgets.rest.remaining(),
    buildUrl: (path, query = []) => buildRestUrl(settings.restEndpoint, path, query),
    requestRest: async (url, schema) => {
      if (!budgets.rest.take()) throw new BudgetSpentError('requests a minute');
      const request = { method: 'GET', url, headers: {}, token: settings.apiToken } as const;
      return await sendObserved(budgets.rest, ports, () => send(request, schema));
    },
    requestGraphql: async (request, schema) => {
      const isStored = settings.portal !== undefined;
      // What an answer costs is known when it is there; a page of the largest size overdraws the budget at most once.
      if (budgets.graphql.remaining() < 1) throw new BudgetSpentError(isStored ? 'portal requests' : 'GraphQL points');
      const { value } = await sendObserved(budgets.graphql, ports, async () => {
        const answer = await send(buildPost(settings, organization, request), isStored ? PortalAnswer : GraphqlAnswer);
        const cost = isStored ? 1 : (parsePoints(answer.headers) ?? request.countPoints(answer.value.data ?? null));
        budgets.graphql.take(Math.min(cost, budgets.graphql.remaining()));
        return answer;
      });
      observeRefusal(budgets.graphql, value, ports.clock());
      const errors = value.errors.map((text) => ports.http.withoutSecrets(text).slice(0, maxErrorLength));
      return { data: parseData({ ...value, errors }, schema), errors };
    },
  };
}

/** Text from outside may be long; its beginning says what it is about. */
const maxErrorLength = 300;

async function sendAuthorized<Schema extends z.ZodType>(
  { config: { tls }, ports: { http, secrets }, deadline }: ApiPorts,
  { token, ...request }: TokenRequest,
  schema: Schema,
): Promise<JsonAnswer<z.output<Schema>>> {
  return sendWithCredentials({ tls }, { secrets }, deadline.signal, (credentials) =>
    useWithRotation(secrets, token, deadline.signal, (secret) => {
      const bearer = parseApiToken(secret.reveal(), request);
      return hideTokenInErrors(bearer, () =>
        readJson(
          http,
          {
            ...request,
            headers: { ...request.headers, authorization: `Bearer ${bearer}` },
            signal: deadline.signal,
            remainingMs: () => deadline.remainingMs(),
            parseWaitSeconds,
            ...(credentials.tls === undefined ? {} : { tls: credentials.tls }),
          },
          schema,
        ),
      );
    }),
  );
}

/** An agent token here is the usual mix-up, and its 401 would not say so. */
function parseApiToken(text: string, { method, url }: Pick<TokenRequest, 'method' | 'url'>): string {
  const token = text.trim();
  if (!/^bk(ct|ar)_/.test(token)) return token;
  throw new UnusableSecretError(
    whereOf(method, url),
    'the secret holds an agent token; put an API token of a user (bkua_…), or the token of the portal, there',
  );
}

function buildRestUrl(endpoint: string, path: string, query: Query): URL {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url;
}

/** Tells the budget what the headers of the answer say, also those of a refusal. */
async function sendObserved<Value>(
  budget: RequestBudget,
  { clock }: Pick<SourcePorts, 'clock'>,
  send: () => Promise<JsonAnswer<Value>>,
): Promise<JsonAnswer<Value>> {
  try {
    const answer = await send();
    observeRateLimit(budget, answer.headers, clock());
    return answer;
  } catch (error) {
    if (error instanceof HttpStatusError) {
      observeRateLimit(budget, error.headers, clock());
      // A refusal that names its wait in the body only.
      const isInHeader = error.headers['retry-after'] !== undefined;
      if (error.status === 429 && !isInHeader && error.retryAtMs !== undefined) {
        budget.noteRateLimit({ remaining: 0, resetMs: error.retryAtMs });
      }
    }
    throw error;
  }
}

/** A refusal that comes with status 200: nothing is requested before it ends. */
function observeRefusal(budget: RequestBudget, { data, errors }: z.output<typeof GraphqlAnswer>, nowMs: number): void {
  const seconds = data === undefined || data === null ? parseWaitSeconds(errors.join(' ')) : undefined;
  if (seconds !== undefined) budget.noteRateLimit({ remaining: 0, resetMs: nowMs + seconds * 1000 });
}

function observeRateLimit(budget: RequestBudget, headers: Readonly<Record<string, string>>, nowMs: number): void {
  const rateLimit = parseRateLimit(headers, nowMs);
  // Without a time the figure would hold for ever.
  if (rateLimit?.resetAtMs === undefined) return;
  budget.noteRateLimit({ remaining: rateLimit.remaining, resetMs: rateLimit.resetAtMs });
}

function parsePoints(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers['ratelimit-complexity-actual'] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function parseData<Schema extends z.ZodType>(
  { data, errors }: z.output<typeof GraphqlAnswer>,
  schema: Schema,
): z.output<Schema> {
  if (data === undefined || data === null) throw new GraphqlError(errors[0] ?? 'the answer has no data');
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new GraphqlError(errors[0] ?? 'the answer has an unexpected shape');
}
