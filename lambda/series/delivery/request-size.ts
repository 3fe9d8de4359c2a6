/** Remembers that a receiver found a request too large, so that later ones are smaller. */
import type { Settled } from './reception.ts';

export interface RequestSize {
  /** Samples in the next request. */
  readonly samples: () => number;
  readonly note: (settled: Settled<unknown>) => void;
}

/** A receiver that finds a request too large (413) gets half as much in later ones, for as long as the process lives. */
export function createRequestSize(configured: number): RequestSize {
  let current = configured;
  return {
    samples: () => current,
    note: ({ series, reception }) => {
      const isTooLarge = reception.outcome === 'refused' && reception.error.status === 413;
      if (isTooLarge) current = Math.min(current, Math.ceil(series.length / 2));
    },
  };
}
