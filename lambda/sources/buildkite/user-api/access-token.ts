/** Reads scopes and expiry of the API token. */
import * as z from 'zod';
import { credentialFamilies, lifetimeMs } from '../../../model/credential.ts';
import type { MetricFamily } from '../../../model/metric.ts';
import type { ApiSettings } from '../config.ts';
import { AccessToken } from './rest-schema.ts';
import { parseTime } from './times.ts';
import type { UserApi } from './client.ts';

/** What Buildkite says about the API token. */
export const TokenFacts = z.object({
  readMs: z.number(),
  scopes: z.array(z.string()),
  createdMs: z.number().optional(),
  expiresMs: z.number().optional(),
});
export type TokenFacts = z.infer<typeof TokenFacts>;

/** A token changes rarely; an hour is soon enough to see a new scope or a new date. */
const freshForMs = 3_600_000;

/** A token that a machine renews has a successor within its last tenth, which must be seen before its alarm goes off. */
const freshShareOfLife = 1 / 100;

/** A clock that was set back must not make the facts fresh for longer. */
export function isFresh({ readMs }: { readonly readMs: number }, nowMs: number, forMs = freshForMs): boolean {
  return nowMs >= readMs && nowMs - readMs < forMs;
}

export function isTokenFresh(facts: TokenFacts, nowMs: number): boolean {
  return isFresh(facts, nowMs, Math.min(freshForMs, (lifetimeMs(facts) ?? Infinity) * freshShareOfLife));
}

/** `GET /v2/access-token`, which every token may. @throws HttpError, BudgetSpentError */
export async function readToken(api: UserApi, nowMs: number): Promise<TokenFacts> {
  const { value } = await api.requestRest(api.buildUrl('access-token'), AccessToken);
  const createdMs = parseTime(value.created_at);
  const expiresMs = parseTime(value.expires_at);
  return {
    readMs: nowMs,
    scopes: value.scopes,
    ...(createdMs === undefined ? {} : { createdMs }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
  };
}

/** Scopes that the configuration needs and the token lacks, as Buildkite names them. */
export function findMissingScopes({ scopes }: TokenFacts, { waits, jobs, portal }: ApiSettings): readonly string[] {
  const needed = [
    'read_builds',
    ...(waits === 'graphql' && portal === undefined ? ['graphql'] : []),
    // With GraphQL the names of clusters come from there.
    ...(waits !== 'graphql' && jobs === 'read' ? ['read_clusters'] : []),
  ];
  return needed.filter((scope) => !scopes.includes(scope));
}

export function mapTokenExpiry(source: string, facts: TokenFacts | undefined): readonly MetricFamily[] {
  return facts === undefined ? [] : credentialFamilies({ system: 'buildkite', source }, facts);
}
