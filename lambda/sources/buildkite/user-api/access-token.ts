/** Reads scopes and expiry of the API token. */
import * as z from 'zod';
import { lifetimeMs } from '../../../model/credential.ts';
import type { ApiSettings } from '../config.ts';
import { AccessToken } from './rest-schema.ts';
import { parseTime } from './times.ts';
import type { UserApi } from './client.ts';
import type { UserRun } from './run.ts';
import { hourMs } from '../../../model/time.ts';

/** What Buildkite says about the API token. */
export const TokenFacts = z.object({
  readMs: z.number(),
  scopes: z.array(z.string()),
  createdMs: z.number().optional(),
  expiresMs: z.number().optional(),
});
export type TokenFacts = z.infer<typeof TokenFacts>;

/** A token changes rarely; an hour is soon enough to see a new scope or a new date. */
const freshForMs = hourMs;

/** A token that a machine renews has a successor within its last tenth, which must be seen before its alarm goes off. */
const freshShareOfLife = 1 / 100;

/** A clock that was set back must not make the facts fresh for longer. */
export function isFresh({ readMs }: { readonly readMs: number }, nowMs: number, forMs = freshForMs): boolean {
  return nowMs >= readMs && nowMs - readMs < forMs;
}

function isTokenFresh(facts: TokenFacts, nowMs: number): boolean {
  return isFresh(facts, nowMs, Math.min(freshForMs, (lifetimeMs(facts) ?? Infinity) * freshShareOfLife));
}

/** `GET /v2/access-token`, which every token may. @throws HttpError, BudgetSpentError */
async function readToken(api: UserApi, nowMs: number): Promise<TokenFacts> {
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
function findMissingScopes({ scopes }: TokenFacts, { waits, jobs, portal }: ApiSettings): readonly string[] {
  const needed = [
    'read_builds',
    ...(waits === 'graphql' && portal === undefined ? ['graphql'] : []),
    // With GraphQL the names of clusters come from there.
    ...(waits !== 'graphql' && jobs === 'read' ? ['read_clusters'] : []),
  ];
  return needed.filter((scope) => !scopes.includes(scope));
}

/** Once an hour, of a short-lived token more often, and from the start of a state: a scope that is missing is told at once. */
export async function readTokenFacts(run: UserRun): Promise<TokenFacts | undefined> {
  const { api, ledger, nowMs, problemFrom, problems, settings } = run;
  let facts = ledger?.recall('token', TokenFacts);
  if (facts === undefined || !isTokenFresh(facts, nowMs)) {
    try {
      facts = await readToken(api, nowMs);
    } catch (error) {
      const problem = problemFrom(error, 'access-token');
      if (problem === undefined) throw error;
      problems.push(problem);
    }
  }
  if (facts === undefined) return undefined;
  ledger?.remember('token', facts);
  const missing = findMissingScopes(facts, settings);
  if (missing.length > 0) {
    const message = `the API token lacks ${missing.join(' and ')}; add it in the token's settings, or leave out what needs it (waits, jobs)`;
    problems.push({ kind: 'auth', where: `buildkite/${run.config.name} access-token`, message });
  }
  return facts;
}
