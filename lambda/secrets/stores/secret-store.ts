/** What every store of secrets offers, and why it may give no value. */

/** Why a store gave no value. `unavailable` (throttled, server error, no connection) and `aborted` pass by themselves. */
export type ProblemReason =
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

export interface ReadProblem {
  readonly reason: ProblemReason;
  /** What the store answered, as a text without any value: an error name, a status, a key name. */
  readonly detail?: string;
  /** A copy of the original error without anything that could hold a value. */
  readonly cause?: Error;
}

export type ReadOutcome = { readonly text: string } | { readonly problem: ReadProblem };

/** One place in which secrets lie: Secrets Manager, Parameter Store, the environment, the file system. */
export interface SecretStore {
  /** An outcome for each id, whatever happens to the others, in as few calls as the store allows; never rejects. */
  read(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ReadOutcome>>;
}

export function failRead(reason: ProblemReason, detail?: string, cause?: Error): ReadOutcome {
  return {
    problem: { reason, ...(detail === undefined ? {} : { detail }), ...(cause === undefined ? {} : { cause }) },
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
