/** Remembers that a receiver found a request too large, so that later ones are smaller. */
import type { Settled } from './reception.ts';

export interface RequestSize {
  /** Samples in the next request. */
  readonly samples: () => number;
  readonly note: (settled: Settled<unknown>) => void;
  /** So many samples in one request were too many. */
  readonly noteTooLarge: (samples: number) => void;
}

/** A receiver that finds a request too large (413) gets half as much in later ones, for as long as the process lives. */
export function createRequestSize(configured: number): RequestSize {
  let current = configured;
  const noteTooLarge = (samples: number): void => {
    current = Math.min(current, Math.ceil(samples / 2));
  };
  return {
    samples: () => current,
    note: ({ series, reception }) => {
      if (reception.outcome === 'refused' && reception.error.status === 413) noteTooLarge(series.length);
    },
    noteTooLarge,
  };
}
