/** Says whether a server refused the credential, so that the secret is read again. */
import { HttpConnectionError, HttpStatusError, UnusableSecretError } from './errors.ts';
import { isClientCertificateRefused } from './connection-reasons.ts';

/**
 * Whether a server refused who asks, in whatever way it says so, or it was not even asked because the secret cannot be
 * used: one that was rotated meanwhile is then read again.
 * A right that is missing (403) is no such refusal, for another value of the same secret seldom has another right.
 */
export function isCredentialRefused(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status === 401;
  if (error instanceof HttpConnectionError) return isClientCertificateRefused(error.code);
  return error instanceof CredentialRefusedError || error instanceof UnusableSecretError;
}

/** A refusal of the credential without a status of its own, such as an answer that names no organization. */
export class CredentialRefusedError extends Error {
  override readonly name: string = 'CredentialRefusedError';
}
