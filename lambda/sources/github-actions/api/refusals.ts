/** Tells GitHub's limits from missing permissions: both come as 403, and a limit as 429 as well. */
import { HttpStatusError } from '../../../http/errors/errors.ts';

/** What a refusal means for the requests after it. */
export type Refusal =
  /** The requests of the hour are used up, or too many came at once: nothing is asked before that time. */
  | { readonly is: 'limit'; readonly retryAtMs: number | undefined }
  /** This request is not allowed; others may be. */
  | { readonly is: 'permission' };

/** GitHub docs, "Rate limits": `retry-after`, else the reset of a spent limit, else at least a minute. */
const limitWords = /secondary rate limit|abuse detection|rate limit exceeded/i;

/** Undefined for an answer that refuses for another reason. */
export function interpretRefusal({ status, headers, excerpt, retryAtMs }: HttpStatusError): Refusal | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const isSpent = headers['x-ratelimit-remaining'] === '0';
  if (headers['retry-after'] !== undefined || isSpent) return { is: 'limit', retryAtMs };
  if (status === 429 || limitWords.test(excerpt)) return { is: 'limit', retryAtMs: undefined };
  return { is: 'permission' };
}

/** A limit becomes 429, whatever status it came with, so that nobody takes it for a missing permission. */
export function asLimit(error: HttpStatusError, retryAtMs: number | undefined): HttpStatusError {
  const { where, headers, excerpt } = error;
  return new HttpStatusError(where, { status: 429, headers, excerpt, retryAtMs });
}
