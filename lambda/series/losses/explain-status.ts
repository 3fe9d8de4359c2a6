/** Says why a request failed, what to do about it, and when it may go through. */
import type { HttpStatusError } from '../../http/errors/errors.ts';
import { describeHttpProblem } from '../../http/errors/problem.ts';
import { mapStatusKind } from '../../http/errors/status-kind.ts';
import type { ProblemKind } from '../../model/problem.ts';
import { NotBegunError } from '../delivery/fate.ts';

export interface Explanation {
  readonly kind: ProblemKind;
  readonly text: string;
  readonly retryAtMs?: number | undefined;
}

/** What to do, by the server's own words. */
export interface Remedy {
  readonly says: RegExp;
  readonly remedy: string;
}

/** What to do where the status alone has to say it. */
export type StatusRemedies = Readonly<Record<number, string>>;

export interface Answerer {
  /** Such as `the receiver`. */
  readonly name: string;
  readonly remedies: readonly Remedy[];
  readonly byStatus: StatusRemedies;
  /** Longest part of its words that a problem repeats; default: all that the HTTP layer keeps. */
  readonly maxWords?: number;
}

export function explainStatus(
  { status, excerpt, retryAtMs }: HttpStatusError,
  { name, remedies, byStatus, maxWords }: Answerer,
): Explanation {
  const said = excerpt.trim();
  const quoted = said === '' ? '' : ` "${said.slice(0, maxWords).toWellFormed()}"`;
  const remedy = findRemedy(said, remedies) ?? byStatus[status] ?? chooseUsualRemedy(status);
  return {
    kind: mapStatusKind(status),
    text: `${name} answered ${String(status)}${quoted}. ${remedy}`,
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
}

export function findRemedy(said: string, remedies: readonly Remedy[]): string | undefined {
  return remedies.find(({ says }) => says.test(said))?.remedy;
}

/**
 * `where`: the sink and the request, as its problems have it; another request that failed is named.
 * @throws the error itself when a network, a server or a secret store is not expected to give it.
 */
export function explainSendError(error: unknown, where: string): Explanation {
  if (error instanceof NotBegunError) return { kind: 'timeout', text: error.message };
  const problem = describeHttpProblem(error, '');
  if (problem === undefined) throw error;
  const target = problem.where.trim();
  return { kind: problem.kind, text: where.endsWith(target) ? problem.message : `${target}: ${problem.message}` };
}

function chooseUsualRemedy(status: number): string {
  if (status >= 500) return 'The server has a fault of its own: look at its status page or log if it lasts.';
  return 'Check `url`, proxies on the way, and the log of the server.';
}
