/** Builds the HTTP request of a GraphQL query, to the API or to a portal. */
import * as z from 'zod';
import type { HttpRequest } from '../../../http/port.ts';
import type { SecretRef } from '../../../secrets/secret-ref.ts';
import type { ApiSettings } from '../config.ts';
import { GraphqlAnswer } from './graphql-schema.ts';

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, string | number | boolean | null>>;
  /** Points that the answer costs, for servers that do not tell. */
  readonly countPoints: (data: unknown) => number;
}

/** One request and the secret that it is sent with. */
export interface TokenRequest extends Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body' | 'idempotent'> {
  readonly token: SecretRef;
}

/** The query to GraphQL, or its name to the portal that stores it. */
export function buildPost(
  { portal, graphqlEndpoint, apiToken }: ApiSettings,
  organization: string,
  { query, variables }: GraphqlRequest,
): TokenRequest {
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // A query changes nothing.
    idempotent: true,
  } as const;
  if (portal === undefined) {
    return { ...post, url: new URL(graphqlEndpoint), token: apiToken, body: JSON.stringify({ query, variables }) };
  }
  const url = new URL(portal.endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/organizations/${organization}/portals/${portal.slug}`;
  url.searchParams.set('operation_name', parseOperationName(query));
  return { ...post, url, token: portal.token, body: JSON.stringify(variables) };
}

function parseOperationName(query: string): string {
  return /^query (\w+)/.exec(query)?.[1] ?? '';
}

/** Whether a portal wraps its answer as GraphQL does is not documented, so both are read. */
export const PortalAnswer = z.preprocess(
  (body) => (isObject(body) && !('data' in body) && !('errors' in body) ? { data: body } : body),
  GraphqlAnswer,
);

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
