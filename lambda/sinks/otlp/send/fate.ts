/** Decides what became of increases that were sent: stored, to be sent again, refused or unknown. */
import { isNotTaken } from '../../../series/delivery/fate.ts';
import type { Settled } from '../../../series/delivery/reception.ts';
import { UnreadableAnswerError } from './judge.ts';
import { notTakenStatuses } from './post.ts';

export interface Fate {
  /** Certainly not stored, and may be sent again. */
  readonly isKept: boolean;
  /** May have been stored. */
  readonly unconfirmed: number;
  /** Refused for good. */
  readonly dropped: number;
}

const kept: Fate = { isKept: true, unconfirmed: 0, dropped: 0 };

export function decideFate({ series: { length }, reception }: Settled<unknown>): Fate {
  switch (reception.outcome) {
    case 'stored':
      return { isKept: false, unconfirmed: 0, dropped: 0 };
    case 'unsent':
      return kept;
    case 'partial':
      if (reception.error instanceof UnreadableAnswerError) return { isKept: false, unconfirmed: length, dropped: 0 };
      return { isKept: false, unconfirmed: 0, dropped: length - reception.stored };
    case 'refused':
      // Later requests are smaller, and one of a single point cannot be.
      if (reception.error.status === 413 && length > 1) return kept;
      return { isKept: false, unconfirmed: 0, dropped: length };
    case 'undelivered':
      return isNotTaken(reception.error, notTakenStatuses) ? kept : { isKept: false, unconfirmed: length, dropped: 0 };
  }
}
