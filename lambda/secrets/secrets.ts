/** What sources and sinks see of the secrets, and the error when one cannot be read. */
import type { Secret } from './secret.ts';
import type { SecretRef } from './secret-ref.ts';
import type { ProblemReason } from './stores/secret-store.ts';

/** A secret cannot be read; the message names the reference, the reason and the remedy, never a value. */
export class SecretUnavailableError extends Error {
  override readonly name = 'SecretUnavailableError';
  /** `unavailable` and `aborted` pass by themselves; everything else needs a person. */
  readonly reason: ProblemReason;

  constructor(message: string, options?: ErrorOptions & { readonly reason?: ProblemReason }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.reason = options?.reason ?? 'unavailable';
  }
}

/** What plugins see of the secret stores: cached values by reference. */
export interface Secrets {
  /** @throws SecretUnavailableError */
  read(ref: SecretRef, signal: AbortSignal): Promise<Secret>;
  /**
   * Reads past the cache, at most once a run for each reference, for a value that was refused (rotation).
   * Resolves with undefined when this run has already done so and found nothing new; a source that is refused later
   * than another one with the same token gets the new value without another call.
   * @throws SecretUnavailableError
   */
  reread(ref: SecretRef, signal: AbortSignal): Promise<Secret | undefined>;
}
