/** Uses a credential once more with a fresh value when a server has refused it. */
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
  return await useOrReplace(cached, use, async () => {
    const fresh = await secrets.reread(ref, signal);
    return fresh?.reveal() === cached.reveal() ? undefined : fresh;
  });
}

/**
 * Uses a credential and, when the server refuses it, once more with another one.
 * @param replace Resolves with undefined where there is no other one.
 */
export async function useOrReplace<Credential, Result>(
  credential: Credential,
  use: (credential: Credential) => Promise<Result>,
  replace: () => Promise<Credential | undefined>,
): Promise<Result> {
  try {
    return await use(credential);
  } catch (error) {
    if (!isCredentialRefused(error)) throw error;
    const other = await replaceOrNothing(replace);
    if (other === undefined) throw error;
    return await use(other);
  }
}

/** Where a secret cannot be read anew, the refusal of the server is reported: that is what a person can act on. */
async function replaceOrNothing<Credential>(
  replace: () => Promise<Credential | undefined>,
): Promise<Credential | undefined> {
  try {
    return await replace();
  } catch (error) {
    if (error instanceof SecretUnavailableError) return undefined;
    throw error;
  }
}
