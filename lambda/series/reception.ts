/** What became of the samples of one request. */
import type { HttpStatusError } from '../http/errors/errors.ts';

/** What a receiver made of one request. */
export type Verdict =
  | { readonly outcome: 'stored' }
  /** The receiver keeps what is good, and says how much that is but not which. */
  | { readonly outcome: 'partial'; readonly stored: number; readonly error?: unknown }
  /** For something in the data: the same would be refused again. */
  | { readonly outcome: 'refused'; readonly error: HttpStatusError }
  /** Nobody knows whether anything was stored, or it is certain that nothing was. */
  | { readonly outcome: 'undelivered'; readonly error: unknown };

/** What became of some samples: the verdict of the request that they were in. */
export interface Settled<Sample> {
  readonly series: readonly Sample[];
  readonly verdict: Verdict | { readonly outcome: 'unsent' };
}
