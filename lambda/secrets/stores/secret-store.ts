/** What every store of secrets offers, and why it may give no value. */

/** Why a store gave no value. `unavailable` (throttled, server error, no connection) and `aborted` pass by themselves. */
export type FailureReason =
  | 'not-found'
  | 'no-value'
  | 'denied'
  | 'credentials'
  | 'no-region'
  | 'decryption'
  | 'deleted'
  | 'invalid'
  | 'not-text'
  | 'not-json'
  | 'no-key'
  | 'empty'
  | 'unavailable'
  | 'aborted';

export interface ReadFailure {
  readonly reason: FailureReason;
  /** What the store answered, as a text without any value: an error name, a status, a key name. */
  readonly detail?: string;
  /** A copy of the original error without anything that could hold a value. */
  readonly cause?: Error;
}

export type ReadOutcome = { readonly text: string } | { readonly failure: ReadFailure };

/** One place in which secrets lie: Secrets Manager, Parameter Store, the environment, the file system. */
export interface SecretStore {
  /** An outcome for each id, whatever happens to the others, in as few calls as the store allows; never rejects. */
  read(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ReadOutcome>>;
}

export function failRead(reason: FailureReason, detail?: string, cause?: Error): ReadOutcome {
  return {
    failure: { reason, ...(detail === undefined ? {} : { detail }), ...(cause === undefined ? {} : { cause }) },
  };
}

/** The text of stored bytes; a lenient decoder would turn a binary key into replacement characters unseen. */
export function decodeText(bytes: Uint8Array): ReadOutcome {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return failRead('not-text');
  }
}

/** The parts of a list, each at most `size` long. */
export function splitChunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
