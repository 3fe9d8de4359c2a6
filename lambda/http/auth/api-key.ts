/** Sends with an API key in a header, to a server that refuses a key with 403 where others answer 401. */
import type { SecretRef } from '../../secrets/secret-ref.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import { sendWithHeaders } from './custom-headers.ts';
import { HttpStatusError } from '../errors/errors.ts';
import { CredentialRefusedError } from '../errors/credential-refused.ts';

/** The key may have been rotated, so that it is read once more. */
class KeyRefusedError extends CredentialRefusedError {
  override readonly name = 'KeyRefusedError';
  override readonly cause: HttpStatusError;

  constructor(cause: HttpStatusError) {
    super('the key was refused', { cause });
    this.cause = cause;
  }
}

export interface ApiKey {
  /** In lower case. */
  readonly header: string;
  readonly key: SecretRef;
}

/** @throws what `use` throws; a key that is refused twice as the `HttpStatusError` that it was. */
export async function sendWithApiKey<Result>(
  { header, key }: ApiKey,
  secrets: Secrets,
  signal: AbortSignal,
  use: (headers: Readonly<Record<string, string>>) => Promise<Result>,
): Promise<Result> {
  try {
    return await sendWithHeaders({ [header]: key }, secrets, signal, async (headers) => {
      try {
        return await use(headers);
      } catch (error) {
        throw error instanceof HttpStatusError && error.status === 403 ? new KeyRefusedError(error) : error;
      }
    });
  } catch (error) {
    throw error instanceof KeyRefusedError ? error.cause : error;
  }
}
