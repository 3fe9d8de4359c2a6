/** Says what Bitbucket's refusals mean, and what to do about each. */
import { type TickProblems as AnyTickProblems, collectTickProblems } from '../../crawl/tick-problems.ts';
import { describeHttpProblem, type StatusHints } from '../../http/errors/problem.ts';
import type { Access } from './api/access.ts';
import { chooseScope } from './api/scopes.ts';

export type Subject = 'repositories' | 'pipelines' | 'runners' | 'deployments';

export type TickProblems = AnyTickProblems<Subject>;

export function collectProblems(where: string, access: Access): TickProblems {
  return collectTickProblems(where, (error, subject) =>
    describeHttpProblem(error, where, describeRemedies(subject, access)),
  );
}

function describeRemedies(subject: Subject, { kind, secret }: Access): StatusHints {
  const of = `the ${kind} in ${secret}`;
  const need = {
    repositories: 'repository',
    pipelines: 'pipeline',
    deployments: 'pipeline',
    runners: 'runner',
  } as const;
  return {
    400: `Bitbucket does not understand the request; for an OAuth consumer check clientId, and that it is a private consumer with a callback URL`,
    401: `${of} is wrong, expired or revoked; make a new one and put it there (app passwords do not exist any more)`,
    403: `${of} lacks a scope or the permission; give it "${chooseScope(need[subject], kind)}" to read ${subject}`,
    404: `there is no such workspace, or ${of} does not see it; check workspace and endpoint, which ends with /2.0`,
    410: 'the workspace has been closed by Bitbucket',
    429: `the requests of ${of} are used up; nothing is asked until Bitbucket may allow it again. Set requestsPerHour to its share, or look for what else uses it`,
  };
}
