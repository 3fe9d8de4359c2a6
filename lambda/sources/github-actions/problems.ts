/** Says what GitHub's refusals mean, and what to do about each. */
import { type TickProblems as AnyTickProblems, collectTickProblems } from '../../crawl/tick-problems.ts';
import { HttpStatusError } from '../../http/errors/errors.ts';
import { describeHttpProblem, type StatusHints } from '../../http/errors/problem.ts';
import type { Problem } from '../../model/problem.ts';
import type { Access } from './api/access.ts';
import { SuspendedInstallationError } from './api/installation.ts';
import { describePermission, settingOf, type Subject } from './api/permissions.ts';

export interface TickProblems extends AnyTickProblems<Subject> {
  /** Of a credential beside the main one: a refusal of it says nothing of other requests. @throws what is a bug */
  addApart(error: unknown, subject: Subject, access: Access): Problem;
}

export function collectProblems(where: string, access: Access): TickProblems {
  const problems = collectTickProblems<Subject>(where, (error, subject) =>
    describeProblem(error, subject, { where, access }),
  );
  return {
    ...problems,
    addApart: (error, subject, other) => {
      const problem = describeProblem(error, subject, { where: `${where} ${subject}`, access: other });
      if (problem === undefined) throw error;
      problems.note(problem);
      return problem;
    },
  };
}

function describeProblem(
  error: unknown,
  subject: Subject,
  { where, access }: { readonly where: string; readonly access: Access },
): Problem | undefined {
  if (error instanceof SuspendedInstallationError) {
    const message = `${error.message}; let an owner of the organization unsuspend it under Settings, GitHub Apps`;
    return { kind: 'auth', where, message };
  }
  return describeHttpProblem(error, where, describeRemedies(error, subject, access));
}

function describeRemedies(error: unknown, subject: Subject, access: Access): StatusHints {
  const of = `the ${access.kind} in ${access.secret}`;
  return {
    401: `${of} is wrong, expired or revoked${access.kind === 'GitHub App' ? ', or auth.app.id is that of another App' : ''}; make a new one and put it there`,
    403: `${of} lacks a permission; give it ${describePermission(subject)}${quotePermissions(error)}. If it has that, an allow list of addresses or single sign-on of the organization keeps it out`,
    404: `${describeAbsence(subject, of)}${access.kind === 'GitHub App' ? '; install the App in the organization' : ''}; check ${subject === 'enterpriseRunners' ? 'enterprise.name' : 'organization'} and endpoint`,
    410: `this GitHub has taken away what ${settingOf(subject)} reads; leave it out by that setting, and look for a newer version of the collector`,
    429: `the requests of ${of} are used up, or too many came at once; nothing is asked until GitHub may allow it again. Set requestsPerHour to its share, or look for what else uses it`,
  };
}

/** GitHub says 404 of what is not there and of what may not be seen. */
function describeAbsence(subject: Subject, of: string): string {
  switch (subject) {
    case 'enterpriseRunners':
      return `there is no such enterprise, or ${of} does not see it: it needs ${describePermission(subject)}`;
    case 'hostedRunners':
      return `the organization has no larger runners of GitHub (Enterprise Server never has), or ${of} does not see them: it needs ${describePermission(subject)}`;
    case 'billing':
      return `the organization is not on the new billing platform (Enterprise Server has none), or ${of} does not see the bill: it needs ${describePermission(subject)}`;
    case 'repositories':
    case 'runs':
    case 'deployments':
    case 'runners':
      return `there is no such organization, or ${of} does not see it`;
  }
}

/** GitHub names what would suffice, such as `actions=read`. */
function quotePermissions(error: unknown): string {
  const named = error instanceof HttpStatusError ? (error.headers['x-accepted-github-permissions'] ?? '') : '';
  // It becomes a part of a message: letters and signs only.
  return /^[\w=;, ]{1,200}$/.test(named) ? ` (GitHub asks for ${named})` : '';
}
