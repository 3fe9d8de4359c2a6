/** Turns errors of the APIs for users into problems with a remedy. */
import { describeHttpProblem, type StatusHints } from '../../../http/errors/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import { describeSecretRef } from '../../../secrets/secret-ref.ts';
import type { ApiSettings } from '../config.ts';
import { InvisibleOrganizationError } from './list-result.ts';
import { addReason } from '../refusal-reason.ts';
import { GraphqlError, BudgetSpentError } from './client.ts';

/** The problem that an error of the APIs for users is; undefined for a bug, which the caller throws on. */
export type ProblemFrom = (error: unknown, subject: string) => Problem | undefined;

/** Of REST, and of GraphQL where it is asked with the same token. @param where `buildkite/main` */
export function createProblemDescriber(where: string, { apiToken }: Pick<ApiSettings, 'apiToken'>): ProblemFrom {
  const token = describeSecretRef(apiToken);
  return createDescriber(where, token, describeRemedies(token));
}

/** Of the queries for queues and waiting jobs. */
export function createGraphqlProblemDescriber(where: string, settings: ApiSettings): ProblemFrom {
  const { portal } = settings;
  if (portal === undefined) return createProblemDescriber(where, settings);
  const token = describeSecretRef(portal.token);
  return createDescriber(where, token, describePortalRemedies(token));
}

function createDescriber(where: string, token: string, hints: StatusHints): ProblemFrom {
  const at = `${where} (${token})`;
  return (error, subject) => {
    const whereOfSubject = `${at} ${subject}`;
    if (error instanceof BudgetSpentError) {
      const message = `left out, because the budget of ${error.message} is spent; raise the interval, or the setting if Buildkite allows more`;
      return { kind: 'rate-limited', where: whereOfSubject, message };
    }
    if (error instanceof InvisibleOrganizationError) {
      const message = `${error.message}; check organization, and give the token access to it`;
      return { kind: 'auth', where: whereOfSubject, message };
    }
    if (error instanceof GraphqlError) return describeGraphqlProblem(error, whereOfSubject, token);
    const problem = describeHttpProblem(error, at, hints);
    return problem && addReason(problem, error);
  };
}

/** Buildkite says only in words what kind of refusal it is. */
function describeGraphqlProblem({ message: reason }: GraphqlError, where: string, token: string): Problem {
  const message = `Buildkite says: ${reason}`;
  if (/exceeded/i.test(reason) && /complexity points/i.test(reason)) return { kind: 'rate-limited', where, message };
  if (/complexity|timed? ?out/i.test(reason)) {
    return { kind: 'rejected', where, message: `${message}; if this stays, set waits: rest` };
  }
  if (/permission|authoriz|access/i.test(reason)) {
    return { kind: 'auth', where, message: `${message}; give the token in ${token} GraphQL access` };
  }
  return { kind: 'bad-response', where, message };
}

function describeRemedies(token: string): StatusHints {
  return {
    401: `the API token in ${token} is wrong, expired or revoked; make a new one and put it there (an agent token does not work here)`,
    403: `the API token in ${token} lacks a scope, access to the organization or the address it is used from; give it read_builds, read_clusters and GraphQL`,
    404: 'the organization is not there, or the token may not see it; check organization, restEndpoint and graphqlEndpoint',
    429: 'Buildkite limits the user of the API token; give the collector a user of its own, or raise the interval',
    504: 'Buildkite took too long for the list; it is read again in the next run',
  };
}

function describePortalRemedies(token: string): StatusHints {
  return {
    401: `the portal token in ${token} is wrong or revoked; make a new one in the settings of the portal and put it there`,
    403: `the portal token in ${token} may not be used from this address, or not for this portal; check the settings of the portal`,
    404: 'the portal is not there; check portal.slug and organization',
    429: 'Buildkite limits the portals of an organization; raise the interval',
    504: 'Buildkite took too long for the list; it is read again in the next run',
  };
}

/** Elements of a list that were left out, because they are not what Buildkite documents. */
export function describeUnreadable(where: string, count: number): Problem {
  const elements = count === 1 ? '1 element is' : `${String(count)} elements are`;
  const message = `${elements} not what Buildkite documents and left out; the others are published`;
  return { kind: 'bad-response', where, message };
}
