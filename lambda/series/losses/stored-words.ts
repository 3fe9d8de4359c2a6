/** The words for what became of samples, the same in every sink: not stored, or perhaps not stored. */

/** Refused, or never taken: nothing of it can be at the backend. */
export const notStored = 'not stored';

/** The answer was lost or does not say: some or all of it may be stored. */
export const mayBeMissing = 'may not have been stored';
