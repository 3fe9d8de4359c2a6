/** What every store of state has to do: load a document, and save it only when no other run has saved it. */

/** A saved document. `version` is 1 for the first and rises by one with each save. */
export interface StoredDocument {
  readonly version: number;
  readonly body: string;
}

/**
 * Where state lives. Every method rejects with a `StateStoreError` that names place, reason and remedy when the store
 * cannot be reached or refuses.
 */
export interface StateStore {
  load(id: string, signal: AbortSignal): Promise<StoredDocument | undefined>;
  /**
   * Saves when the stored version is still `before` (0: there is no document yet); otherwise nothing is changed.
   * An answer that was lost may have saved: the next load tells.
   */
  save(id: string, document: { readonly body: string; readonly before: number }, signal: AbortSignal): Promise<Saved>;
}

export type Saved = 'saved' | 'overtaken';

/** The store cannot be used; `message` names the place, the reason and the remedy. */
export class StateStoreError extends Error {
  override readonly name = 'StateStoreError';
  readonly kind: 'auth' | 'unavailable' | 'timeout' | 'configuration' | 'rate-limited' | 'bad-response';

  constructor(kind: StateStoreError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
