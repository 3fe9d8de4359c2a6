/** Says which kind of problem a status of an answer is, for everything that is asked by HTTP. */
import type { ProblemKind } from '../../model/problem.ts';

/** The credentials, those of a proxy included. */
const auth: ReadonlySet<number> = new Set([401, 403, 407]);
/** There is nothing here that takes such a request: the URL is wrong. */
const configuration: ReadonlySet<number> = new Set([404, 405, 410, 415]);

/** The kind of an answer that was not expected. */
export function mapStatusKind(status: number): ProblemKind {
  if (auth.has(status)) return 'auth';
  if (configuration.has(status)) return 'configuration';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  return status >= 400 ? 'rejected' : 'bad-response';
}
