/** What a receiver made of one request, and of the samples in it. */
import type { HttpStatusError } from '../../http/errors/errors.ts';

/** What a receiver made of one request. */
export type Reception =
  | { readonly outcome: 'stored' }
  /** The receiver keeps what is good, and says how much that is but not which. */
  | { readonly outcome: 'partial'; readonly stored: number; readonly error?: unknown }
  /** For something in the data: the same would be refused again. */
  | { readonly outcome: 'refused'; readonly error: HttpStatusError }
  /** It is not known whether anything was stored, or it is certain that nothing was. */
  | { readonly outcome: 'undelivered'; readonly error: unknown };

/** Some samples, and what the receiver made of the request that they were in. */
export interface Settled<Sample> {
  readonly series: readonly Sample[];
  readonly reception: Reception | { readonly outcome: 'unsent' };
}

/** How many of the samples the receiver says that it has. */
export function countStored({ series, reception }: Settled<unknown>): number {
  if (reception.outcome === 'stored') return series.length;
  return reception.outcome === 'partial' ? reception.stored : 0;
}
