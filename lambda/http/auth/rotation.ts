/** Uses a secret once more with a fresh value when a server has refused it. */
import { isCredentialRefused } from '../errors/credential-refused.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import { SecretUnavailableError, type Secrets } from '../../secrets/secrets.ts';

/** Uses a secret and, when the server refuses it, once more with a freshly read one: rotation needs no redeploy. */
export async function useWithRotation<Result>(
  secrets: Secrets,
  ref: SecretRef,
  signal: AbortSignal,
  use: (secret: Secret) => Promise<Result>,
): Promise<Result> {
  const cached = await secrets.read(ref, signal);
  try {
    return await use(cached);
  } catch (error) {
    if (!isCredentialRefused(error)) throw error;
    const fresh = await rereadOrNothing(secrets, ref, signal);
    if (fresh === undefined || fresh.reveal() === cached.reveal()) throw error;
    return use(fresh);
  }
}

/** Where the secret cannot be read anew, the refusal of the server is reported: that is what a person can act on. */
async function rereadOrNothing(secrets: Secrets, ref: SecretRef, signal: AbortSignal): Promise<Secret | undefined> {
  try {
    return await secrets.reread(ref, signal);
  } catch (error) {
    if (error instanceof SecretUnavailableError) return undefined;
    throw error;
  }
}
